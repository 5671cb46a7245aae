using System.Buffers;
using System.Collections.Immutable;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Memory;

/// <summary>
/// One published state of the memory engine. What has expired by its log time is not in it, so what is in it is
/// visible. Immutable. Threading: any thread.
/// </summary>
/// <param name="Entries">The entries, by key.</param>
/// <param name="Version">Newest version that it includes.</param>
/// <param name="LogTimeMillis">Log time, unix milliseconds.</param>
/// <param name="LiveBytes">Bytes of keys and values.</param>
internal sealed record MemoryRoot(
    ImmutableSortedSet<MemoryEntry> Entries, KvsVersion Version, long LogTimeMillis, long LiveBytes)
{
    /// <summary>Reads a key; as <see cref="IKvEngine.TryGet"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Where the value is copied to; null when it is not wanted.</param>
    /// <param name="info">Version, expiry and length.</param>
    /// <returns>False when the key is missing.</returns>
    internal bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info) =>
        Get(key, value, new ReadBounds(int.MaxValue, MayWait: true), out info) == PointRead.Found;

    /// <summary>Reads a key; as <see cref="IKvEngine.Get"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">Where the value is copied to; null when it is not wanted.</param>
    /// <param name="bounds">What the read may do.</param>
    /// <param name="info">Version, expiry and length.</param>
    /// <returns>What came of it.</returns>
    internal PointRead Get(
        ReadOnlySpan<byte> key, IBufferWriter<byte>? value, in ReadBounds bounds, out EntryInfo info)
    {
        if (!Entries.TryGetValue(MemoryEntry.Probe(key), out var entry))
        {
            info = default;
            return PointRead.Missing;
        }

        info = entry.Info;
        if (value is not null && info.ValueLength > bounds.ValueBytesMax)
        {
            return PointRead.TooLong;
        }

        value?.Write(entry.Value);
        info = value is null && !bounds.WithContentType ? info : info with { ContentType = entry.ContentType };
        return PointRead.Found;
    }

    /// <summary>Where a range begins and ends among the entries.</summary>
    /// <param name="range">The range.</param>
    /// <returns>Index of its first entry, and of the first entry beyond it; never less than the first.</returns>
    internal (int Start, int End) Find(in KeyRange range)
    {
        var start = LowerBound(range.From.Span);
        var end = range.To is { } to ? LowerBound(to.Span) : Entries.Count;
        return (start, Math.Max(start, end));
    }

    private int LowerBound(ReadOnlySpan<byte> key)
    {
        var index = Entries.IndexOf(MemoryEntry.Probe(key));
        return index >= 0 ? index : ~index;
    }
}

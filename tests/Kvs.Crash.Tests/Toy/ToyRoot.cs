using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Crash.Tests.Harness;

namespace Kvs.Crash.Tests.Toy;

/// <summary>A published state of the toy engine. Never changed, unless the engine makes that very mistake.</summary>
internal sealed class ToyRoot
{
    internal required ImmutableSortedDictionary<string, ModelEntry> Entries { get; set; }

    internal required long LogTimeMillis { get; set; }

    internal required ulong Sequence { get; set; }

    internal required ulong Epoch { get; init; }
}

/// <summary>A snapshot of the toy engine: a published state.</summary>
/// <param name="root">The state.</param>
internal sealed class ToySnapshot(ToyRoot root) : IEngineSnapshot
{
    /// <inheritdoc/>
    public KvsVersion Version { get; } = new(root.Epoch, root.Sequence);

    /// <inheritdoc/>
    public long LogTimeMillis { get; } = root.LogTimeMillis;

    /// <inheritdoc/>
    public bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info)
    {
        var found = root.Entries.TryGetValue(Encoding.Latin1.GetString(key), out var entry);
        if (!found || !entry.IsVisibleAt(LogTimeMillis))
        {
            info = default;
            return false;
        }

        info = InfoOf(entry);
        value?.Write(Encoding.Latin1.GetBytes(entry.Value));
        return true;
    }

    /// <inheritdoc/>
    public long Count(in KeyRange range) => Visible(range).LongCount();

    /// <inheritdoc/>
    public IEntryCursor Scan(in KeyRange range, bool reverse) =>
        new Cursor(reverse ? [.. Visible(range).Reverse()] : [.. Visible(range)]);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private static EntryInfo InfoOf(ModelEntry entry) =>
        new(entry.Version, entry.ExpiresAtMillis, entry.Value.Length);

    private IEnumerable<KeyValuePair<string, ModelEntry>> Visible(KeyRange range)
    {
        var from = Encoding.Latin1.GetString(range.From.Span);
        var to = range.To is { } end ? Encoding.Latin1.GetString(end.Span) : null;
        return root.Entries.Where(pair => pair.Value.IsVisibleAt(LogTimeMillis)
            && string.CompareOrdinal(pair.Key, from) >= 0
            && (to is null || string.CompareOrdinal(pair.Key, to) < 0));
    }

    private sealed class Cursor(List<KeyValuePair<string, ModelEntry>> entries) : IEntryCursor
    {
        private int _at = -1;

        public ReadOnlySpan<byte> Key => Encoding.Latin1.GetBytes(entries[_at].Key);

        public EntryInfo Info => InfoOf(entries[_at].Value);

        public bool MoveNext() => ++_at < entries.Count;

        public string? CopyValue(IBufferWriter<byte> value)
        {
            value.Write(Encoding.Latin1.GetBytes(entries[_at].Value.Value));
            return null;
        }

        public void Dispose()
        {
        }
    }
}

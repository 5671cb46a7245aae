using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Kvs.Core.Engines;
using Kvs.Core.Primitives;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// The state of a store as an immutable map, on which batches are applied by the rules that all engines share. What the
/// rules mean is proven by the contract tests; here only which batches are there matters.
/// </summary>
/// <param name="entries">The state at the begin.</param>
internal sealed class ModelBatchState(ImmutableSortedDictionary<string, ModelEntry> entries) : IBatchState
{
    private ImmutableSortedDictionary<string, ModelEntry> _beforeBatch = entries;
    private KvsVersion _version;

    /// <summary>An empty state.</summary>
    internal static ImmutableSortedDictionary<string, ModelEntry> Empty { get; } =
        ImmutableSortedDictionary.Create<string, ModelEntry>(StringComparer.Ordinal);

    /// <summary>The state now.</summary>
    internal ImmutableSortedDictionary<string, ModelEntry> Entries { get; private set; } = entries;

    /// <inheritdoc/>
    public long LogTimeMillis { get; private set; }

    /// <inheritdoc/>
    public bool IsTooLarge => false;

    /// <inheritdoc/>
    public int ValueBytesMax => Limits.ValueBytesMax;

    /// <summary>Begins a batch: what came before cannot be rolled back any more.</summary>
    /// <param name="logTimeMillis">Its log time.</param>
    /// <param name="version">The version of what it writes.</param>
    internal void BeginBatch(long logTimeMillis, KvsVersion version)
    {
        _beforeBatch = Entries;
        _version = version;
        LogTimeMillis = logTimeMillis;
    }

    /// <inheritdoc/>
    public bool TryFind(ReadOnlySpan<byte> key, out EntryInfo info)
    {
        if (!Entries.TryGetValue(Encoding.Latin1.GetString(key), out var entry) || !entry.IsVisibleAt(LogTimeMillis))
        {
            info = default;
            return false;
        }

        info = new EntryInfo(entry.Version, entry.ExpiresAtMillis, entry.Value.Length);
        return true;
    }

    /// <inheritdoc/>
    public string? CopyValue(ReadOnlySpan<byte> key, IBufferWriter<byte> target)
    {
        target.Write(Encoding.Latin1.GetBytes(Entries[Encoding.Latin1.GetString(key)].Value));
        return null;
    }

    /// <inheritdoc/>
    public void Set(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long expiresAtMillis, string? contentType) =>
        Entries = Entries.SetItem(
            Encoding.Latin1.GetString(key),
            new ModelEntry(Encoding.Latin1.GetString(value), expiresAtMillis, _version));

    /// <inheritdoc/>
    public void SetExpiry(ReadOnlySpan<byte> key, long expiresAtMillis)
    {
        var text = Encoding.Latin1.GetString(key);
        Entries = Entries.SetItem(text, Entries[text] with { ExpiresAtMillis = expiresAtMillis, Version = _version });
    }

    /// <inheritdoc/>
    public void Remove(ReadOnlySpan<byte> key) => Entries = Entries.Remove(Encoding.Latin1.GetString(key));

    /// <inheritdoc/>
    public void RollBack() => Entries = _beforeBatch;
}

using System.Buffers;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Memory;

/// <summary>A snapshot of the memory engine: a root, and its line in the ledger of those that are held.</summary>
/// <param name="root">The state.</param>
/// <param name="held">The line. Ownership: disposed with the snapshot.</param>
internal sealed class MemorySnapshot(MemoryRoot root, IDisposable held) : IEngineSnapshot
{
    /// <inheritdoc/>
    public KvsVersion Version => root.Version;

    /// <inheritdoc/>
    public long LogTimeMillis => root.LogTimeMillis;

    /// <inheritdoc/>
    public bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info) =>
        root.TryGet(key, value, out info);

    /// <inheritdoc/>
    public long Count(in KeyRange range)
    {
        var (start, end) = root.Find(range);
        return end - start;
    }

    /// <inheritdoc/>
    public IEntryCursor Scan(in KeyRange range, bool reverse) => new MemoryCursor(root, range, reverse);

    /// <inheritdoc/>
    public void Dispose() => held.Dispose();
}

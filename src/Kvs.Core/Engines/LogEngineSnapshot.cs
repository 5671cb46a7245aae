using System.Buffers;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines;

/// <summary>
/// One published state of a <see cref="LogEngine"/>, held by a lease: it keeps its index pages and the files that they
/// point into. Threading: any thread, one at a time. Ownership: the caller's, who disposes it, before the engine: later
/// reads are refused then, and one that is under way while the engine closes keeps its files until it ends.
/// </summary>
internal sealed class LogEngineSnapshot : IEngineSnapshot
{
    private readonly IndexLease _lease;
    private readonly SegmentSet _segments;
    private readonly SnapshotRegistry _registry;
    private readonly EpochTable _epochs;
    private int _isDisposed;

    internal LogEngineSnapshot(IndexLease lease, SegmentSet segments, SnapshotRegistry registry, long takenAt)
    {
        _lease = lease;
        _segments = segments;
        _registry = registry;
        _epochs = (EpochTable)lease.Root.State!;
        TakenAt = takenAt;
        registry.Add(this);
    }

    /// <inheritdoc/>
    public KvsVersion Version => _epochs.VersionOf(_lease.Root.Sequence);

    /// <inheritdoc/>
    public long LogTimeMillis => _lease.Root.LogTimeMillis;

    /// <summary>Timestamp at which it was taken.</summary>
    internal long TakenAt { get; }

    /// <summary>Whether its age was told; guarded by the registry.</summary>
    internal bool IsWarnedOf { get; set; }

    /// <inheritdoc/>
    public bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info)
    {
        _registry.ThrowIfClosed();
        if (!_lease.TryFind(key, out var entry) || !entry.IsVisibleAt(LogTimeMillis))
        {
            info = default;
            return false;
        }

        info = _epochs.InfoOf(entry);
        if (value is not null)
        {
            info = info with { ContentType = _segments.ReadValue(entry.Location, key, value) };
        }

        return true;
    }

    /// <inheritdoc/>
    public long Count(in KeyRange range)
    {
        _registry.ThrowIfClosed();
        return _lease.Count(range);
    }

    /// <inheritdoc/>
    public byte[]? KeyAt(long position)
    {
        _registry.ThrowIfClosed();
        return _lease.TryFindAt(position, out var key, out _) ? key : null;
    }

    /// <inheritdoc/>
    public IEntryCursor Scan(in KeyRange range, bool reverse) =>
        new Cursor(this, _lease.Cursor(range, reverse));

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _registry.Remove(this);
            _lease.Dispose();
        }
    }

    private void ThrowIfUnreadable()
    {
        _registry.ThrowIfClosed();
        _lease.ThrowIfDisposed();
    }

    /// <summary>A walk over the snapshot. Ownership: nothing of its own; the lease is the snapshot's.</summary>
    private sealed class Cursor(LogEngineSnapshot snapshot, IndexCursor cursor) : IEntryCursor
    {
        public ReadOnlySpan<byte> Key => cursor.Key;

        public EntryInfo Info => snapshot._epochs.InfoOf(cursor.Entry);

        public bool MoveNext()
        {
            snapshot.ThrowIfUnreadable();
            return cursor.MoveNext();
        }

        public string? CopyValue(IBufferWriter<byte> value)
        {
            snapshot.ThrowIfUnreadable();
            return snapshot._segments.ReadValue(cursor.Entry.Location, cursor.Key, value);
        }

        public void Dispose()
        {
        }
    }
}

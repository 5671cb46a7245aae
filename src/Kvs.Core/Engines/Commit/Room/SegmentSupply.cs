using Kvs.Core.Engines.Commit.Loops;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Commit.Room;

/// <summary>
/// Where the commit thread gets its next segments and leaves the full ones; the prepare thread works at the other end,
/// so that the commit thread never waits for a file to be made or the manifest to be written.
/// Threading: guarded by its gate, shortly; who calls what is said at each member.
/// </summary>
/// <param name="spares">The segments that are ready.</param>
/// <param name="commit">Woken when what it waits for is there, or will not come.</param>
/// <param name="prepare">Woken when there is something to do.</param>
internal sealed class SegmentSupply(SpareSegments spares, LoopHandle commit, LoopHandle prepare)
{
    private const string FullText =
        "The disk is full: writes are refused, reads and removals go on. Free space; writes resume by themselves.";

    private readonly Lock _gate = new();
    private readonly Queue<FullSegment> _full = new(); // guarded by _gate; in log order
    private int _fullCount; // published: Volatile; written under _gate
    private bool _mayUseReserve; // guarded by _gate: whether what waits for a segment may use the disk reserve
    private bool _isSpent; // guarded by _gate: whether the last attempt, reserve and all, has come to nothing
    private string? _failure; // published: Volatile

    /// <summary>Why writes are refused, or null. Any thread.</summary>
    internal string? Reason => Volatile.Read(ref _failure) ?? (spares.IsDiskFull ? FullText : null);

    /// <summary>Whether writes that need room are refused. Any thread.</summary>
    internal bool IsFull => spares.IsDiskFull;

    /// <summary>Takes a ready segment. Commit thread.</summary>
    /// <param name="groupBytes">Bytes that must fit behind its header.</param>
    /// <param name="mayUseReserve">Whether it may be made of the disk reserve.</param>
    /// <param name="segment">The segment, listed in the durable manifest.</param>
    /// <returns>Reserved; next group, while it is being made (the commit loop is woken then); or no room.</returns>
    internal RoomResult TryTake(long groupBytes, bool mayUseReserve, out Segment segment)
    {
        if (spares.TryTake(groupBytes, out segment))
        {
            prepare.Wake();
            return RoomResult.Reserved;
        }

        lock (_gate)
        {
            if (_isSpent || (spares.IsDiskFull && !mayUseReserve))
            {
                return RoomResult.NoRoom;
            }

            _mayUseReserve = mayUseReserve;
        }

        prepare.Wake();
        return RoomResult.NextGroup;
    }

    /// <summary>Refuses a write for which there is no room. Commit thread.</summary>
    /// <param name="request">The request.</param>
    internal void Refuse(WriteRequest request)
    {
        var failure = Volatile.Read(ref _failure);
        request.Fail(
            failure is null ? ErrorCode.DiskFull : ErrorCode.StorageFailed,
            WriteOutcome.NotApplied,
            failure ?? FullText);
    }

    /// <summary>Whether full segments wait to be sealed. Any thread.</summary>
    internal bool HasFull => Volatile.Read(ref _fullCount) > 0;

    /// <summary>
    /// Leaves a segment that is not written any more, and is synced; it is sealed when all in it is published. Commit
    /// thread.
    /// </summary>
    /// <param name="segment">The segment.</param>
    internal void Seal(in FullSegment segment)
    {
        lock (_gate)
        {
            _full.Enqueue(segment);
            Volatile.Write(ref _fullCount, _full.Count);
        }

        prepare.Wake();
    }

    /// <summary>The log was truncated: what lay behind is not to be sealed any more. Commit thread.</summary>
    /// <param name="last">Its last sequence now.</param>
    /// <param name="cut">The segment that ends there, which is not written any more; null when there is none.</param>
    internal void CutTo(ulong last, FullSegment? cut)
    {
        lock (_gate)
        {
            var isThere = false;
            for (var left = _full.Count; left > 0; left--)
            {
                var full = _full.Dequeue();
                if (full.Last.Sequence <= last)
                {
                    isThere |= full.Segment == cut?.Segment;
                    _full.Enqueue(full);
                }
            }

            if (cut is { } ended && !isThere && spares.IsListedOpen(ended.Segment.Id))
            {
                _full.Enqueue(ended);
            }

            Volatile.Write(ref _fullCount, _full.Count);
        }

        prepare.Wake();
    }

    /// <summary>Leaves a segment without a group, which is not written any more. Commit thread.</summary>
    /// <param name="segment">The segment.</param>
    internal void Discard(Segment segment)
    {
        spares.Discard(segment);
        prepare.Wake();
    }

    /// <summary>The full segments that may be sealed, in log order. Prepare thread.</summary>
    /// <param name="published">Newest published sequence; what lies behind it may yet vanish.</param>
    internal List<FullSegment> FullThrough(ulong published)
    {
        lock (_gate)
        {
            return [.. _full.TakeWhile(full => full.Last.Sequence <= published)];
        }
    }

    /// <summary>The oldest full segments are sealed. Prepare thread.</summary>
    /// <param name="count">How many.</param>
    internal void Sealed(int count)
    {
        lock (_gate)
        {
            for (; count > 0; count--)
            {
                _full.Dequeue();
            }

            Volatile.Write(ref _fullCount, _full.Count);
        }
    }

    /// <summary>One attempt to have a segment ready, and the reserve whole. Prepare thread.</summary>
    /// <returns>Whether writes are taken afterwards.</returns>
    internal bool Prepare()
    {
        bool mayUseReserve;
        lock (_gate)
        {
            mayUseReserve = _mayUseReserve;
            _mayUseReserve = false;
        }

        var made = TryPrepare(mayUseReserve);
        lock (_gate)
        {
            // A wish for the reserve that came while this attempt ran without it is still to be granted.
            _isSpent = !made && (_failure is not null || (spares.IsDiskFull && mayUseReserve));
        }

        commit.Wake();
        return Reason is null;
    }

    private bool TryPrepare(bool mayUseReserve)
    {
        try
        {
            var made = spares.Prepare(mayUseReserve);
            Volatile.Write(ref _failure, null);
            return made;
        }
        catch (KvsStorageException e) when (e.Code is ErrorCode.StorageFailed or ErrorCode.DiskFull)
        {
            // Nothing of the log is in doubt: only the next segment is missing. The next attempt may succeed.
            Volatile.Write(ref _failure, e.Message);
            return false;
        }
    }
}

/// <summary>A segment that will not be written any more.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="End">Bytes that count.</param>
/// <param name="FirstSequence">First sequence in it.</param>
/// <param name="Last">Newest version in it.</param>
/// <param name="LogTimeMillis">Log time of its newest group, or later.</param>
/// <param name="Epochs">The epochs up to there, at least.</param>
internal readonly record struct FullSegment(
    Segment Segment, long End, ulong FirstSequence, KvsVersion Last, long LogTimeMillis, EpochTable Epochs)
{
    /// <summary>Whether a batch in it may say who asked for it.</summary>
    internal bool MayHaveOrigins { get; init; } = true;
}

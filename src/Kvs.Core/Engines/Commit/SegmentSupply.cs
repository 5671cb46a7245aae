using Kvs.Core.Primitives;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Commit;

/// <summary>
/// Where the commit thread gets its next segments and leaves the full ones; the prepare thread works at the other end,
/// so that the commit thread never waits for a file to be made or the manifest to be written.
/// Threading: guarded by its gate, shortly; who calls what is said at each member.
/// </summary>
/// <param name="commit">Woken when what it waits for is there, or will not come.</param>
/// <param name="prepare">Woken when there is something to do.</param>
internal sealed class SegmentSupply(LoopHandle commit, LoopHandle prepare)
{
    private readonly Lock _gate = new();
    private readonly Queue<Segment> _ready = new(); // guarded by _gate; ids ascending
    private readonly Queue<FullSegment> _full = new(); // guarded by _gate; in log order
    private SegmentDemand _demand; // guarded by _gate: what the commit thread waits for
    private bool _reserveIsSpent; // guarded by _gate
    private string? _fullReason; // published: Volatile

    /// <summary>Why no segment can be made, or null. Any thread.</summary>
    internal string? FullReason => Volatile.Read(ref _fullReason);

    /// <summary>Takes a ready segment. Commit thread.</summary>
    /// <param name="groupBytes">Bytes that must fit behind its header.</param>
    /// <param name="mayUseReserve">Whether it may be made of the disk reserve.</param>
    /// <param name="segment">The segment, listed in the durable manifest.</param>
    /// <returns>Reserved; next group, while it is being made (the commit loop is woken then); or disk full.</returns>
    internal RoomResult TryTake(long groupBytes, bool mayUseReserve, out Segment? segment)
    {
        lock (_gate)
        {
            // One that is too small for a huge batch is passed over, never to be written: segments are used in order.
            while (_ready.TryPeek(out segment) && segment.Length - SegmentHeader.Bytes < groupBytes)
            {
                _full.Enqueue(new FullSegment(_ready.Dequeue(), SegmentHeader.Bytes, 0, default));
            }

            if (_ready.TryDequeue(out segment))
            {
                _demand = default;
                prepare.Wake();
                return RoomResult.Reserved;
            }

            if (_fullReason is not null && (!mayUseReserve || _reserveIsSpent))
            {
                return RoomResult.DiskFull;
            }

            _demand = new SegmentDemand(groupBytes, mayUseReserve);
            prepare.Wake();
            return RoomResult.NextGroup;
        }
    }

    /// <summary>Leaves a segment that is not written any more, and is synced. Commit thread.</summary>
    /// <param name="segment">The segment.</param>
    internal void Seal(in FullSegment segment)
    {
        lock (_gate)
        {
            _full.Enqueue(segment);
        }

        prepare.Wake();
    }

    /// <summary>The oldest full segment that is not sealed yet. Prepare thread.</summary>
    internal bool TryPeekFull(out FullSegment segment)
    {
        lock (_gate)
        {
            return _full.TryPeek(out segment);
        }
    }

    /// <summary>The oldest full segment is sealed. Prepare thread.</summary>
    internal void Sealed()
    {
        lock (_gate)
        {
            _full.Dequeue();
        }
    }

    /// <summary>What should be made ready now: a segment is kept ahead of need. Prepare thread.</summary>
    /// <returns>False when a segment is ready.</returns>
    internal bool TryGetDemand(out SegmentDemand demand)
    {
        lock (_gate)
        {
            demand = _demand;
            return _ready.Count == 0;
        }
    }

    /// <summary>Hands a segment over. Prepare thread, and the opening.</summary>
    /// <param name="segment">Listed in the durable manifest, open, unwritten; its id is higher than all before.</param>
    internal void AddReady(Segment segment)
    {
        lock (_gate)
        {
            _ready.Enqueue(segment);
            _reserveIsSpent = false;
        }

        Volatile.Write(ref _fullReason, null);
        commit.Wake();
    }

    /// <summary>No segment can be made now. Prepare thread, which will try again.</summary>
    /// <param name="reason">Why, and what to do.</param>
    /// <param name="reserveIsSpent">Whether the disk reserve has not helped either.</param>
    internal void Fail(string reason, bool reserveIsSpent)
    {
        lock (_gate)
        {
            _reserveIsSpent = reserveIsSpent;
        }

        Volatile.Write(ref _fullReason, reason);
        commit.Wake();
    }
}

/// <summary>A segment that will not be written any more.</summary>
/// <param name="Segment">The segment.</param>
/// <param name="End">Bytes that count.</param>
/// <param name="FirstSequence">First sequence in it; 0 when nothing was ever written to it.</param>
/// <param name="Last">Newest version in it.</param>
/// <param name="LogTimeMillis">Log time of its newest group, or later.</param>
internal readonly record struct FullSegment(
    Segment Segment, long End, ulong FirstSequence, KvsVersion Last, long LogTimeMillis = 0);

/// <summary>A segment that the commit thread waits for.</summary>
/// <param name="GroupBytes">Bytes that must fit behind its header; 0 when it does not wait.</param>
/// <param name="MayUseReserve">Whether it may be made of the disk reserve.</param>
internal readonly record struct SegmentDemand(long GroupBytes, bool MayUseReserve);

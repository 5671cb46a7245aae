using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Engines.Commit.Queue;
using Kvs.Core.Engines.Commit.Room;
using Kvs.Core.Engines.Compaction;
using Kvs.Core.Engines.Members;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Commit.Loops;

/// <summary>
/// The first half of a commit: gathers what waits, applies it to the working state and appends it to the log. The only
/// writer of the index and of the log. Threading: <see cref="RunOnce"/> on the commit thread only; the rest any thread.
/// </summary>
internal sealed class CommitLoop
{
    /// <summary>
    /// With fewer the two threads would only take turns, with those that bring the work and read the answers in between.
    /// </summary>
    private const int OverlapProcessorsMin = 3;

    private readonly KeyIndex _index;
    private readonly LogWriter _log;
    private readonly CommitQueue _queue;
    private readonly GroupHandOff _handOff;
    private readonly FaultLatch _fault;
    private readonly GroupBuilder _frame;
    private readonly LogRoom _room;
    private readonly IndexRoom _memory;
    private readonly EntryMoves _moves;
    private readonly SyncLoop _sync;
    private readonly LoopHandle _self;
    private readonly LoopHandle _syncThread;
    private readonly GroupApplier _applier;
    private readonly IdleDuties _idle;
    private readonly MemberSteps? _member;
    private readonly int _pageBytes;
    private readonly bool _mayOverlap;
    private readonly TimeProvider _time;
    private readonly TimeSpan _queueTimeMax;
    private readonly CloseSequence _closing;
    private WorkItem? _item; // commit thread only: the item in hand; behind it those that were taken with it
    private int _request; // commit thread only: its first request that is not judged yet
    private CommitGroup? _group; // commit thread only: the group in hand, until it is offered
    private bool _isDropped; // commit thread only: after a fault, whether the unpublished state is gone

    internal CommitLoop(EngineParts parts, SyncLoop sync)
    {
        _index = parts.Index;
        _log = parts.Log;
        _queue = parts.Queue;
        _handOff = parts.HandOff;
        _fault = parts.Fault;
        _frame = parts.Frame;
        _room = parts.Room;
        _memory = parts.IndexRoom;
        _moves = parts.Moves;
        _closing = parts.Closing;
        _sync = sync;
        _self = parts.Threads.Commit;
        _syncThread = parts.Threads.Sync;
        _applier = new GroupApplier(parts);
        _member = parts.Member is null ? null : new MemberSteps(parts, sync, _applier);
        _idle = new IdleDuties(parts, sync, _applier, _member);
        _pageBytes = parts.Options.Index.PageBytes;
        _mayOverlap = parts.Environment.Processors >= OverlapProcessorsMin;
        _time = parts.Environment.Time;
        _queueTimeMax = parts.Options.QueueTimeMax;
    }

    /// <summary>Called after an item was queued: wakes the loop, or answers in its place when it has just ended.</summary>
    internal void Notify()
    {
        // The queue's swap and the exchange that sets the flag are full fences: either this sees the flag, or the
        // loop's last look into the queue sees the item.
        if (_closing.HasCommitEnded)
        {
            RefuseQueued();
        }
        else
        {
            _self.Wake();
        }
    }

    /// <summary>
    /// One commit group. The order that every promise rests on, for each group, is
    /// gather -> apply -> append -> sync -> publish -> acknowledge:
    /// nothing is shown that is not logged, nothing is acknowledged that is not as durable as promised.
    /// The last three are <see cref="SyncLoop.RunOnce"/> on the sync thread, so that the next group's first three
    /// overlap the sync of this one; with nothing to overlap they are done here (<see cref="SyncLoop.TryRunHere"/>).
    /// </summary>
    /// <returns>Time to the next step.</returns>
    internal TimeSpan RunOnce()
    {
        var wasFaulted = _fault.IsSet;
        try
        {
            return wasFaulted ? StepFaulted() : Step();
        }
#pragma warning disable CA1031 // Whatever goes wrong here, the store must end read-only and the waiting be answered.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _fault.Latch(e);
            return wasFaulted ? Timeout.InfiniteTimeSpan : TimeSpan.Zero;
        }
    }

    private TimeSpan Step()
    {
        _index.Reclaim();
        if (_closing.HasCommitEnded)
        {
            return Timeout.InfiniteTimeSpan;
        }

        _member?.Run(_closing.IsRequested);
        if (!_handOff.HasRoom(_index.UnpublishedPages * _pageBytes) || _member is { MakesGroups: false })
        {
            // With a group in the sync and one appended behind it, waiting work gathers; the sync loop wakes this one.
            return Timeout.InfiniteTimeSpan;
        }

        Gather();
        if (!HasItem && !_moves.HasAny && !_idle.IsTickDue() && _member is not { HasCommitted: true })
        {
            return _closing.HasCompactionEnded ? StepClosing() : _idle.Run();
        }

        var group = _group ??= _handOff.Rent();
        Apply(group);
        if (group.IsEmpty)
        {
            // Work that waits for a segment (its maker wakes this loop), or a tick without room; moves that wait for memory.
            return HasItem ? (_room.HasFrame ? TimeSpan.Zero : Timeout.InfiniteTimeSpan)
                : _moves.HasAny ? Limits.ExpiryTick
                : _idle.Run();
        }

        Append(group);
        Offer(group); // -> LogWriter.Sync -> KeyIndex.Publish -> WorkItem.Complete
        return TimeSpan.Zero;
    }

    /// <summary>Whether an item is in hand that may be judged now.</summary>
    private bool HasItem => _item is not null && _member is not { TakesWork: false };

    private void Gather()
    {
        if (_item is null && _member is not { TakesWork: false } && (_item = _queue.TakeAll()) is null)
        {
            _queue.LastWait = TimeSpan.Zero;
        }
    }

    private void Apply(CommitGroup group)
    {
        _applier.Begin(group);
        if (!_memory.IsSpent)
        {
            _moves.Apply(_index, group);
        }

        _member?.ApplyCommitted(group);
        if (_idle.IsTickDue())
        {
            _idle.Tick();
        }

        while (HasItem && _item is { } item && ApplyItem(item, group))
        {
            _item = item.Next;
            _request = 0;
        }

        _applier.End();
        _moves.Applied(group, _index.Published.Number);
    }

    /// <summary>Applies the rest of an item, as far as the group takes it.</summary>
    /// <returns>Whether the item is done.</returns>
    private bool ApplyItem(WorkItem item, CommitGroup group)
    {
        var from = _request;
        var step = ApplyStep.Judged;
        if (_request == 0)
        {
            RefuseIfLate(item);
        }

        try
        {
            while (_request < item.Requests.Count
                && (step = _applier.Apply(item.Requests[_request], item.ResultBytes)) == ApplyStep.Judged)
            {
                _request++;
            }
        }
        finally
        {
            var isLast = _request == item.Requests.Count || step == ApplyStep.CutsItem;
            if (_request > from || isLast)
            {
                group.Parts.Add(new GroupPart(item, from, _request, isLast));
            }
        }

        if (step == ApplyStep.CutsItem)
        {
            item.CutAt(_request);
        }

        return step == ApplyStep.CutsItem || _request == item.Requests.Count;
    }

    /// <summary>Under more work than the disk can do, what has waited for long makes room for what has not.</summary>
    private void RefuseIfLate(WorkItem item)
    {
        if (item.SubmittedAt == 0)
        {
            return;
        }

        var waited = _time.GetElapsedTime(item.WaitsSince == 0 ? item.SubmittedAt : item.WaitsSince);
        _queue.LastWait = waited;
        if (waited > _queueTimeMax)
        {
            WorkItems.Refuse(item, ErrorCode.Overloaded, WorkItems.TooMuchText);
        }
    }

    private void Append(CommitGroup group)
    {
        if (group.HasFrame && !_fault.IsSet)
        {
            group.FrameBytes = _frame.Finish().Length;
            Check.That(group.FrameBytes <= Limits.GroupBytesMax);
            group.MayBeOnDisk = true;
            _log.Append(_frame);
            _room.Appended(_frame.Start.LogTimeMillis);
            _member?.NoteAppended(group.FrameBytes);
        }
    }

    private void Offer(CommitGroup group)
    {
        // The group waits for a disk, and more work waits for this thread: that is what the other thread is for. Else the
        // wake would only take time.
        var overlaps = _mayOverlap && group.Durability == Durability.Always && (_item is not null || !_queue.IsEmpty);
        _group = null;
        _handOff.Offer(group);
        if (overlaps || !_sync.TryRunHere())
        {
            _syncThread.Wake();
        }
    }

    private TimeSpan StepFaulted()
    {
        if (_group is { } group)
        {
            Offer(group); // the sync loop refuses what is in it, as it does with all that was offered before
        }

        if (!_handOff.IsIdle || _closing.HasCommitEnded)
        {
            return Timeout.InfiniteTimeSpan;
        }

        if (!_isDropped)
        {
            // Nobody publishes any more: the sync loop has seen the fault and given all groups back.
            _index.DropUnpublished();
            _moves.Abandon();
            _applier.Reset(_index.Published);
            _member?.Fail(_fault.Reason!);
            _isDropped = true;
        }

        for (_item ??= _queue.TakeAll(); _item is { } item; _item ??= _queue.TakeAll())
        {
            _item = item.Next;
            AnswerFaulted(item);
        }

        return _closing.HasCompactionEnded ? End() : Timeout.InfiniteTimeSpan;
    }

    /// <summary>Reads go on, on the published state; writes are refused. The part that was judged before is refused already.</summary>
    private void AnswerFaulted(WorkItem item)
    {
        for (; _request < item.Judged; _request++)
        {
            if (_applier.AnswerFaulted(item.Requests[_request], item.ResultBytes) == ApplyStep.CutsItem)
            {
                item.CutAt(_request);
            }
        }

        _request = 0;
        _queue.Release(item.QueuedBytes);
        item.Complete();
    }

    private TimeSpan StepClosing()
    {
        if (_handOff.IsIdle && _log.Synced == _log.Appended)
        {
            return End();
        }

        _sync.AskSync();
        return Timeout.InfiniteTimeSpan;
    }

    private TimeSpan End()
    {
        _member?.End();
        _closing.CommitEnded();
        RefuseQueued();
        return Timeout.InfiniteTimeSpan;
    }

    private void RefuseQueued()
    {
        var item = _queue.TakeAll();
        while (item is not null)
        {
            var next = item.Next;
            _queue.Release(item.QueuedBytes);
            WorkItems.Refuse(item, ErrorCode.ShuttingDown, "The store is closing; the write was not applied.");
            item.Complete();
            item = next;
        }
    }
}

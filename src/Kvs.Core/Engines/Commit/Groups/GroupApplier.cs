using Kvs.Core.Engines.Commit.Requests;
using Kvs.Core.Engines.Commit.Room;
using Kvs.Core.Engines.Members;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Records;

namespace Kvs.Core.Engines.Commit.Groups;

/// <summary>What happens after a request.</summary>
internal enum ApplyStep
{
    /// <summary>It was judged: the next one.</summary>
    Judged,

    /// <summary>It must wait for the next group.</summary>
    NeedsNextGroup,

    /// <summary>The values that it gives back do not fit: its item ends before it.</summary>
    CutsItem,
}

/// <summary>
/// Fills one commit group: judges requests against the working state, gives sequences, moves log time and removes what
/// has expired. Begins the epoch where the opening had no room to. Threading: commit thread only.
/// </summary>
internal sealed class GroupApplier
{
    /// <summary>Most keys that expire in one group, so that a mass expiry does not hold up the writes behind it.</summary>
    private const int ExpiredMax = 1024;

    /// <summary>The clock leans and steps: look again at least once an hour.</summary>
    private const long WaitMillisMax = 3_600_000;

    private readonly KeyIndex _index;
    private readonly TimeProvider _time;
    private readonly LogClock _clock;
    private readonly LogRoom _room;
    private readonly IndexRoom _memory;
    private readonly GroupBuilder _frame;
    private readonly LogBatchState _state;
    private readonly LogEpochs _epochs;
    private readonly CommitGate _gate;
    private readonly MemberLog? _member;
    private readonly NumberedRequests _requests;
    private readonly FaultLatch _fault;
    private readonly Durability _durability;
    private CommitGroup _group = null!;
    private ulong _lastSequence;
    private long _lastTimeMillis;
    private bool _isEpochDue;
    private bool _timeMoved;
    private bool _followed;

    internal GroupApplier(EngineParts parts)
    {
        _fault = parts.Fault;
        _durability = parts.Options.Durability;
        _index = parts.Index;
        _time = parts.Environment.Time;
        _clock = parts.Clock;
        _room = parts.Room;
        _memory = parts.IndexRoom;
        _frame = parts.Frame;
        _epochs = parts.Epochs;
        _gate = parts.Gate;
        _member = parts.Member;
        _requests = parts.Requests;
        _state = new LogBatchState(parts.Index, parts.Segments, parts.Epochs, parts.Frame, parts.Options.ValueBytesMax);
        _lastSequence = parts.Index.Published.Sequence;
        _lastTimeMillis = parts.Index.Published.LogTimeMillis;
        _isEpochDue = parts.Member is null && parts.Log.Appended.Epoch < parts.Epochs.Table.Current;
    }

    /// <summary>Sequence of the last batch in the working state.</summary>
    internal ulong LastSequence => _lastSequence;

    /// <summary>Why no writes are taken: what a member that does not lead answers. Null else.</summary>
    internal Refusal? Refusal { get; set; }

    /// <summary>Whether more keys have expired than the last group could remove.</summary>
    internal bool HasBacklog { get; private set; }

    private bool IsFull => _group.Operations >= _memory.GroupOperationsMax
        || (_room.HasFrame && _frame.BytesMax >= Limits.CommitGroupBytesMax);

    /// <summary>Begins a group.</summary>
    /// <param name="group">Empty.</param>
    internal void Begin(CommitGroup group)
    {
        _group = group;
        _timeMoved = false;
        _followed = false;
        _room.BeginGroup();
        _requests.Published(_index.Published.Sequence);

        // Reads are judged at the time of the state that they read, until a write moves it: else a key could be gone
        // for a read of this group and there again for a later one of the published state.
        _state.BeginGroup(group, _lastTimeMillis);
    }

    /// <summary>Judges one request and applies it, or refuses it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="results">Gets the values that its results point into.</param>
    /// <returns>What happens next; unless it was judged, it is untouched.</returns>
    internal ApplyStep Apply(WriteRequest request, ResultBuffer results)
    {
        if (request.Code != ErrorCode.None || !RequestAdmission.IsInTime(request, _time.GetTimestamp()))
        {
            return ApplyStep.Judged;
        }

        if (IsFull)
        {
            return ApplyStep.NeedsNextGroup;
        }

        var demand = RequestDemand.Of(request, _state);
        if (demand.Writes && (Refusal ?? _member?.RefusalOf(request)) is { } refusal)
        {
            refusal.Apply(request, WriteOutcome.NotApplied);
            return ApplyStep.Judged;
        }

        var verdict = demand.Writes ? _requests.Judge(request, results) : RequestVerdict.Execute;
        if (verdict != RequestVerdict.Execute)
        {
            NotePromised(request);
            return verdict == RequestVerdict.CutsItem ? ApplyStep.CutsItem : ApplyStep.Judged;
        }

        if (demand.Writes && _memory.RefusalOf(request, in demand, _state) is { } full)
        {
            request.Fail(ErrorCode.Overloaded, WriteOutcome.NotApplied, full);
            return ApplyStep.Judged;
        }

        var room = demand.Writes ? TryMakeRoom(demand.Bytes, demand.MayUseReserve) : RoomResult.Reserved;
        if (room == RoomResult.NextGroup)
        {
            return ApplyStep.NeedsNextGroup;
        }

        if (room == RoomResult.NoRoom)
        {
            _room.Refuse(request);
            return ApplyStep.Judged;
        }

        NotePromised(request);
        return Judge(request, results);
    }

    /// <summary>Answers a request in a faulted store: reads on the published state; writes are refused.</summary>
    /// <param name="request">The request.</param>
    /// <param name="results">Gets the values that its results point into.</param>
    /// <returns>Judged, or that it cuts its item.</returns>
    internal ApplyStep AnswerFaulted(WriteRequest request, ResultBuffer results)
    {
        if (request.Code != ErrorCode.None)
        {
            return ApplyStep.Judged;
        }

        if (RequestDemand.Of(request, _state).Writes)
        {
            _fault.Refuse(request, WriteOutcome.NotApplied);
            return ApplyStep.Judged;
        }

        return Judge(request, results);
    }

    /// <summary>Time until a key expires by the log clock; zero when one has, infinite when none will.</summary>
    internal TimeSpan TimeToNextExpiry()
    {
        var earliest = _index.WorkingEarliestExpiryMillis;
        if (earliest == long.MaxValue)
        {
            return Timeout.InfiniteTimeSpan;
        }

        var left = earliest - _clock.NowMillis();
        return left <= 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Min(left, WaitMillisMax));
    }

    /// <summary>Moves log time, with removals, although nobody writes. Nothing happens where there is no room.</summary>
    internal void Tick()
    {
        if (TryMakeRoom(0, mayUseReserve: true) != RoomResult.Reserved)
        {
            HasBacklog = false; // the next tick tries again; at once would be a busy loop while the disk is full
        }
    }

    /// <summary>The group holds what a frame of the log says, which was written before.</summary>
    /// <param name="lastSequence">Last sequence of the frame.</param>
    /// <param name="logTimeMillis">Its log time.</param>
    internal void Followed(ulong lastSequence, long logTimeMillis)
    {
        Check.That(lastSequence > _lastSequence);
        _followed = true;
        _lastSequence = lastSequence;
        _lastTimeMillis = logTimeMillis;
        _state.MoveTime(logTimeMillis);
    }

    /// <summary>Ends the group: freezes the state that it made, if it changed anything.</summary>
    internal void End()
    {
        _group.HasFrame = _room.HasFrame && _frame.BatchCount > 0;
        _group.LastSequence = _lastSequence;
        if (_group.HasFrame)
        {
            Promise(_durability);
            _lastTimeMillis = _state.LogTimeMillis;
            _group.Batches = (int)_frame.BatchCount;
        }

        if (_group.HasFrame || _group.Moves > 0 || _followed)
        {
            _group.Root = _index.EndGroup(_lastSequence, _lastTimeMillis, _epochs.Table);
        }
    }

    /// <summary>Goes back to the published state, after a fault: what was never published is forgotten.</summary>
    /// <param name="published">The published state.</param>
    internal void Reset(IndexRoot published)
    {
        _lastSequence = published.Sequence;
        _lastTimeMillis = published.LogTimeMillis;
        _state.Reset(_lastTimeMillis);
        _requests.DropBehind(_lastSequence);
    }

    private RoomResult TryMakeRoom(long bytes, bool mayUseReserve)
    {
        var now = _timeMoved ? _state.LogTimeMillis : Math.Max(_lastTimeMillis, _clock.NowMillis());
        var expired = !_timeMoved && _index.TryNextExpired(now, out var key, out _)
            ? GroupBuilder.BatchBytesMax(1, key.Length)
            : 0;
        var begins = _isEpochDue ? GroupBuilder.BatchBytesMax(1, RecordCodec.EpochStartBytes) : 0;
        var start = new GroupStart(
            _epochs.Table.Current, _lastSequence + 1, now, Math.Min(_gate.Committed, _lastSequence));
        var room = _room.Reserve(begins + bytes + expired, mayUseReserve, start);
        if (room != RoomResult.Reserved)
        {
            return room;
        }

        _state.PlaceGroup(_room.SegmentId, _room.Offset);
        if (!_timeMoved)
        {
            _timeMoved = true;
            _state.MoveTime(now);
            BeginEpochIfDue();
            RemoveExpired(now, bytes);
        }

        return room;
    }

    private void BeginEpochIfDue()
    {
        if (_isEpochDue)
        {
            _isEpochDue = false;
            _frame.BeginBatch(++_lastSequence);
            _frame.AddEpochStart(EpochReason.Open);
            _frame.EndBatch();
        }
    }

    /// <summary>
    /// Removes keys whose expiry has passed, as a batch of its own. What is left over is invisible all the same, since
    /// the group moves log time, and goes with a later group.
    /// </summary>
    private void RemoveExpired(long now, long bytesKept)
    {
        HasBacklog = false;
        if (_memory.IsSpent || !_index.TryNextExpired(now, out var key, out _))
        {
            return; // without memory the next tick tries again
        }

        _state.BeginBatch(_lastSequence + 1, default);
        do
        {
            _state.Remove(key);
            _group.Expired++;
            HasBacklog = _index.TryNextExpired(now, out key, out _);
        }
        while (HasBacklog
            && _group.Expired < ExpiredMax
            && !IsFull
            && _room.Fits(bytesKept + GroupBuilder.BatchBytesMax(1, key.Length)));
        _frame.MarkExpiry(); // a watch tells it from a removal that somebody asked for
        _state.EndBatch();
        _lastSequence++;
    }

    private void NotePromised(WriteRequest request)
    {
        _group.Operations += request.Operations.Count;
        Promise(_durability);
        Promise(request.Durability);
    }

    private void Promise(Durability durability) =>
        _group.Durability = durability > _group.Durability ? durability : _group.Durability;

    private ApplyStep Judge(WriteRequest request, ResultBuffer results)
    {
        var origin = NumberedRequests.OriginOf(request);
        _state.BeginBatch(_lastSequence + 1, origin);
        try
        {
            var outcome = OperationApplier.Apply(_state, request, results);
            if (outcome == ApplyOutcome.Changed)
            {
                var result = _requests.ResultOf(request, results);
                _state.EndBatch(result);
                _lastSequence++;
                request.Version = new KvsVersion(_epochs.Table.Current, _lastSequence);
                _requests.Applied(origin, _lastSequence, result);
            }

            return outcome == ApplyOutcome.NoRoom ? ApplyStep.CutsItem : ApplyStep.Judged;
        }
        catch (KvsCorruptionException e)
        {
            // A damaged value hurts who asks for it (a previous value, an increment), not the store.
            _state.RollBack();
            request.Fail(ErrorCode.Corruption, WriteOutcome.NotApplied, e.Message);
            return ApplyStep.Judged;
        }
    }
}

using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Engines.Commit.Loops;
using Kvs.Core.Engines.Commit.Room;
using Kvs.Core.Engines.Compaction;
using Kvs.Core.Index;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Members;

/// <summary>
/// What the commit thread of a member does beside its groups: carries out the orders of replication one behind the other,
/// and changes between following and leading. While it follows, the index knows only what is committed: so a change of the
/// log's end never touches the index. Threading: commit thread only.
/// </summary>
internal sealed class MemberSteps
{
    private readonly MemberLog _member;
    private readonly ManifestStore _manifests;
    private readonly LogWriter _log;
    private readonly LogRoom _room;
    private readonly LogClock _clock;
    private readonly LogEpochs _epochs;
    private readonly KeyIndex _index;
    private readonly GroupBuilder _frame;
    private readonly GroupHandOff _handOff;
    private readonly EntryMoves _moves;
    private readonly CommitGate _gate;
    private readonly SyncLoop _sync;
    private readonly GroupApplier _applier;
    private readonly CommittedFrames _committed;
    private readonly LogTruncation _truncation;
    private Role _role;
    private int _appendedBytes; // of the frames in hand
    private bool _isClosing;
    private bool _isHeld;

    internal MemberSteps(EngineParts parts, SyncLoop sync, GroupApplier applier)
    {
        _member = parts.Member!;
        _manifests = parts.Manifests;
        _log = parts.Log;
        _room = parts.Room;
        _clock = parts.Clock;
        _epochs = parts.Epochs;
        _index = parts.Index;
        _frame = parts.Frame;
        _handOff = parts.HandOff;
        _moves = parts.Moves;
        _gate = parts.Gate;
        _sync = sync;
        _applier = applier;
        _committed = new CommittedFrames(parts, applier);
        _truncation = new LogTruncation(parts);
        applier.Refusal = Refusal.NotPrimary("it follows", primary: null);
    }

    private enum Role
    {
        /// <summary>Takes frames and applies them when they are committed.</summary>
        Following = 0,

        /// <summary>Has begun an epoch, and waits for its first frame to be committed.</summary>
        Starting = 1,

        /// <summary>Takes writes.</summary>
        Leading = 2,

        /// <summary>Gives up what is not committed, to follow.</summary>
        Retreating = 3,
    }

    /// <summary>Whether requests are judged now; else they wait.</summary>
    internal bool TakesWork => _role is Role.Following or Role.Leading && !_isHeld;

    /// <summary>Whether groups are made now.</summary>
    internal bool MakesGroups => _role != Role.Retreating;

    /// <summary>Whether log time is this node's to move.</summary>
    internal bool Leads => _role == Role.Leading && !_isHeld;

    /// <summary>Whether frames of the log wait to be applied.</summary>
    internal bool HasCommitted => _role is Role.Following or Role.Starting && _committed.HasAny;

    /// <summary>Carries out what was ordered.</summary>
    /// <param name="isClosing">Whether the store closes: what is not committed is answered, and orders come to nothing.</param>
    internal void Run(bool isClosing)
    {
        if (isClosing && !_isClosing)
        {
            _isClosing = true;
            BeginRetreat(new Refusal(ErrorCode.ShuttingDown, "The store is closing before the write was committed.", null));
        }

        while (MayRunOrder() && _member.TryPeek(out var order) && TryRun(order))
        {
            _member.Done();
        }
    }

    /// <summary>Applies committed frames of the log to the working state, as a part of a group.</summary>
    /// <param name="group">The group.</param>
    internal void ApplyCommitted(CommitGroup group)
    {
        if (_role is not (Role.Following or Role.Starting))
        {
            return;
        }

        _committed.Apply(group);
        if (_role == Role.Starting && _applier.LastSequence == _log.Appended.Sequence)
        {
            _committed.Close();
            _applier.Refusal = null;
            _role = Role.Leading;
        }
    }

    /// <summary>A group of this primary was appended.</summary>
    /// <param name="bytes">Bytes of its frame.</param>
    internal void NoteAppended(int bytes) => TellAppended(bytes);

    /// <summary>The commit loop has ended: nothing is read from the log any more.</summary>
    internal void End() => _committed.Close();

    /// <summary>The store has failed.</summary>
    /// <param name="reason">Why.</param>
    internal void Fail(string reason)
    {
        _committed.Close();
        _member.SetLeading(false);
        _member.Tell(new MemberEvent(MemberEventKind.Failed, _log.Appended, MemberOrder.None, reason));
    }

    private bool MayRunOrder()
    {
        if (_role == Role.Retreating && !TryEndRetreat())
        {
            return false;
        }

        return !_isClosing;
    }

    private bool TryRun(in MemberLog.Order order)
    {
        if (order.Kind == MemberOrder.Follow)
        {
            Follow(Refusal.NotPrimary(order.Text!, order.Address));
            return true;
        }

        if (order.Kind == MemberOrder.StoreRecord)
        {
            StoreRecord(new EpochPromise(order.Version.Epoch, order.Text!), order.Membership!, order.Incarnation);
            return true;
        }

        if (order.Kind == MemberOrder.Hold)
        {
            Hold(order.IsHeld);
            return true;
        }

        if (_role != Role.Following)
        {
            Refuse(order.Kind, "this node leads; it must follow first.");
            return true;
        }

        return order.Kind switch
        {
            MemberOrder.AppendFrames => TryAppend(order.Frames.Span),
            MemberOrder.Lead => TryLead(order.Version.Epoch, order.Reason),
            _ => TryTruncate(order.Version),
        };
    }

    private bool TryAppend(ReadOnlySpan<byte> frames)
    {
        _room.BeginGroup();
        while (_appendedBytes < frames.Length)
        {
            if (!GroupFrame.TryRead(frames[_appendedBytes..], out var frame) || !Continues(frame))
            {
                EndAppend();
                Refuse(MemberOrder.AppendFrames, "what comes next is no valid frame that continues this log.");
                return true;
            }

            if (!_room.TryReserve(frame.Bytes.Length))
            {
                return false;
            }

            _log.AppendFrame(frame);
            if (frame.Epoch != _epochs.Table.Current)
            {
                _epochs.Begin(frame.Epoch, frame.FirstSequence);
            }

            _room.Appended(frame.LogTimeMillis);
            _clock.Follow(frame.LogTimeMillis);
            _appendedBytes += frame.Bytes.Length;
            _sync.NoteFollowed();
        }

        EndAppend();
        return true;
    }

    private void EndAppend()
    {
        if (_appendedBytes > 0)
        {
            TellAppended(_appendedBytes);
            _appendedBytes = 0;
        }
    }

    private bool Continues(in GroupFrame frame)
    {
        var last = _log.Appended;
        return frame.FirstSequence == last.Sequence + 1
            && frame.LogTimeMillis >= _room.LogTimeMillis
            && (frame.Epoch > last.Epoch ? frame.BeginsEpoch : frame.Epoch == last.Epoch && last.Sequence > 0);
    }

    private bool TryLead(ulong epoch, EpochReason reason)
    {
        var last = _log.Appended;
        var manifest = _manifests.Current;
        if (epoch <= _epochs.Table.Current || epoch < manifest.PromisedEpoch || epoch <= manifest.BegunEpoch)
        {
            Refuse(MemberOrder.Lead, $"epoch {epoch:x} is not later than all that lie in the log, are promised or were begun here.");
            return true;
        }

        if (_gate.Committed > last.Sequence)
        {
            Refuse(MemberOrder.Lead, $"sequences up to {_gate.Committed} are committed, but this log ends at {last.Sequence}.");
            return true;
        }

        var time = Math.Max(_clock.NowMillis(), _room.LogTimeMillis);
        var start = new GroupStart(epoch, last.Sequence + 1, time, _gate.Committed);
        if (!_room.TryBegin(GroupBuilder.BatchBytesMax(1, RecordCodec.EpochStartBytes), start))
        {
            return false;
        }

        // Durable before its first frame: what has left this node once must never be begun a second time.
        if (!TryUpdate(MemberOrder.Lead, current => current.WithOpenEpochs(_epochs.Table.Entries)
            .WithEpoch(epoch, start.FirstSequence) with
        { BegunEpoch = epoch, PromisedTo = manifest.Membership!.NodeId }))
        {
            return true;
        }

        _frame.BeginBatch(start.FirstSequence);
        _frame.AddEpochStart(reason);
        _frame.EndBatch();
        _frame.Finish();
        _log.Append(_frame);
        _room.Appended(time);
        _epochs.Begin(epoch, start.FirstSequence);
        _sync.NoteFollowed();
        _role = Role.Starting;
        _member.SetLeading(true);
        Tell(MemberEventKind.Appended);
        Tell(MemberEventKind.Led);
        return true;
    }

    private bool TryTruncate(KvsVersion to)
    {
        if (!_handOff.IsIdle)
        {
            return false; // what is on its way to be published decides how far it may go
        }

        _committed.Close();
        lock (_member.DurabilityGate)
        {
            if (!_truncation.TryRun(to, out var refusal))
            {
                return false;
            }

            if (refusal is null)
            {
                Tell(MemberEventKind.Truncated);
            }
            else
            {
                Refuse(MemberOrder.Truncate, refusal);
            }

            return true;
        }
    }

    private void Follow(Refusal refusal)
    {
        if (_role == Role.Following)
        {
            _applier.Refusal = refusal;
            Tell(MemberEventKind.Followed);
        }
        else
        {
            BeginRetreat(refusal);
        }
    }

    private void Hold(bool isHeld)
    {
        _isHeld = isHeld && _role is Role.Starting or Role.Leading;
        if (_isHeld)
        {
            Tell(MemberEventKind.Held);
        }
        else if (isHeld)
        {
            Refuse(MemberOrder.Hold, "this node does not lead.");
        }
    }

    private void BeginRetreat(Refusal refusal)
    {
        _isHeld = false;
        _applier.Refusal = refusal;
        if (_role is Role.Starting or Role.Leading)
        {
            _role = Role.Retreating;
            _committed.Close();
            _member.SetLeading(false);
            _gate.BeginRetreat(refusal);
            _sync.Wake();
        }
    }

    private bool TryEndRetreat()
    {
        if (!_handOff.IsIdle)
        {
            return false;
        }

        // Nothing is on its way to be published: the sync thread has answered it all.
        _gate.EndRetreat();
        _index.DropUnpublished();
        _moves.Retake(_index.Published.Number);
        _applier.Reset(_index.Published);
        _role = Role.Following;
        Tell(MemberEventKind.Followed);
        return true;
    }

    private void StoreRecord(EpochPromise promise, ClusterMembership membership, UInt128 incarnation)
    {
        var manifest = _manifests.Current;
        var isKept = promise.Epoch == manifest.PromisedEpoch && promise.Candidate == manifest.PromisedTo;
        if (isKept && manifest.Membership!.IsSame(membership) && manifest.Incarnation == incarnation)
        {
            TellRecord(promise);
        }
        else if (!isKept && promise.Epoch <= manifest.PromisedEpoch)
        {
            Refuse(
                MemberOrder.StoreRecord,
                $"epoch {manifest.PromisedEpoch:x} is promised to '{manifest.PromisedTo}', so epoch {promise.Epoch:x} cannot be "
                + $"promised to '{promise.Candidate}'.");
        }
        else if (TryUpdate(MemberOrder.StoreRecord, current => current with
        {
            Membership = membership,
            MayHaveLost = current.MayHaveLost && current.Incarnation == incarnation,
            Incarnation = incarnation,
            PromisedEpoch = promise.Epoch,
            PromisedTo = promise.Candidate,
        }))
        {
            TellRecord(promise);
        }
    }

    private void TellRecord(EpochPromise promise) => _member.Tell(
        new MemberEvent(MemberEventKind.RecordStored, new KvsVersion(promise.Epoch, _log.Appended.Sequence)));

    /// <summary>Replaces the manifest. A failure that leaves it as it was refuses the order; another one ends writing.</summary>
    private bool TryUpdate(MemberOrder order, Func<Manifest, Manifest> change)
    {
        try
        {
            _manifests.Update(change);
            return true;
        }
        catch (KvsStorageException e) when (e.Code is ErrorCode.DiskFull or ErrorCode.StorageFailed)
        {
            Refuse(order, e.Message);
            return false;
        }
    }

    private void TellAppended(int bytes) =>
        _member.Tell(new MemberEvent(MemberEventKind.Appended, _log.Appended) { Bytes = bytes });

    private void Tell(MemberEventKind kind) => _member.Tell(new MemberEvent(kind, _log.Appended));

    private void Refuse(MemberOrder order, string reason) =>
        _member.Tell(new MemberEvent(MemberEventKind.Refused, _log.Appended, order, reason));
}

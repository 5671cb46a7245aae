using Kvs.Core.Engines.Members;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Server.Cluster.Store;

namespace Kvs.Server.Cluster.Driver;

/// <summary>
/// The node's log: gives the node's orders to the engine, and tells the node what has become of them, in the order that
/// it counts on. An engine tells of its two threads' work as it happens; the node hears of what is durable or applied
/// only when it has heard that it is there.
/// Threading: the driver's loop, but for what it passes on to it.
/// </summary>
internal sealed class LogSide
{
    private readonly MemberStore _store;
    private readonly Action<NodeInput> _tell;
    private readonly RecordOrders _records;
    private readonly Queue<(KvsVersion Last, Action Release)> _frames = new(); // handed over, not appended yet
    private readonly List<Action<IMemberLog>> _waiting = []; // orders while the engine is being replaced
    private KvsVersion _appended;
    private KvsVersion _durable; // as the engine says
    private KvsVersion _toldDurable;
    private ulong _applied; // as the engine says
    private ulong _toldApplied;
    private ulong _firstStreamable;
    private ulong _begins; // the epoch that was asked for; 0 when its first batch is there

    /// <summary>Creates it; <see cref="Begin"/> begins.</summary>
    /// <param name="store">The store.</param>
    /// <param name="tell">Tells the node.</param>
    internal LogSide(MemberStore store, Action<NodeInput> tell)
    {
        _store = store;
        _tell = tell;
        _records = new RecordOrders(Order, tell);
    }

    /// <summary>The record that the node decided on last.</summary>
    internal MemberRecord Record => _records.Newest;

    /// <summary>What the opening has found, for the node. Events from here on are for <see cref="Hear"/>.</summary>
    internal NodeStart Begin()
    {
        var log = _store.Member!;
        var membership = log.Membership;
        _records.Begin(new MemberRecord
        {
            StoreId = log.StoreId,
            Incarnation = log.Incarnation,
            PromisedEpoch = log.Promise.Epoch,
            Candidate = log.Promise.Candidate,
            Self = membership.NodeId,
            Members = membership.Members,
            IsFounding = membership.IsFounding,
            IsDiverged = membership.IsDiverged,
            Campaign = membership.CampaignEpoch == 0
                ? null
                : new CampaignRecord(membership.CampaignEpoch, membership.CampaignRevision),
        });
        Settle(log);
        return new NodeStart
        {
            Record = Record,
            Epochs = log.Epochs,
            Last = log.Last,
            Commit = Math.Min(log.Applied, log.Last.Sequence),
            FirstStreamable = log.FirstStreamable,
            TailCut = log.WasTailCut,
            MayHaveLost = log.MayHaveLost,
        };
    }

    /// <summary>Hands frames over. They stay as they are until they are released.</summary>
    /// <param name="append">The frames.</param>
    /// <param name="release">Called when the log needs them no more.</param>
    internal void Append(Append append, Action release)
    {
        _frames.Enqueue((append.Last, release));
        Order(log => log.AppendFrames(append.Frames));
    }

    /// <summary>More is committed.</summary>
    /// <param name="sequence">Through where.</param>
    internal void Commit(ulong sequence) => Order(log => log.Commit(sequence));

    /// <summary>Begins an epoch.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="reason">Why it begins; it is logged.</param>
    internal void Lead(ulong epoch, EpochReason reason)
    {
        _begins = epoch;
        Order(log => log.Lead(epoch, reason));
    }

    /// <summary>Ends it.</summary>
    /// <param name="reason">For people.</param>
    /// <param name="primary">Where writes go instead; empty when unknown.</param>
    internal void Follow(string reason, string primary) =>
        Order(log => log.Follow(reason.TrimEnd('.'), primary.Length == 0 ? null : primary));

    /// <summary>Cuts the log.</summary>
    /// <param name="last">The last batch that stays.</param>
    internal void Truncate(KvsVersion last) => Order(log => log.Truncate(last));

    /// <summary>Holds writes, or takes them again.</summary>
    /// <param name="isHeld">Which.</param>
    internal void Hold(bool isHeld) => Order(log => log.Hold(isHeld));

    /// <summary>Says whether writes are taken.</summary>
    /// <param name="refusal">Why not; null when they are.</param>
    internal void Admit(Refusal? refusal) => Order(log => log.Admit(refusal));

    /// <summary>Takes hold of a state.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="reached">Gets it, on a thread of the engine.</param>
    internal void MarkState(ulong sequence, Action<MarkedState> reached) => Order(log => log.MarkState(sequence, reached));

    /// <summary>Stores the node's record.</summary>
    /// <param name="record">The record.</param>
    internal void Store(MemberRecord record) => _records.Store(record);

    /// <summary>Now and then: what no event tells.</summary>
    internal void Look()
    {
        if (_store.Member is not { } log)
        {
            return;
        }

        _records.Ask();
        var first = Math.Min(log.FirstStreamable, _toldApplied + 1);
        if (first > _firstStreamable)
        {
            _firstStreamable = first;
            _tell(new NodeInput.HistoryDropped(first));
        }
    }

    /// <summary>The engine is about to be replaced: orders wait, and what it holds is released.</summary>
    internal void Leave()
    {
        while (_frames.TryDequeue(out var frames))
        {
            frames.Release();
        }

        _records.Leave();
    }

    /// <summary>The engine is another one, or the old one was opened again.</summary>
    internal void Enter()
    {
        var log = _store.Member!;
        Settle(log);
        foreach (var order in _waiting)
        {
            order(log);
        }

        _waiting.Clear();
        _records.Ask();
    }

    /// <summary>The engine tells something.</summary>
    /// <param name="happened">What.</param>
    internal void Hear(in MemberEvent happened)
    {
        switch (happened.Kind)
        {
            case MemberEventKind.Appended:
                Appended(happened.Version, happened.Bytes);
                break;
            case MemberEventKind.Durable:
                _durable = happened.Version;
                break;
            case MemberEventKind.Applied:
                _applied = happened.Version.Sequence;
                break;
            case MemberEventKind.RecordStored:
                _records.Stored();
                break;
            case MemberEventKind.Truncated:
                Truncated(happened.Version);
                break;
            case MemberEventKind.Led:
                _begins = 0;
                _appended = happened.Version;
                _tell(new NodeInput.Led(happened.Version));
                break;
            case MemberEventKind.Followed:
                _begins = 0;
                _appended = happened.Version;
                _tell(new NodeInput.Followed(happened.Version));
                break;
            case MemberEventKind.Held:
                _tell(new NodeInput.WritesHeld());
                break;
            case MemberEventKind.Failed:
                _tell(new NodeInput.LogFailed(happened.Text ?? "unknown"));
                break;
            default:
                Refused(in happened);
                break;
        }

        TellDurable();
    }

    private void Order(Action<IMemberLog> order)
    {
        if (_store.Member is { } log && _waiting.Count == 0)
        {
            order(log);
        }
        else
        {
            _waiting.Add(order);
        }
    }

    private void Settle(IMemberLog log)
    {
        _appended = log.Last;
        _durable = _toldDurable = log.Last;
        _applied = _toldApplied = log.Applied;
        _firstStreamable = log.FirstStreamable;
    }

    private void Appended(KvsVersion last, int bytes)
    {
        if (_begins != 0 && last.Epoch == _begins)
        {
            return; // the first batch of the epoch: Led tells of it
        }

        _appended = last;
        while (_frames.TryPeek(out var frames) && frames.Last.Sequence <= last.Sequence)
        {
            _frames.Dequeue().Release();
        }

        _tell(new NodeInput.Appended(last, bytes));
    }

    private void Truncated(KvsVersion last)
    {
        _appended = _durable = _toldDurable = last;
        _tell(new NodeInput.Truncated(last, last.Sequence));
    }

    // Orders are carried out one behind the other, so a refusal is always that of the oldest of its kind.
    private void Refused(in MemberEvent refusal)
    {
        switch (refusal.Order)
        {
            case MemberOrder.AppendFrames:
                if (_frames.TryDequeue(out var frames))
                {
                    frames.Release();
                }

                _tell(new NodeInput.AppendRefused(refusal.Version));
                break;
            case MemberOrder.StoreRecord:
                _records.Refused();
                break;
            case MemberOrder.Hold:
                break; // the node has stopped to lead meanwhile
            default:
                _tell(new NodeInput.LogFailed($"{refusal.Order} was refused: {refusal.Text}"));
                break;
        }
    }

    private void TellDurable()
    {
        if (_durable.Sequence > _toldDurable.Sequence && _durable.Sequence <= _appended.Sequence)
        {
            _toldDurable = _durable;
            _tell(new NodeInput.Durable(_durable));
        }

        if (_applied > _toldApplied && _applied <= _toldDurable.Sequence)
        {
            _toldApplied = _applied;
            _tell(new NodeInput.Applied(_applied));
        }
    }
}

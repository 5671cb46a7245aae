using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.ControlPlane;
using Kvs.Core.Replication.Following;
using Kvs.Core.Replication.Leading;
using Kvs.Core.Replication.Links;

namespace Kvs.Core.Replication.Elected;

/// <summary>
/// Standing for election: when the primary's key is gone and this node's promise has run out, it lets better ones go
/// first, writes down that it stands, and names itself in the record by one compare-and-set. Who creates the record of a
/// new group, and who is asked by a primary that hands over, do the same. Threading: the node's.
/// </summary>
/// <remarks>
/// Why no read is stale: a primary's lease needs the acknowledged beacons of every node that may be elected, and the one
/// that is elected begins to lead only when its own promise has run out; it has acknowledged none since it stood.
/// </remarks>
/// <param name="context">The node.</param>
/// <param name="register">The group's record.</param>
/// <param name="membership">This node's place in it.</param>
/// <param name="leader">What it becomes.</param>
/// <param name="follower">What it is.</param>
internal sealed class Candidacy(
    NodeContext context, GroupRegister register, Membership membership, Leader leader, Follower follower)
{
    private readonly Dictionary<string, LogReport> _answers = [];
    private TimeSpan _askUntil;
    private TimeSpan? _standAt;
    private ulong _won;
    private string _handsOver = "";
    private TimeSpan _handOverUntil;
    private bool _isInherited;
    private long _forced; // a person's request to lead in spite of what may be missing; 0 for none
    private TimeSpan _forcedUntil;

    /// <summary>Who led before, when this node stood last; null for nobody.</summary>
    internal GroupMember? Predecessor { get; private set; }

    /// <summary>How far it has come.</summary>
    internal CandidacyPhase Phase { get; private set; }

    /// <summary>Whether it stands, or has won and does not lead yet.</summary>
    internal bool IsActive => Phase != CandidacyPhase.None || _won != 0;

    /// <summary>Whether this node may be elected without knowing it yet.</summary>
    internal bool MayBeElected =>
        context.Record.Campaign is not null || Phase is CandidacyPhase.Recording or CandidacyPhase.Deciding || _won != 0 || IsHandedOver;

    /// <summary>The nodes that are asked what they hold.</summary>
    internal IEnumerable<string> Asked => Phase == CandidacyPhase.Asking && register.State is { } state
        ? state.InSync.Select(member => member.Node).Where(node => node != membership.Self.Node)
        : [];

    /// <summary>The node has started: an election from before may not be over.</summary>
    internal void Start() => _isInherited = context.Record.Campaign is not null;

    /// <summary>An in-sync node says what it holds.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="report">What it says.</param>
    internal void Receive(Link link, LogReport report)
    {
        if (Phase == CandidacyPhase.Asking)
        {
            _answers[link.Peer] = report;
        }
    }

    /// <summary>The primary hands over to this node.</summary>
    /// <param name="primary">It.</param>
    /// <param name="within">How long it waits.</param>
    internal void TakeOver(string primary, TimeSpan within)
    {
        _handsOver = primary;
        _handOverUntil = context.Now.Monotonic + within;
        Phase = CandidacyPhase.None;
    }

    /// <summary>
    /// A person wants this node to lead although it may lack acknowledged batches. Everything else must be as for any
    /// election: nobody leads, this node is bound by no promise, and the record is changed as it was last seen. And no
    /// in-sync node may answer: it has what would be given up.
    /// </summary>
    /// <param name="request">Number of the request, for the answer.</param>
    internal void Force(long request)
    {
        var refusal = register switch
        {
            _ when _forced != 0 => "Another request of that kind is under way.",
            { State: { } state } when context.Rules.MayStand(state, membership.Self) =>
                "This node is in sync: it leads, or is elected by itself, without loss, as soon as nobody does.",
            { Leader: { } key } when !IsPrimaryGone(key) => $"{key.Node} leads. Nothing needs to be given up.",
            _ => null,
        };
        if (refusal is not null)
        {
            context.Emit(new NodeOutput.Answer(request, false, $"Not promoted: {refusal}", ""));
            return;
        }

        _forced = request;
        _forcedUntil = context.Now.Monotonic + context.Settings.Timings.Promotion;
    }

    /// <summary>The record has another epoch.</summary>
    /// <param name="won">The epoch, when this node leads it; else 0.</param>
    internal void Decided(ulong won)
    {
        _won = won;
        if (won != 0)
        {
            EndForced(isDone: true,
                $"{membership.Self.Node} leads. What only the lost nodes had is lost; the record keeps that epoch {won:x} began so.");
        }

        _handsOver = "";
        _isInherited = false;
        Phase = CandidacyPhase.None;
    }

    /// <summary>Goes on wherever something has become possible.</summary>
    internal void Advance()
    {
        if (_forced != 0 && context.Now.Monotonic >= _forcedUntil)
        {
            RefuseForced($"not in time: {Obstacle ?? "etcd has not taken it"}.");
        }

        if (_won != 0)
        {
            Lead();
            return;
        }

        switch (Phase)
        {
            case CandidacyPhase.None when MayStand():
                Begin();
                break;
            case CandidacyPhase.Asking when !MayStand():
                Phase = CandidacyPhase.None;
                break;
            case CandidacyPhase.Asking:
                Ask();
                break;
            case CandidacyPhase.Recording when context.IsRecordStored:
                Stand();
                break;
            case CandidacyPhase.Deciding when register.CanWrite:
                // Not won: the record is known again, and this node may stand again.
                Phase = CandidacyPhase.None;
                break;
        }

        Settle();
    }

    private bool IsHandedOver => _handsOver.Length > 0 && context.Now.Monotonic < _handOverUntil;

    // What keeps this node from standing for election now, for people; null for nothing.
    private string? Obstacle => register switch
    {
        _ when !membership.TakesPart => "this node has left, or the record is another group's",
        _ when leader.IsActive => "this node leads",
        _ when follower.IsDiverged => "the data of this node is not the group's",
        _ when !context.Log.IsSettled => "the log of this node is being changed",
        { View: null } => "the group's record is not known here",
        { Lease: 0 } or { IsReachable: false } => "etcd does not answer",
        { State: null } => context.Record.PromisedEpoch == 0 ? null : "the group's record is gone",
        { State: { } state } when _forced == 0 && !context.Rules.MayStand(state, membership.Self) => "this node is not in sync",
        _ when context.Promise.Holds => "the lease of an old primary has not ended",
        { Leader: { } key } when !IsPrimaryGone(key) => "another node leads",
        _ => null,
    };

    private bool MayStand() => Obstacle is null;

    // Whether the control plane was asked to name this node, and has not said whether it did.
    private bool MayBeNamed => context.Record.Campaign is { } campaign && register.Asked.Any(state => state.Epoch == campaign.Epoch);

    // An in-sync node that has answered; null for none.
    private string? Living => register.State!.InSync.Where(HasAnswered).Select(static member => member.Node).FirstOrDefault();

    // Under another incarnation it has lost its disk, and is another one.
    private bool HasAnswered(GroupMember member) =>
        _answers.TryGetValue(member.Node, out var report) && report.Incarnation == member.Incarnation;

    // Its own key is of an earlier life.
    private bool IsPrimaryGone(LeaderKey? key) =>
        key is null || key.Node == membership.Self.Node || (IsHandedOver && key.Node == _handsOver);

    private void RefuseForced(string why) => EndForced(isDone: false, MayBeNamed
        ? "It is not known whether this node leads: etcd was asked, and has not answered. Look at cluster status."
        : $"Not promoted: {why}");

    private void EndForced(bool isDone, string text)
    {
        if (_forced != 0)
        {
            context.Emit(new NodeOutput.Answer(_forced, isDone, text, "") { IsUnknown = !isDone && MayBeNamed });
            _forced = 0;
        }
    }

    private void Begin()
    {
        if (register.State is null || IsHandedOver)
        {
            Record();
            return;
        }

        Phase = CandidacyPhase.Asking;
        _answers.Clear();
        _askUntil = context.Now.Monotonic + (_forced != 0 ? context.Settings.Timings.AskLost : context.Settings.Timings.Ask);
        _standAt = null;
    }

    private void Ask()
    {
        if (_forced != 0 && Living is { } node)
        {
            Phase = CandidacyPhase.None;
            RefuseForced($"{node} answers and is in sync: it has everything, and nothing needs to be given up. Look at what keeps it "
                + "from leading; if it shall not, stop it first.");
            return;
        }

        var now = context.Now.Monotonic;
        if (_standAt is null && (now >= _askUntil || Asked.All(_answers.ContainsKey)))
        {
            _standAt = now + (_forced != 0 ? TimeSpan.Zero : Deference());
        }

        if (_standAt is { } due && now >= due)
        {
            Record();
        }
    }

    // Each in-sync node holds all that was acknowledged, so this is no rule of safety: a longer log saves what was not
    // acknowledged yet, and of equal ones the last primary's clients are at the right address.
    private TimeSpan Deference()
    {
        var timings = context.Settings.Timings;
        var last = context.Log.Last;
        var better = _answers.Values.Count(report => report.Last > last);
        var primary = register.State!.Primary.Node;
        var deference = timings.Defer * better;
        deference += primary != membership.Self.Node && _answers.ContainsKey(primary) ? timings.Defer : TimeSpan.Zero;

        // A disk that has lost its end may be a disk that lies.
        return deference + (context.TailCut && better > 0 ? timings.Promotion : TimeSpan.Zero);
    }

    private void Record()
    {
        if (!context.IsRecordStored || !register.CanWrite)
        {
            return;
        }

        Phase = CandidacyPhase.Recording;
        var record = context.Record;
        if (record.Campaign?.Revision == register.Revision)
        {
            // The same question again: should the earlier one come true, it means the same.
            return;
        }

        var newest = Math.Max(record.PromisedEpoch, Math.Max(register.State?.Epoch ?? 0, context.Log.Last.Epoch));
        context.Remember(record with
        {
            Campaign = new CampaignRecord(context.EpochSource.NextEpoch(newest), register.Revision),
        });
    }

    private void Stand()
    {
        if (!MayStand() || context.Record.Campaign is not { } campaign || campaign.Revision != register.Revision)
        {
            Phase = CandidacyPhase.None;
        }
        else if (register.CanWrite)
        {
            Phase = CandidacyPhase.Deciding;
            Predecessor = register.State?.Primary;
            register.Write(new GroupWrite
            {
                StateRevision = register.Revision,
                LeaderRevision = register.View!.LeaderRevision,
                State = register.State is { } state ? Succeed(state, campaign.Epoch) : Found(campaign.Epoch),
                Leader = new LeaderKey(membership.Self.Node, membership.Self.Incarnation, campaign.Epoch, register.Lease),
            });
        }
    }

    private GroupState Found(ulong epoch) => new()
    {
        ClusterId = context.Record.StoreId,
        Epoch = epoch,
        Primary = membership.Self,
        InSync = [membership.Self],
        Replicas = [new GroupReplica(membership.Self.Node, ReplicaRole.Member)],
        MinInSync = context.Settings.MinInSync,
    };

    // The old primary is taken out at once where that leaves enough: it would hold writes up, being gone.
    private GroupState Succeed(GroupState state, ulong epoch)
    {
        if (_forced != 0)
        {
            // Nobody else is known to hold what this node holds, and the record says for ever that something may be missing.
            return state with
            {
                Epoch = epoch,
                Primary = membership.Self,
                InSync = [membership.Self],
                LossEpochs = state.LossEpochs.Add(epoch),
            };
        }

        var others = state.InSync.Remove(membership.Self);
        var alive = others.Remove(state.Primary);
        return state with
        {
            Epoch = epoch,
            Primary = membership.Self,
            InSync = [membership.Self, .. alive.Length + 1 >= state.MinInSync ? alive : others],
        };
    }

    // A campaign is over when the record has another revision, or when it was surely not done. One that may yet come true
    // and that this node no longer wants is ended by writing the record as it is, which gives it another revision.
    private void Settle()
    {
        if (context.Record.Campaign is not { } campaign
            || Phase is CandidacyPhase.Recording or CandidacyPhase.Deciding
            || register.View is null
            || !context.IsRecordStored)
        {
            return;
        }

        var isOver = register.Revision != campaign.Revision
            || (!_isInherited && !MayBeNamed);
        if (isOver)
        {
            _isInherited = false;
            context.Remember(context.Record with { Campaign = null });
        }
        else if (Phase == CandidacyPhase.None && register.State is { } state && register.CanWrite && !MayStand())
        {
            register.Write(new GroupWrite { StateRevision = register.Revision, State = state });
        }
    }

    private void Lead()
    {
        if (register.State?.Epoch != _won || context.Record.PromisedEpoch != _won || follower.IsDiverged)
        {
            _won = 0;
        }
        else if (context.IsRecordStored && context.Log.IsSettled && !context.Promise.Holds)
        {
            leader.Begin(_won);
            _won = 0;
        }
    }
}

/// <summary>How far a candidate has come.</summary>
internal enum CandidacyPhase
{
    /// <summary>It does not stand.</summary>
    None,

    /// <summary>The other in-sync nodes are asked what they hold.</summary>
    Asking,

    /// <summary>That it stands is not durable yet.</summary>
    Recording,

    /// <summary>The control plane is asked.</summary>
    Deciding,
}

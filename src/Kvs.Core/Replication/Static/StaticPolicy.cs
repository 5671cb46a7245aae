using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.Following;
using Kvs.Core.Replication.Leading;
using Kvs.Core.Replication.Links;

namespace Kvs.Core.Replication.Static;

/// <summary>
/// The policy of a configured list without a control plane: a majority seals an epoch, an operator says who asks for
/// it, a majority commits, and the primary dials. Threading: the node's.
/// </summary>
internal sealed class StaticPolicy : IReplicationPolicy
{
    private readonly NodeContext _context;
    private readonly Leader _leader;
    private readonly Follower _follower;
    private readonly StaticList _list;
    private readonly Dialler _dialler;
    private readonly SealKeeper _seals;
    private readonly Campaign _campaign;
    private readonly StaticReign _reign;
    private readonly HandOver _handOver;

    /// <summary>Joins the parts.</summary>
    /// <param name="context">The node.</param>
    /// <param name="leader">The node as a primary.</param>
    /// <param name="follower">The node as a follower.</param>
    internal StaticPolicy(NodeContext context, Leader leader, Follower follower)
    {
        _context = context;
        _leader = leader;
        _follower = follower;
        _list = new StaticList(context);
        _dialler = new Dialler(context);
        _seals = new SealKeeper(context, _list);
        _campaign = new Campaign(context, _list, leader, _dialler);
        _reign = new StaticReign(context, _list, leader, _dialler);
        _handOver = new HandOver(context, leader);
    }

    /// <inheritdoc/>
    public NodeRole? Role => this switch
    {
        { _leader.IsEstablished: true } => NodeRole.Primary,
        { _leader.IsActive: true } => NodeRole.Recovering,
        { _campaign.Phase: not CampaignPhase.None } => NodeRole.Candidate,
        _ => null,
    };

    /// <inheritdoc/>
    public bool Counts => _context.Counts;

    /// <inheritdoc/>
    public string PrimaryHint => _leader.IsActive ? _list.Self
        : _context.Record.Candidate != _list.Self ? _context.Record.Candidate
        : _reign.Successor;

    /// <inheritdoc/>
    public void Start()
    {
        var record = _context.Record;
        if (_follower.IsDiverged)
        {
            return;
        }

        if (record.HasList && _context.Rules.IsBoundAfterRestart(record, _context.Log.Last))
        {
            _context.Promise.BindAfterRestart();
        }

        if (_context.MayHaveLost && (!record.HasList || record.IsFounding))
        {
            // It has acknowledged nothing that counted, so that nothing is lost.
            _context.Remember(record with { Incarnation = _context.EpochSource.NextStoreId() });
        }
        else if (record.HasList && !_context.Counts)
        {
            TellOfLoss(record);
            return;
        }

        var configured = _context.Settings.Members;
        if (configured.IsEmpty)
        {
            // A replica that was promoted goes on where it stopped, as a configured primary does: nobody else would,
            // and whoever was promoted since is found by the question that a campaign begins with.
            if (record.HasList && record.Candidate == record.Self)
            {
                _campaign.Begin(CampaignReason.Start, request: 0, above: 0);
            }

            return;
        }

        Check.That(configured.Contains(_context.Settings.NodeId));
        if (record.HasList && !record.Members.AsSpan().SequenceEqual(configured.AsSpan()))
        {
            _context.Tell($"The list is configured as {string.Join(", ", configured)}, but this store belongs to "
                + $"{string.Join(", ", record.Members)}. It does not lead. Configure the list that it belongs to.");
            return;
        }

        if (configured.Length == 2 && _context.Settings.Acks == AckMode.Quorum)
        {
            _context.Tell("Two nodes make a majority only together: when one is away, writes stop. A third node tolerates one failure.");
        }

        _campaign.Begin(CampaignReason.Start, request: 0, above: 0);
    }

    /// <inheritdoc/>
    public void Handle(NodeInput input)
    {
        switch (input)
        {
            case NodeInput.Promote promote:
                Promote(promote.Request, CampaignReason.Promote);
                break;
            case NodeInput.ForcePromote promote:
                Promote(promote.Request, CampaignReason.Force);
                break;
            case NodeInput.HandOver handOver:
                _handOver.Begin(handOver);
                break;
            case NodeInput.WritesHeld:
                _handOver.WritesHeld();
                break;
        }
    }

    /// <inheritdoc/>
    public void Receive(Link link, ClusterMessage message)
    {
        switch (message)
        {
            case LogStateRequest request:
                _seals.Receive(link, request);
                break;
            case Seal seal when _seals.Receive(link, seal):
                StepAside(seal.Candidate, link);
                break;
            case LogState state when _campaign.Phase != CampaignPhase.None:
                _campaign.Receive(link, state.Report);
                break;
            case LogState state when _leader.IsActive:
                _reign.Receive(link, state.Report);
                break;
            case SealAck ack when _campaign.Phase != CampaignPhase.None:
                _campaign.Receive(link, ack);
                break;
            case SealAck ack when _leader.IsActive:
                _reign.Receive(link, ack);
                break;
            case Transfer transfer:
                Receive(link, transfer);
                break;
            case TransferReady ready:
                _handOver.Receive(link, ready);
                break;
            case Fenced fenced when _leader.IsActive && fenced.Epoch > _leader.Epoch && link.Dialled:
                _reign.Estranged(link, fenced.PrimaryHint, fenced.Epoch);
                break;
            case Fenced:
                _context.Close(link);
                break;
        }
    }

    /// <inheritdoc/>
    public void Opened(Link link)
    {
        if (!link.Dialled)
        {
            return;
        }

        _dialler.Reached(link.Peer);
        if (_dialler.Wants(link.Peer))
        {
            _context.Send(link, _list.Question(link));
        }
        else
        {
            _context.Close(link);
        }
    }

    /// <summary>Nobody: the primary dials, and attaches whom it has sealed.</summary>
    /// <inheritdoc/>
    public Replica? Admit(Link link, ReplicaHello hello) => null;

    /// <summary>Nothing: a majority goes on without it, and the list stays as it is.</summary>
    /// <inheritdoc/>
    public void Stops(Replica replica)
    {
    }

    /// <inheritdoc/>
    public void Closed(Link link)
    {
        _seals.Closed(link);
        _campaign.Closed(link);
        _reign.Closed(link);
        if (link.Dialled)
        {
            _dialler.Lost(link.Peer);
        }
    }

    /// <inheritdoc/>
    public void DialFailed(string peer) => _dialler.Lost(peer);

    /// <inheritdoc/>
    public void HigherEpoch(Link link, ulong epoch)
    {
        if (_leader.IsActive && link.Dialled)
        {
            _reign.Estranged(link, "", epoch);
        }
        else
        {
            // A primary seals before it speaks.
            _context.CloseAsNonsense(link);
        }
    }

    /// <inheritdoc/>
    public ulong Acknowledged(Leader leader)
    {
        Span<ulong> durable = stackalloc ulong[leader.Replicas.Count + 1];
        var count = 0;
        durable[count++] = _context.Log.Durable;
        foreach (var replica in leader.Replicas)
        {
            if (replica.Counts)
            {
                durable[count++] = replica.Durable;
            }
        }

        durable = durable[..count];
        durable.Sort();
        return count < _list.Majority ? 0 : durable[count - _list.Majority];
    }

    /// <inheritdoc/>
    public ClockReading? LeaseFrom(Leader leader)
    {
        if (_list.Majority == 1)
        {
            return _context.Now;
        }

        var beacons = new List<ClockReading>(leader.Replicas.Count);
        foreach (var replica in leader.Replicas)
        {
            if (replica.Counts && replica.BeaconSentAt is { } sentAt)
            {
                beacons.Add(sentAt);
            }
        }

        // This node and the others with the newest beacons make the majority; the oldest of those bounds the lease.
        beacons.Sort((left, right) => right.Monotonic.CompareTo(left.Monotonic));
        return beacons.Count < _list.Majority - 1 ? null : beacons[_list.Majority - 2];
    }

    /// <inheritdoc/>
    public (int Have, int Need) Live(Leader leader)
    {
        var have = 1;
        foreach (var replica in leader.Replicas)
        {
            var isHeard = _context.Now.Monotonic - replica.Link.HeardAt < _context.Settings.Timings.Lag;
            have += replica.Counts && replica.IsStreaming && isHeard ? 1 : 0;
        }

        return (have, _list.Majority);
    }

    /// <inheritdoc/>
    public void Advance()
    {
        _seals.Advance();
        var phase = _campaign.Phase;
        _campaign.Advance();
        if (phase != CampaignPhase.Promising && _campaign.Phase == CampaignPhase.Promising)
        {
            // From here on this node takes no part in lower epochs, and its log stands still.
            _follower.Abandon(except: null);
        }

        if (phase != CampaignPhase.None && _leader.IsActive)
        {
            _reign.Begin(_campaign.SealedLinks);
        }

        if (_leader.IsActive)
        {
            _reign.Advance();
            if (_reign.ShouldRegain)
            {
                _leader.End("A higher epoch is begun, to take back in a node that had promised one.");
                _campaign.Begin(CampaignReason.Regain, request: 0, _reign.HighestPromise);
            }
        }

        _handOver.Advance(_reign.Successor);
        _dialler.Advance();
    }

    private void TellOfLoss(MemberRecord record) => _context.Tell(
        "This node did not stop cleanly, and its durability acknowledges before it syncs: batches that it acknowledged may be "
        + "missing. It counts again when it has caught up with a primary"
        + (record.Candidate == record.Self ? ", and does not lead by itself: promote a node that counts (cluster promote). " : ". ")
        + "If fewer than a majority count, nobody can prove to hold everything, and a person must decide: "
        + "cluster force-promote --accept-data-loss, on the node with the newest log.");

    private void Promote(long request, CampaignReason reason)
    {
        var isForced = reason == CampaignReason.Force;
        var why = this switch
        {
            { _leader.IsActive: true } when isForced => "this node leads",
            { _leader.IsActive: true } => "",
            { _campaign.IsWaiting: true } when isForced => "",
            { _campaign.Phase: not CampaignPhase.None } => _campaign.Status,
            { _context.Record.HasList: false } when isForced =>
                "this node does not belong to a list yet, so it has nothing that the list acknowledged. When a majority of the disks "
                + "is lost for good, read what is left (kvs-client export --consistency stale) and begin a new list with it",
            { _context.Record.HasList: false } => "this node does not count in a list yet: it must catch up with a primary first",
            { _follower.IsDiverged: true } => "this node's log is not the group's",
            { _context.Counts: false } when !isForced =>
                "this node did not stop cleanly and may miss acknowledged writes: promote one that counts. If fewer than a majority "
                + "count, a person can give those writes up: cluster force-promote --accept-data-loss, on the node with the newest log",
            _ => "",
        };
        if (why.Length > 0)
        {
            // Who has led last may be this node, or may have lost as much: who counts is not known here.
            var better = _context.Record.HasList && !_context.Counts ? "" : _context.Record.Candidate;
            _context.Emit(new NodeOutput.Answer(request, Done: false, $"Not promoted: {why}.", better));
            return;
        }

        // Who leads may be asked too: it seals a new epoch, and so takes back in who had promised a higher one.
        _leader.End("A new epoch was asked for.");
        _campaign.Abort("a person asks it to lead in spite of what may be missing", "");
        _campaign.Begin(reason, request, _reign.HighestPromise);
    }

    private void Receive(Link link, Transfer transfer)
    {
        _context.Promise.EndFor(link.Peer);
        if (transfer.NewPrimary != _list.Self)
        {
            return;
        }

        var log = _context.Log;
        var accepts = _follower.Phase == FollowPhase.Streaming
            && transfer.Upto == log.Last
            && transfer.Upto.Sequence <= log.Durable
            && _context.Counts
            && _campaign.Phase == CampaignPhase.None;
        _context.Send(link, new TransferReady(transfer.Epoch, log.Last.Sequence, accepts));
        if (accepts)
        {
            _campaign.Begin(CampaignReason.Transfer, request: 0, above: 0);
        }
    }

    // A higher epoch was promised to another node: this node's part in the old one is over.
    private void StepAside(string candidate, Link link)
    {
        _handOver.Superseded(candidate);
        _leader.End($"{candidate} takes over.");
        _campaign.Abort($"a higher epoch was promised to {candidate}", candidate);
        _dialler.Stop();
        _follower.Abandon(except: link);
    }
}

using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Digests;
using Kvs.Core.Replication.ControlPlane;
using Kvs.Core.Replication.Elected;
using Kvs.Core.Replication.Following;
using Kvs.Core.Replication.Leading;
using Kvs.Core.Replication.Links;
using Kvs.Core.Replication.Rules;
using Kvs.Core.Replication.Static;

namespace Kvs.Core.Replication;

/// <summary>
/// One member of a replication group: decides what to send, what is committed, whom to follow and when to lead. A step
/// function: an input, the clocks and what it remembers give outputs, and nothing else does. It has no thread, socket,
/// file or clock, and holds positions, never bytes. The same code runs in the server and in the simulator.
/// Threading: one caller at a time.
/// </summary>
internal sealed class Node
{
    private readonly NodeContext _context;
    private readonly Leader _leader;
    private readonly Follower _follower;
    private readonly IReplicationPolicy _policy;
    private bool _isStarted;
    private bool _isFailed;
    private bool _isStopped;

    private Node(NodeContext context, Leader leader, Follower follower, IReplicationPolicy policy)
    {
        _context = context;
        _leader = leader;
        _follower = follower;
        _policy = policy;
    }

    /// <summary>What it is at the moment.</summary>
    internal NodeRole Role => this switch
    {
        { _isFailed: true } => NodeRole.Failed,
        { _follower.IsDiverged: true } => NodeRole.Diverged,
        { _policy.Role: { } role } => role,
        { _follower.Phase: FollowPhase.Streaming } => _policy.Counts ? NodeRole.Follower : NodeRole.Learner,
        _ => NodeRole.Joining,
    };

    /// <summary>The newest epoch that it has promised or leads.</summary>
    internal ulong Epoch => _context.Record.PromisedEpoch;

    /// <summary>Whether batches that it has acknowledged may be missing, so that it does not count.</summary>
    internal bool MayHaveLost => _context.MayHaveLost;

    /// <summary>Where clients should go with writes; empty when unknown.</summary>
    internal string PrimaryHint => _policy.PrimaryHint;

    /// <summary>Nodes whose data this one, while it leads, knows not to be the group's.</summary>
    internal IEnumerable<string> Diverged => _leader.IsActive ? _leader.Digests.Diverged : [];

    /// <summary>Who follows this node, while it leads.</summary>
    internal IReadOnlyList<Replica> Replicas => _leader.Replicas;

    /// <summary>The nodes that must hold a batch before this one, as the primary, commits it; for people and tests.</summary>
    internal IReadOnlyList<GroupMember> MustAcknowledge => _policy is ElectedPolicy elected ? elected.Must : [];

    /// <summary>Whether a linearizable read may be answered by a lease: asked after its snapshot was taken.</summary>
    /// <param name="from">Beginning of the lease, as the newest <see cref="NodeOutput.Lease"/> gave it.</param>
    /// <param name="now">Now.</param>
    internal bool LeaseHolds(in ClockReading from, in ClockReading now) =>
        _context.Rules.LeaseHolds(from, now, _context.Settings.Timings.Lease);

    /// <summary>A node of a static list.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="start">What the opening of its log has found.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="random">For epochs and pauses.</param>
    /// <param name="now">The clocks.</param>
    internal static Node OpenStatic(
        NodeSettings settings, NodeStart start, IReplicationRules rules, Random random, in ClockReading now)
    {
        settings.Timings.Validate();
        var context = new NodeContext(settings, start, rules, random, now);
        var leader = new Leader(context);
        var follower = new Follower(context);
        return new Node(context, leader, follower, new StaticPolicy(context, leader, follower));
    }

    /// <summary>A node of a group whose record lies in a control plane.</summary>
    /// <param name="settings">The settings; they name the node.</param>
    /// <param name="start">What the opening of its log has found.</param>
    /// <param name="rules">The rules.</param>
    /// <param name="random">For epochs, incarnations and pauses.</param>
    /// <param name="now">The clocks.</param>
    internal static Node OpenElected(
        NodeSettings settings, NodeStart start, IReplicationRules rules, Random random, in ClockReading now)
    {
        settings.Timings.Validate();
        Check.That(settings.NodeId.Length > 0 && settings.MinInSync > 0);
        var context = new NodeContext(settings, start, rules, random, now);
        var leader = new Leader(context);
        var follower = new Follower(context);
        return new Node(context, leader, follower, new ElectedPolicy(context, leader, follower));
    }

    /// <summary>Does one step.</summary>
    /// <param name="now">The clocks, read for this step.</param>
    /// <param name="input">What has happened.</param>
    /// <param name="outputs">Where the outputs go, to be done in order.</param>
    internal void Step(in ClockReading now, NodeInput input, List<NodeOutput> outputs)
    {
        if (_isFailed || _isStopped)
        {
            return;
        }

        // A wall clock that was set back proves nothing about the time since: beacons from before earn no lease.
        var isSetBack = now.Wall < _context.Now.Wall;
        _context.Begin(now, outputs);
        if (isSetBack)
        {
            _leader.DropLease();
        }

        if (!_isStarted)
        {
            _isStarted = true;
            _policy.Start();
        }

        Dispatch(input);
        if (!_isFailed && !_isStopped)
        {
            Advance();
        }
    }

    private void Dispatch(NodeInput input)
    {
        switch (input)
        {
            case NodeInput.Tick:
                CloseSilentLinks();
                break;
            case NodeInput.Connected connected:
                Opened(new Link(connected.Connection, connected.Peer ?? "", _context.Now.Monotonic));
                break;
            case NodeInput.DialFailed failed:
                _policy.DialFailed(failed.Peer);
                break;
            case NodeInput.Disconnected gone when _context.Find(gone.Connection) is { } link:
                _context.Forget(link);
                break;
            case NodeInput.Received received when _context.Find(received.Connection) is { } link:
                link.HeardAt = _context.Now.Monotonic;
                Receive(link, received.Message);
                break;
            case NodeInput.Shipped shipped when ReplicaOf(shipped.Connection) is { } replica:
                _leader.Shipped(replica, shipped);
                break;
            case NodeInput.BaseCopyReady ready when ReplicaOf(ready.Connection) is { Phase: ReplicaPhase.Copying } replica:
                _context.Send(replica.Link, ready.Offer with { Epoch = _leader.Epoch });
                break;
            case NodeInput.Digested digested when _leader.IsActive:
                _leader.Digests.Receive(digested);
                break;
            case NodeInput.Digested digested:
                _follower.Receive(digested);
                break;
            case NodeInput.Stop:
                SayGoodbye();
                _isStopped = true;
                break;
            case NodeInput.LogFailed failed:
                _isFailed = true;
                _context.Tell($"The log failed: {failed.Reason}. This node stops.");
                break;
            default:
                if (!LogMoved(input))
                {
                    _policy.Handle(input);
                }

                break;
        }
    }

    private bool LogMoved(NodeInput input)
    {
        var log = _context.Log;
        switch (input)
        {
            case NodeInput.Appended appended:
                log.AppendedTo(appended.Last);
                if (_leader.HasBegun)
                {
                    _leader.Appended(appended.Last, appended.Bytes);
                }

                return true;
            case NodeInput.Durable durable:
                log.DurableTo(durable.Last);
                return true;
            case NodeInput.Applied applied:
                log.AppliedTo(applied.Sequence);
                return true;
            case NodeInput.AppendRefused refused:
                _follower.Refused(refused.Last);
                return true;
            case NodeInput.HistoryDropped dropped:
                log.DroppedBefore(dropped.FirstStreamable);
                return true;
            case NodeInput.RecordStored stored:
                _context.Remembered(stored.Record);
                return true;
            case NodeInput.Led led:
                log.LeadDone(led.EpochStart);
                _leader.Begun(led.EpochStart);
                return true;
            case NodeInput.Followed followed:
                log.FollowDone(followed.Last);
                return true;
            default:
                return LogReplaced(input);
        }
    }

    private bool LogReplaced(NodeInput input)
    {
        switch (input)
        {
            case NodeInput.Truncated truncated:
                _context.Log.CutDone(truncated.Last, truncated.SyncedThrough);
                break;
            case NodeInput.BaseCopyInstalled installed:
                _context.Log.Replaced(installed);
                break;
            case NodeInput.BaseCopyFailed:
                _context.Log.CopyFailed();
                break;
            default:
                return false;
        }

        _follower.LogSettled();
        return true;
    }

    private void Receive(Link link, ClusterMessage message)
    {
        switch (message)
        {
            case not Goodbye when _follower.IsDiverged:
                _context.Close(link, new Goodbye(_context.Record.PromisedEpoch, GoodbyeReason.Diverged, 0));
                break;
            case Beacon or ReplicaHelloAck or Append or BaseCopyOffer or Transfer or Digest:
                if (IsFromPrimary(link, message))
                {
                    ReceiveFromPrimary(link, message);
                }

                break;
            case ReplicaHello or AppendAck or BeaconAck or TransferReady or DigestAnswer:
                if (IsToPrimary(link, message) && (_leader.Find(link) ?? Admit(link, message)) is { } replica)
                {
                    ReceiveFromReplica(replica, message);
                }

                break;
            case Goodbye goodbye:
                Receive(link, goodbye);
                break;
            default:
                _policy.Receive(link, message);
                break;
        }
    }

    private void Receive(Link link, Goodbye goodbye)
    {
        if (goodbye.Reason == GoodbyeReason.Diverged
            && link == _follower.Primary
            && goodbye.Epoch == _context.Record.PromisedEpoch)
        {
            _follower.Diverge("The primary has compared the states of the nodes, and this one differs.");
        }
        else if (goodbye.Reason == GoodbyeReason.Diverged && _leader.IsActive)
        {
            _leader.Digests.HearDiverged(link.Peer);
        }
        else if (goodbye.Reason == GoodbyeReason.Stopping && _leader.Find(link) is { } replica)
        {
            _policy.Stops(replica);
        }

        _context.Close(link);
    }

    // The epoch decides who is heard: a lower one is fenced, a higher one is the policy's to learn of.
    private bool IsFromPrimary(Link link, ClusterMessage message)
    {
        var record = _context.Record;
        if (message.Epoch < record.PromisedEpoch)
        {
            _context.Close(link, new Fenced(record.PromisedEpoch, record.Candidate));
            return false;
        }

        if (message.Epoch > record.PromisedEpoch)
        {
            _policy.HigherEpoch(link, message.Epoch);
            return false;
        }

        if (link.Peer != record.Candidate || link.Peer == record.Self)
        {
            _context.CloseAsNonsense(link);
            return false;
        }

        return _context.Stored.PromisedEpoch == record.PromisedEpoch;
    }

    private bool IsToPrimary(Link link, ClusterMessage message)
    {
        if (_leader.HasBegun && message.Epoch == _leader.Epoch)
        {
            return true;
        }

        if (message.Epoch > _context.Record.PromisedEpoch)
        {
            _policy.HigherEpoch(link, message.Epoch);
        }
        else if (message.Epoch < _context.Record.PromisedEpoch)
        {
            _context.Close(link, new Fenced(_context.Record.PromisedEpoch, _context.Record.Candidate));
        }
        else
        {
            _context.Close(link, new Goodbye(_context.Record.PromisedEpoch, GoodbyeReason.NotPrimary, 0));
        }

        return false;
    }

    private void ReceiveFromPrimary(Link link, ClusterMessage message)
    {
        switch (message)
        {
            case Beacon beacon:
                _follower.Receive(link, beacon);
                break;
            case ReplicaHelloAck ack:
                _follower.Receive(link, ack);
                break;
            case Append append:
                _follower.Receive(link, append);
                break;
            case BaseCopyOffer offer:
                _follower.Receive(link, offer);
                break;
            case Digest digest:
                _follower.Receive(link, digest);
                break;
            default:
                _policy.Receive(link, message);
                break;
        }
    }

    private void ReceiveFromReplica(Replica replica, ClusterMessage message)
    {
        switch (message)
        {
            case ReplicaHello hello:
                _leader.Receive(replica, hello);
                break;
            case AppendAck ack:
                _leader.Receive(replica, ack);
                break;
            case BeaconAck ack:
                _leader.Receive(replica, ack);
                break;
            case DigestAnswer answer:
                _leader.Digests.Receive(replica, answer);
                break;
            default:
                _policy.Receive(replica.Link, message);
                break;
        }
    }

    private Replica? Admit(Link link, ClusterMessage message) =>
        message is ReplicaHello hello ? _policy.Admit(link, hello) : null;

    private Replica? ReplicaOf(long connection) =>
        _context.Find(connection) is { } link ? _leader.Find(link) : null;

    private void Opened(Link link)
    {
        _context.Opened(link);
        _policy.Opened(link);
    }

    private void SayGoodbye()
    {
        foreach (var link in _context.Links.ToArray())
        {
            _context.Close(link, new Goodbye(_context.Record.PromisedEpoch, GoodbyeReason.Stopping, 0));
        }
    }

    // A paused machine does not close its connections.
    private void CloseSilentLinks()
    {
        var oldest = _context.Now.Monotonic - _context.Settings.Timings.Silence;
        foreach (var link in _context.Links.Where(link => link.HeardAt < oldest).ToArray())
        {
            _context.Close(link);
        }
    }

    private void Advance()
    {
        HearOfClosedLinks();
        _follower.Advance();
        _policy.Advance();
        _leader.Advance(_policy);
        HearOfClosedLinks();
    }

    private void HearOfClosedLinks()
    {
        while (_context.TryTakeClosed(out var link))
        {
            _leader.Detach(link);
            _follower.Closed(link);
            _policy.Closed(link);
        }
    }
}

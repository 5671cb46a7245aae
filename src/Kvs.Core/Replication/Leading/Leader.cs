using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.ControlPlane;
using Kvs.Core.Replication.Links;

namespace Kvs.Core.Replication.Leading;

/// <summary>
/// The primary's common rules: it ships its log to each attached follower, commits what the policy's acknowledgements
/// allow, sends beacons and holds the read lease that they earn. Who may follow and who counts is the policy's.
/// Threading: the node's.
/// </summary>
/// <param name="context">The node.</param>
internal sealed class Leader(NodeContext context)
{
    private readonly List<Replica> _replicas = [];
    private readonly BeaconLog _beacons = new();
    private readonly Uncommitted _uncommitted = new();
    private readonly DigestRounds _digests = new(context);
    private TimeSpan _nextBeacon;
    private ClockReading? _lease;
    private WriteAdmission _admission;
    private bool _isSilent;

    /// <summary>The epoch that this node leads, or begins to lead; 0 for none.</summary>
    internal ulong Epoch { get; private set; }

    /// <summary>First batch of the epoch; none until the log has begun it.</summary>
    internal KvsVersion EpochStart { get; private set; }

    /// <summary>Whether this node leads, or begins to.</summary>
    internal bool IsActive => Epoch != 0;

    /// <summary>Whether the epoch has begun.</summary>
    internal bool HasBegun => EpochStart != KvsVersion.None;

    /// <summary>Whether the epoch's start is committed and published, so that readers see every committed batch.</summary>
    internal bool IsEstablished => HasBegun && context.Rules.IsEstablished(context.Log, EpochStart);

    /// <summary>While set, writes are held: a transfer is under way.</summary>
    internal bool IsHandingOver { get; private set; }

    /// <summary>The attached followers.</summary>
    internal IReadOnlyList<Replica> Replicas => _replicas;

    /// <summary>Comparisons of the states of the nodes.</summary>
    internal DigestRounds Digests => _digests;

    /// <summary>Begins to lead.</summary>
    /// <param name="epoch">The epoch; promised to this node, durably.</param>
    internal void Begin(ulong epoch)
    {
        Check.That(!IsActive);
        Check.That(epoch == context.Stored.PromisedEpoch);
        Check.That(context.Stored.Candidate == context.Self);
        Check.That(epoch > context.Log.Last.Epoch);
        Epoch = epoch;
        _nextBeacon = context.Now.Monotonic;
        _digests.Begin();
        context.Log.LeadAsked();
        context.Emit(new NodeOutput.Lead(epoch));
    }

    /// <summary>The log has begun the epoch.</summary>
    /// <param name="epochStart">Its first batch.</param>
    internal void Begun(KvsVersion epochStart)
    {
        if (epochStart.Epoch == Epoch)
        {
            EpochStart = epochStart;
        }
    }

    /// <summary>Ends leading: the lease first, so that nothing is served that another primary may already change.</summary>
    /// <param name="reason">For people.</param>
    internal void End(string reason)
    {
        if (!IsActive)
        {
            return;
        }

        Epoch = 0;
        EpochStart = KvsVersion.None;
        HandingOver(false);
        _uncommitted.Clear();
        SetLease(null);
        context.Log.FollowAsked();
        context.Emit(new NodeOutput.Follow(reason));

        // Behind it: writes that a transfer holds must be refused, not let go. They would make this log longer than the
        // successor's, which then could not lead.
        SetAdmission(default);
        foreach (var replica in _replicas.ToArray())
        {
            context.Close(replica.Link, new Goodbye(context.Record.PromisedEpoch, GoodbyeReason.NotPrimary, 0));
        }

        _replicas.Clear();
    }

    /// <summary>A node follows from now on.</summary>
    /// <param name="link">Its link.</param>
    /// <param name="counts">Whether its acknowledgements count.</param>
    internal Replica Attach(Link link, bool counts)
    {
        Check.That(IsActive);
        foreach (var old in _replicas.Where(replica => replica.Link.Peer == link.Peer).ToArray())
        {
            Detach(old.Link);
            context.Close(old.Link);
        }

        var replica = new Replica(link, counts, context.Now.Monotonic, context.Settings.WindowBytes);
        _replicas.Add(replica);

        // At once: the beacon invites the follower's hello.
        SendBeacon(replica, _beacons.Add(context.Now));
        return replica;
    }

    /// <summary>A link is closed.</summary>
    /// <param name="link">The link.</param>
    internal void Detach(Link link) => _replicas.RemoveAll(replica => replica.Link == link);

    /// <summary>The follower of a link.</summary>
    /// <param name="link">The link.</param>
    internal Replica? Find(Link link) => _replicas.Find(replica => replica.Link == link);

    /// <summary>The follower of a name.</summary>
    /// <param name="peer">The name.</param>
    internal Replica? Find(string peer) => _replicas.Find(replica => replica.Link.Peer == peer);

    /// <summary>A follower says what its log holds.</summary>
    /// <param name="replica">The follower.</param>
    /// <param name="hello">What it says.</param>
    internal void Receive(Replica replica, ReplicaHello hello)
    {
        if (replica.Phase is not (ReplicaPhase.Attached or ReplicaPhase.Copying) || hello.StoreId != context.Record.StoreId)
        {
            context.CloseAsNonsense(replica.Link);
            return;
        }

        replica.Incarnation = hello.Incarnation;
        var member = new GroupMember(replica.Link.Peer, hello.Incarnation);
        _digests.Hear(member);
        if (_digests.IsDiverged(member))
        {
            context.Close(replica.Link, new Goodbye(Epoch, GoodbyeReason.Diverged, 0));
            return;
        }

        var end = context.Log.Last.Sequence;
        var point = context.Rules.Match(context.Log, hello);
        switch (point.Verdict)
        {
            case CatchUpVerdict.BaseCopy:
                replica.Copies(end);
                context.Emit(new NodeOutput.ServeBaseCopy(replica.Link.Connection));
                break;
            case CatchUpVerdict.Refuse:
                context.Tell($"{replica.Link.Peer} cannot follow: {point.Reason}. Its log is none of this group's.");
                break;
            default:
                replica.Matched(point.Match, end);
                break;
        }

        context.Send(replica.Link, new ReplicaHelloAck(
            Epoch, point.Verdict, point.Match, context.Log.FirstStreamable, replica.Counts, point.Reason));
    }

    /// <summary>A follower acknowledges batches.</summary>
    /// <param name="replica">The follower.</param>
    /// <param name="ack">What it says.</param>
    internal void Receive(Replica replica, AppendAck ack)
    {
        var isFirst = replica.Phase == ReplicaPhase.Matching;
        if ((!isFirst && !replica.IsStreaming)
            || ack.Durable > ack.Appended
            || ack.Appended > context.Log.Last.Sequence
            || (isFirst && ack.Appended != replica.MatchedAt.Sequence))
        {
            context.CloseAsNonsense(replica.Link);
            return;
        }

        replica.Acknowledged(ack.Durable, ack.Applied, ack.Window);
    }

    /// <summary>A follower acknowledges a beacon: it has promised.</summary>
    /// <param name="replica">The follower.</param>
    /// <param name="ack">What it says.</param>
    internal void Receive(Replica replica, BeaconAck ack)
    {
        // A shorter promise than this node's lease needs, by another configuration, earns nothing.
        var promised = TimeSpan.FromMilliseconds(ack.PromiseMillis);
        if (promised >= context.Settings.Timings.Lease * 1.2 && _beacons.TryFind(ack.Number, out var sentAt))
        {
            replica.BeaconAcknowledged(sentAt, ack);
        }
    }

    /// <summary>The driver has sent frames to a follower.</summary>
    /// <param name="replica">The follower.</param>
    /// <param name="shipped">What was sent.</param>
    internal void Shipped(Replica replica, NodeInput.Shipped shipped)
    {
        Check.That(context.Log.History.Holds(shipped.Through));
        replica.ShippingDone(shipped.Through, shipped.Bytes);
    }

    /// <summary>The commit pipeline has appended a group.</summary>
    /// <param name="last">End of the log.</param>
    /// <param name="bytes">Bytes of the group.</param>
    internal void Appended(KvsVersion last, int bytes) => _uncommitted.Add(last.Sequence, bytes);

    /// <summary>Beacons so far earn no lease any more: the wall clock was set back, or a lease was given up.</summary>
    internal void DropLease()
    {
        _beacons.Drop();
        foreach (var replica in _replicas)
        {
            replica.DropBeacons();
        }
    }

    /// <summary>Holds writes, or takes them again; the lease is the caller's to drop.</summary>
    /// <param name="isHandingOver">Whether a transfer is under way.</param>
    internal void HandingOver(bool isHandingOver)
    {
        IsHandingOver = isHandingOver;
        _isSilent = false;
    }

    /// <summary>
    /// Gives the lease up for another node, before that node hears of it: until then it serves what is answered while the
    /// log comes to stand still. Beacons so far earn none, and none is sent until the transfer has ended, for it would bind
    /// anew who was just set free.
    /// </summary>
    internal void GiveUpLease()
    {
        DropLease();
        SetLease(null);
        _isSilent = true;
    }

    /// <summary>Goes on wherever something has become possible.</summary>
    /// <param name="policy">Who counts.</param>
    internal void Advance(IReplicationPolicy policy)
    {
        if (!HasBegun)
        {
            return;
        }

        foreach (var replica in _replicas)
        {
            replica.Measure(context.Now.Monotonic, context.Log.Appended);
        }

        Commit(policy);
        Ship();
        SetLease(IsEstablished && !_isSilent ? policy.LeaseFrom(this) : null);
        SetAdmission(Admission(policy));
        if (context.Now.Monotonic >= _nextBeacon)
        {
            SendBeacons();
        }

        if (_digests.Advance(this) is { } successor)
        {
            policy.Handle(new NodeInput.HandOver(0, successor));
        }
    }

    private void Commit(IReplicationPolicy policy)
    {
        // Durable here too: what is published is read from this node's own log.
        var acknowledged = Math.Min(policy.Acknowledged(this), context.Log.Durable);
        var committed = context.Rules.Committed(acknowledged, EpochStart);
        if (committed > context.Log.Commit)
        {
            context.Log.CommittedTo(committed);
            _uncommitted.CommittedTo(committed);
            context.Emit(new NodeOutput.Commit(committed));
        }
    }

    private void Ship()
    {
        foreach (var replica in _replicas)
        {
            if (replica.IsStreaming
                && !replica.IsShipping
                && replica.ShippedThrough.Sequence < context.Log.Appended
                && replica.InFlightBytes < replica.WindowBytes)
            {
                replica.ShippingBegins();
                context.Emit(new NodeOutput.Ship(
                    replica.Link.Connection,
                    Epoch,
                    replica.ShippedThrough,
                    context.Log.Appended,
                    replica.WindowBytes - replica.InFlightBytes,
                    context.Log.Commit));
            }
        }
    }

    private void SendBeacons()
    {
        _nextBeacon = context.Now.Monotonic + context.Settings.Timings.Beacon;
        if (_replicas.Count > 0 && !_isSilent)
        {
            var number = _beacons.Add(context.Now);
            foreach (var replica in _replicas)
            {
                SendBeacon(replica, number);
            }
        }
    }

    private void SendBeacon(Replica replica, ulong number) => context.Send(replica.Link, new Beacon(
        Epoch,
        number,
        context.Log.Commit,
        LogTimeMillis: 0,
        LeaseValid: _lease is { } from && context.Rules.LeaseHolds(from, context.Now, context.Settings.Timings.Lease),
        context.Revision,
        replica.Stamp));

    private WriteAdmission Admission(IReplicationPolicy policy)
    {
        var (have, need) = policy.Live(this);
        var kind = this switch
        {
            { IsHandingOver: true } => AdmissionKind.Held,
            _ when _uncommitted.Bytes >= context.Settings.UncommittedBytesMax => AdmissionKind.Overloaded,
            _ when have < need && context.Settings.Acks != AckMode.Local => AdmissionKind.NotEnoughReplicas,
            _ => AdmissionKind.Open,
        };
        return new WriteAdmission(kind, have, need);
    }

    private void SetLease(ClockReading? from)
    {
        if (from != _lease)
        {
            _lease = from;
            context.HasLease = from is not null;
            context.Emit(new NodeOutput.Lease(Epoch, from));
        }
    }

    private void SetAdmission(WriteAdmission admission)
    {
        if (admission != _admission)
        {
            _admission = admission;
            context.Emit(new NodeOutput.Admit(admission));
        }
    }
}

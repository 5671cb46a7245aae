using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.ControlPlane;
using Kvs.Core.Replication.Following;
using Kvs.Core.Replication.Leading;
using Kvs.Core.Replication.Links;

namespace Kvs.Core.Replication.Elected;

/// <summary>
/// The policy of a group whose record lies in a control plane: a compare-and-set elects, the in-sync set commits, and
/// followers dial the primary that the record names. Threading: the node's.
/// </summary>
internal sealed class ElectedPolicy : IReplicationPolicy
{
    private readonly NodeContext _context;
    private readonly Leader _leader;
    private readonly Follower _follower;
    private readonly GroupRegister _register;
    private readonly Membership _membership;
    private readonly Candidacy _candidacy;
    private readonly MemberChanges _changes;
    private readonly Reign _reign;
    private readonly LeaderKeeper _keeper;
    private readonly Confirmations _confirmations;
    private readonly HandOver _handOver;
    private readonly Dialler _dialler;
    private (string Primary, bool IsAsking) _reached = ("", false);

    /// <summary>Joins the parts.</summary>
    /// <param name="context">The node.</param>
    /// <param name="leader">The node as a primary.</param>
    /// <param name="follower">The node as a follower.</param>
    internal ElectedPolicy(NodeContext context, Leader leader, Follower follower)
    {
        _context = context;
        _leader = leader;
        _follower = follower;
        _register = new GroupRegister(context);
        _membership = new Membership(context, _register);
        _candidacy = new Candidacy(context, _register, _membership, leader, follower);
        _changes = new MemberChanges(context, _register, leader);
        _reign = new Reign(context, _register, _membership, leader, _changes);
        _handOver = new HandOver(context, leader);
        _keeper = new LeaderKeeper(context, _register, _membership, leader, _reign, _handOver);
        _confirmations = new Confirmations(context, _register, leader);
        _dialler = new Dialler(context);
    }

    /// <inheritdoc/>
    public NodeRole? Role => this switch
    {
        { _leader.IsEstablished: true } => NodeRole.Primary,
        { _leader.IsActive: true } => NodeRole.Recovering,
        { _membership.HasLeft: true } => NodeRole.Left,
        { _candidacy.IsActive: true } => NodeRole.Candidate,
        _ => null,
    };

    /// <inheritdoc/>
    public bool Counts => _register.State is { } state && state.InSync.Contains(_membership.Self);

    /// <inheritdoc/>
    public string PrimaryHint => _leader.IsActive ? _context.Self
        : _context.Record.Candidate != _context.Self ? _context.Record.Candidate
        : "";

    /// <summary>The nodes that must hold a batch before this one, the primary, commits it.</summary>
    internal IReadOnlyList<GroupMember> Must => _leader.IsActive ? _reign.Must : [];

    /// <inheritdoc/>
    public void Start()
    {
        var record = _context.Record;
        if (_context.Rules.IsBoundAfterRestart(record, _context.Log.Last))
        {
            _context.Promise.BindAfterRestart();
        }

        _candidacy.Start();
        var isNew = record.Incarnation == 0 || _context.MayHaveLost;
        if (isNew || record.Self.Length == 0)
        {
            if (_context.MayHaveLost && record.Incarnation != 0)
            {
                _context.Tell("This node did not stop cleanly, and its durability acknowledges before it syncs: batches that "
                    + "it acknowledged may be missing. It counts again when it has caught up with a primary. If all nodes "
                    + "of the in-sync set stopped like this, nobody can prove to hold everything, and a person must decide.");
            }

            _context.Remember(record with
            {
                Self = record.Self.Length == 0 ? _context.Settings.NodeId : record.Self,
                Incarnation = isNew ? _context.EpochSource.NextStoreId() : record.Incarnation,
            });
        }
    }

    /// <inheritdoc/>
    public void Handle(NodeInput input)
    {
        switch (input)
        {
            case NodeInput.GroupRead read when !_confirmations.Ended(read):
                _register.Ended(read);
                break;
            case NodeInput.GroupWritten written:
                _register.Ended(written);
                break;
            case NodeInput.GroupSeen seen:
                _register.Seen(seen.View);
                break;
            case NodeInput.NodeLease lease:
                _register.Lease = lease.Lease;
                break;
            case NodeInput.ConfirmReads confirm:
                _confirmations.Ask(confirm.Ticket);
                break;
            case NodeInput.HandOver handOver:
                _handOver.Begin(handOver.Target.Length > 0 ? handOver : handOver with { Target = _reign.FindSuccessor() ?? "" });
                break;
            case NodeInput.WritesHeld:
                _handOver.WritesHeld();
                break;
            case NodeInput.Leave leave:
                _changes.Leave(leave.Request, leave.Node);
                break;
            case NodeInput.Add add:
                _changes.Add(add.Request, add.Node);
                break;
            case NodeInput.ForcePromote promote:
                _candidacy.Force(promote.Request);
                break;
            case NodeInput.Promote promote:
                Promote(promote.Request);
                break;
        }
    }

    /// <inheritdoc/>
    public void Receive(Link link, ClusterMessage message)
    {
        switch (message)
        {
            case LogStateRequest request:
                Receive(link, request);
                break;
            case LogState state when link.Dialled:
                _dialler.Answered(link.Peer);
                _candidacy.Receive(link, state.Report);
                break;
            case Transfer transfer:
                Receive(link, transfer);
                break;
            case TransferReady ready:
                _handOver.Receive(link, ready);
                break;
            case Fenced fenced:
                _register.Refresh();
                _context.Close(link);
                Believe(fenced);
                break;
            default:
                _context.CloseAsNonsense(link);
                break;
        }
    }

    /// <inheritdoc/>
    public void Opened(Link link)
    {
        if (link.Dialled)
        {
            _dialler.Reached(link.Peer);
            if (!_dialler.Wants(link.Peer))
            {
                _context.Close(link);
            }
            else if (_candidacy.Asked.Contains(link.Peer))
            {
                Ask(link);
            }
        }
    }

    /// <inheritdoc/>
    public void Stops(Replica replica) => _reign.Stops(replica);

    /// <inheritdoc/>
    public void Closed(Link link)
    {
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
        // The record says who leads it; then this node follows, or is no longer followed.
        _register.Refresh();
        _context.Close(link, new Goodbye(_context.Record.PromisedEpoch, GoodbyeReason.NotPrimary, 0));
    }

    /// <inheritdoc/>
    public Replica? Admit(Link link, ReplicaHello hello)
    {
        if (link.Dialled || hello.NodeId == _context.Self || hello.StoreId != _context.Record.StoreId)
        {
            _context.CloseAsNonsense(link);
            return null;
        }

        if (_register.State?.RoleOf(hello.NodeId) is null)
        {
            // It may be listed already, and this node has not heard of that.
            _register.Refresh();
            _context.Close(link, new Goodbye(_leader.Epoch, GoodbyeReason.Stranger, 0));
            return null;
        }

        link.Peer = hello.NodeId;
        return _leader.Attach(link, _register.State.InSync.Contains(new GroupMember(hello.NodeId, hello.Incarnation)));
    }

    /// <inheritdoc/>
    public ulong Acknowledged(Leader leader) => _reign.Acknowledged();

    /// <inheritdoc/>
    public ClockReading? LeaseFrom(Leader leader) => _reign.LeaseFrom();

    /// <inheritdoc/>
    public (int Have, int Need) Live(Leader leader) => _reign.Live();

    /// <inheritdoc/>
    public void Advance()
    {
        _register.Advance();
        _membership.Judge();
        Adopt();
        var wasActive = _leader.IsActive;
        _candidacy.Advance();
        if (_leader.IsActive && !wasActive)
        {
            _reign.Begin(_candidacy.Predecessor);
            _keeper.Begin();
        }

        if (_leader.IsActive)
        {
            _reign.Advance();
            _keeper.Advance();
        }

        _membership.Advance();
        _changes.Advance();
        _confirmations.Advance();
        _handOver.Advance(PrimaryHint);
        _context.MayPromise = !_candidacy.MayBeElected;
        _context.Health = NodeHealth.CanLead | (_register.IsReachable ? NodeHealth.ControlPlaneReachable : NodeHealth.None);
        Reach();
    }

    // The primary that this node is to follow; empty for none. Without a view, the one that it remembers.
    private string Primary =>
        _leader.IsActive || _follower.IsDiverged || !_membership.TakesPart || (_register.View is not null && !_membership.IsListed)
            ? ""
            : PrimaryHint;

    private void Adopt()
    {
        if (_membership.IsStranger)
        {
            _leader.End("The control plane's record is not this group's.");
            return;
        }

        var record = _context.Record;
        if (_register.State is not { } state || (state.Epoch <= record.PromisedEpoch && state.ClusterId == record.StoreId))
        {
            return;
        }

        Check.That(state.Epoch > record.PromisedEpoch);
        StepAside(record with
        {
            StoreId = state.ClusterId,
            PromisedEpoch = state.Epoch,
            Candidate = state.Primary.Node,
            Campaign = record.Campaign?.Revision == _register.Revision ? record.Campaign : null,
        });
        _candidacy.Decided(state.Primary == _membership.Self ? state.Epoch : 0);
    }

    // Nodes have their epochs from the record, so this one may take another's word for a later epoch. It helps a primary
    // that is cut off from the control plane, and only from that: it follows the one that it has handed over to.
    private void Believe(Fenced fenced)
    {
        var record = _context.Record;
        if (record.PromisedEpoch != 0
            && fenced.Epoch > record.PromisedEpoch
            && fenced.PrimaryHint.Length > 0
            && fenced.PrimaryHint != _context.Self)
        {
            StepAside(record with { PromisedEpoch = fenced.Epoch, Candidate = fenced.PrimaryHint });
        }
    }

    private void StepAside(MemberRecord next)
    {
        _handOver.Superseded(next.Candidate);
        _context.Remember(next);
        _leader.End($"{next.Candidate} leads a later epoch.");
        _follower.Abandon(except: null);
    }

    private void Reach()
    {
        var primary = Primary;
        var reached = (primary, _candidacy.Phase == CandidacyPhase.Asking);
        if (reached != _reached)
        {
            _reached = reached;
            _dialler.Reach(primary.Length > 0 ? _candidacy.Asked.Append(primary).Distinct() : _candidacy.Asked);
            foreach (var link in _context.Links.Where(link => link.Dialled && !_dialler.Wants(link.Peer)).ToArray())
            {
                _context.Close(link);
            }

            foreach (var link in _context.Links.Where(link => link.Dialled && _candidacy.Asked.Contains(link.Peer)))
            {
                Ask(link);
            }
        }

        if (_follower.Primary is null
            && primary.Length > 0
            && _context.Links.FirstOrDefault(link => link.Dialled && link.Peer == primary) is { } open)
        {
            _follower.Follow(open);
        }

        if (_follower is { Phase: FollowPhase.Streaming, Primary: { } followed })
        {
            _dialler.Answered(followed.Peer);
        }

        _dialler.Advance();
    }

    private void Ask(Link link) => _context.Send(link, new LogStateRequest(
        _context.Record.PromisedEpoch, _context.Record.StoreId, _context.Self, link.Peer, []));

    private void Receive(Link link, LogStateRequest request)
    {
        if (link.Dialled || request.StoreId != _context.Record.StoreId)
        {
            _context.CloseAsNonsense(link);
            return;
        }

        _context.Send(link, new LogState(_context.Record.PromisedEpoch, _context.Report(ListState.None)));
    }

    private void Receive(Link link, Transfer transfer)
    {
        // Whoever has promised to wait for the primary's lease need not any more.
        _context.Promise.EndFor(link.Peer);
        if (transfer.NewPrimary != _context.Self)
        {
            return;
        }

        var log = _context.Log;
        var accepts = _follower.Phase == FollowPhase.Streaming
            && transfer.Upto == log.Last
            && transfer.Upto.Sequence <= log.Durable
            && !_candidacy.MayBeElected;
        _context.Send(link, new TransferReady(transfer.Epoch, log.Last.Sequence, accepts));
        if (accepts)
        {
            // It may have been taken into the in-sync set just now; the record decides.
            _register.Refresh();
            _candidacy.TakeOver(link.Peer, TimeSpan.FromMilliseconds(transfer.DeadlineMillis));
        }
    }

    private void Promote(long request)
    {
        var isPrimary = _leader.IsActive;
        _context.Emit(new NodeOutput.Answer(
            request,
            isPrimary,
            isPrimary ? "This node leads."
                : "Not promoted: with a control plane an in-sync node is elected by itself. Transfer from the primary to choose which.",
            _context.Record.Candidate));
    }
}

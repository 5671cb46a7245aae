using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Replication;
using Kvs.Server.Cluster.Driver;
using Kvs.Server.Cluster.Forwarding;
using Kvs.Server.Cluster.Reads;
using Kvs.Server.Cluster.Store;
using Kvs.Server.Configuration;
using Kvs.Server.Doors;
using NodeRole = Kvs.Core.Operations.NodeRole;

namespace Kvs.Server.Cluster;

/// <summary>
/// The cluster as the doors see it: when reads may be served here, how things stand, and what people ask for.
/// Threading: any thread.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="driver">The node.</param>
/// <param name="reads">When reads may be served.</param>
/// <param name="primary">The way to the primary.</param>
/// <param name="options">The options.</param>
/// <param name="addressOf">Where a node is; null when nobody knows.</param>
internal sealed class ClusterDesk(
    MemberStore store, NodeDriver driver, ClusterReads reads, PrimaryConnection primary, ServerOptions options,
    Func<string, string?> addressOf) : IClusterDesk
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(15);

    /// <inheritdoc/>
    public NodeRole Role => driver.Status.Role switch
    {
        Kvs.Core.Replication.NodeRole.Primary or Kvs.Core.Replication.NodeRole.Recovering => NodeRole.Primary,
        _ => driver.Status.Members.IsEmpty ? NodeRole.Learner : NodeRole.Replica,
    };

    /// <inheritdoc/>
    public string NodeId => driver.Status.Self;

    /// <inheritdoc/>
    public bool IsFresh(Consistency consistency, KvsVersion atLeast) => reads.IsFresh(consistency, atLeast);

    /// <inheritdoc/>
    public Task FreshenAsync(Consistency consistency, KvsVersion atLeast, long deadline) =>
        reads.FreshenAsync(consistency, atLeast, deadline);

    /// <inheritdoc/>
    public ValueTask<KvsVersion> PositionAsync(Consistency consistency, bool isForwarded, long deadline) =>
        isForwarded ? reads.PositionHereAsync(deadline) : reads.PositionAsync(consistency, deadline);

    /// <inheritdoc/>
    public ClusterStatus Status()
    {
        var status = driver.Status;
        var figures = driver.Figures;
        var nodes = new List<ClusterNode>();
        foreach (var member in status.Members.IsEmpty && status.Self.Length > 0 ? [status.Self] : status.Members)
        {
            nodes.Add(NodeOf(member, status, figures));
        }

        return new ClusterStatus
        {
            Cluster = status.StoreId.ToString("x32", System.Globalization.CultureInfo.InvariantCulture),
            Mode = options.Cluster.HasControlPlane ? "etcd" : "static",
            Epoch = status.Epoch,
            Primary = status.Primary,
            Acks = options.Cluster.AckMode switch { AckMode.Local => "local", AckMode.InSync => "isr", _ => "quorum" },
            Committed = store.Version,
            Lease = !status.Leads ? "" : driver.Lease.Holds ? "held" : "missing",
            ReadOnlyReason = ReasonOf(status, figures),
            Advice = AdviceOf(status, figures),
            Nodes = nodes,
        };
    }

    /// <inheritdoc/>
    public Task<string> PromoteAsync(string node) => PromoteAsync(node, static number => new NodeInput.Promote(number));

    /// <inheritdoc/>
    public Task<string> ForcePromoteAsync(string node) => PromoteAsync(node, static number => new NodeInput.ForcePromote(number));

    private async Task<string> PromoteAsync(string node, Func<long, NodeInput> how)
    {
        if (node.Length > 0 && node != driver.Status.Self)
        {
            throw new KvsException(
                ErrorCode.InvalidArgument,
                $"This is {driver.Status.Self}. A promotion is asked of the node that shall lead: give --addr {node}.",
                WriteOutcome.NotApplied);
        }

        return Say(await AskAsync(how));
    }

    /// <inheritdoc/>
    public async Task<string> TransferAsync(string node)
    {
        if (driver.Status.Leads)
        {
            using var patience = new CancellationTokenSource(_patience);
            return await HandOverAsync(node, patience.Token);
        }

        using var limit = new CancellationTokenSource(_patience);
        var connection = await primary.ConnectAsync(limit.Token);
        return await connection.CallAsync(Calls.Node, (Opcode.ClusterTransfer, node), default, limit.Token);
    }

    /// <inheritdoc/>
    public async Task<string> LeaveAsync(string node)
    {
        if (!options.Cluster.HasControlPlane)
        {
            throw new KvsException(
                ErrorCode.NotSupported,
                "The list of a static group is fixed; nodes leave clusters that live in etcd.",
                WriteOutcome.NotApplied);
        }

        if (driver.Status.Leads)
        {
            return Say(await AskAsync(number => new NodeInput.Leave(number, node)));
        }

        using var limit = new CancellationTokenSource(_patience);
        var connection = await primary.ConnectAsync(limit.Token);
        return await connection.CallAsync(Calls.Node, (Opcode.ClusterLeave, node), default, limit.Token);
    }

    /// <summary>Moves the primary away from this node.</summary>
    /// <param name="node">To whom; empty for the one that is furthest.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    internal async Task<string> HandOverAsync(string node, CancellationToken cancellationToken)
    {
        var target = node.Length > 0 ? node : driver.Figures.Followers
            .Where(static follower => follower.Counts && follower.IsStreaming)
            .OrderByDescending(static follower => follower.Durable)
            .Select(static follower => follower.Node)
            .FirstOrDefault();
        if (target is null && !options.Cluster.HasControlPlane)
        {
            throw new KvsUnavailableException(ErrorCode.NotEnoughReplicas, "No other node is in sync that could take over.");
        }

        return Say(await driver.Operators.AskAsync(number => new NodeInput.HandOver(number, target ?? ""), cancellationToken));
    }

    private static string Say(NodeOutput.Answer answer)
    {
        if (answer.Done)
        {
            return answer.Text;
        }

        if (answer.IsUnknown)
        {
            throw new KvsUnavailableException(ErrorCode.DeadlineExceeded, answer.Text, WriteOutcome.Unknown);
        }

        var hint = answer.Better.Length > 0 ? $" Ask {answer.Better} instead." : "";
        throw new KvsException(ErrorCode.Overloaded, answer.Text + hint, WriteOutcome.NotApplied);
    }

    private async Task<NodeOutput.Answer> AskAsync(Func<long, NodeInput> input)
    {
        using var patience = new CancellationTokenSource(_patience);
        try
        {
            return await driver.Operators.AskAsync(input, patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new KvsUnavailableException(
                ErrorCode.DeadlineExceeded,
                $"The node did not finish within {_patience.TotalSeconds:0} s. It goes on; ask for the status.",
                WriteOutcome.Unknown);
        }
    }

    private ClusterNode NodeOf(string member, NodeStatus status, NodeFigures figures)
    {
        var isPrimary = member == status.Primary;
        if (member == status.Self)
        {
            return new ClusterNode
            {
                NodeId = member,
                Address = options.Cluster.AddressFor(options.Address).ToString(),
                Role = isPrimary ? NodeRole.Primary : NodeRole.Replica,
                State = status.Role.ToString().ToLowerInvariant(),
                InSync = status.Leads || status.Role == Kvs.Core.Replication.NodeRole.Follower,
                Durable = figures.Durable,
                Applied = store.Version,
            };
        }

        var follower = figures.Followers.FirstOrDefault(other => other.Node == member);
        var isRecorded = status.InSync.Contains(member);
        return new ClusterNode
        {
            NodeId = member,
            Address = addressOf(member) ?? "",
            Role = isPrimary ? NodeRole.Primary : NodeRole.Replica,
            State = !status.Leads ? (isPrimary ? "primary" : isRecorded ? "in sync" : "not known here")
                : figures.Diverged.Contains(member) ? "diverged"
                : follower is null ? "away"
                : follower.State,
            InSync = isPrimary || (status.Leads ? follower is { Counts: true, IsStreaming: true } : isRecorded),
            Durable = new KvsVersion(follower is null ? 0 : status.Epoch, follower?.Durable ?? 0),
            Applied = new KvsVersion(follower is null ? 0 : status.Epoch, follower?.Applied ?? 0),
            LagBytes = follower?.InFlightBytes ?? 0,
            Lag = follower?.Lag ?? TimeSpan.Zero,
        };
    }

    private static string? ReasonOf(NodeStatus status, NodeFigures figures) => status switch
    {
        { Role: Kvs.Core.Replication.NodeRole.Diverged } => "the data of this node is not the group's",
        { Leads: false, Primary.Length: 0 } => "no primary is known",
        { Leads: true } when figures.Have < figures.Need => $"{figures.Have} of the {figures.Need} nodes that a write needs can be reached",
        _ => null,
    };

    private static string? AdviceOf(NodeStatus status, NodeFigures figures) => status switch
    {
        { Role: Kvs.Core.Replication.NodeRole.Diverged } =>
            "Look at this node's files; to let it take part again, stop it, empty its data directory, start it.",
        { Leads: true } when !figures.Diverged.IsEmpty =>
            $"Look at the files of {string.Join(", ", figures.Diverged)}; to let it take part again, stop it, empty its data "
            + "directory, start it.",
        { Leads: false, Primary.Length: 0, InSync.IsEmpty: false } =>
            $"One of {string.Join(", ", status.InSync)} leads by itself as soon as it runs with all that it had: start them. "
            + "If that is lost for good on all of them, and only then, a person can give up what the others lack: "
            + "kvs-client --addr NODE cluster force-promote --accept-data-loss.",
        { MayHaveLost: true, InSync.IsEmpty: true } =>
            "This node did not stop cleanly and may miss acknowledged writes. It counts again when it has caught up with a primary; "
            + "if none is there, let a node that counts lead: kvs-client --addr NODE cluster promote. If fewer than a majority count, "
            + "and only then, a person can give up what is missing: compare what the nodes have (durable, in the status of each), "
            + "and on the one that has most: kvs-client --addr NODE cluster force-promote --accept-data-loss.",
        { Leads: false, Primary.Length: 0 } =>
            "Start the other nodes. If the primary is lost, let a replica lead: kvs-client --addr REPLICA cluster promote.",
        { Leads: true } when figures.Have < figures.Need => "Start the nodes that are away.",
        _ => null,
    };
}

using Kvs.Core.Client.Calling;
using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Core.Client;

/// <summary>
/// What a person asks of a cluster, by any node of it. A server that is in no cluster answers
/// <see cref="ErrorCode.NotSupported"/>, except to <see cref="PositionAsync"/>. Threading: any thread.
/// </summary>
public sealed class KvsCluster
{
    private readonly Caller _caller;

    internal KvsCluster(Caller caller) => _caller = caller;

    /// <summary>What the node that is asked knows of the cluster.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<ClusterStatus> StatusAsync(CancellationToken cancellationToken = default) =>
        _caller.CallAsync(Calls.ClusterStatus, Opcode.ClusterStatus, default, cancellationToken).AsTask();

    /// <summary>Makes a replica the primary.</summary>
    /// <param name="node">Its id or address; empty for the node that is asked.</param>
    /// <param name="cancellationToken">Ends the waiting, not the work.</param>
    /// <returns>What was done, for people.</returns>
    public Task<string> PromoteAsync(string node, CancellationToken cancellationToken = default) =>
        AskAsync(Opcode.ClusterPromote, node, cancellationToken);

    /// <summary>
    /// Makes a node the primary of a cluster in etcd, although it may lack acknowledged writes: when all nodes that hold them
    /// are lost for good. What it lacks is lost, and the cluster's record tells so for ever.
    /// </summary>
    /// <param name="node">Its id or address; empty for the node that is asked.</param>
    /// <param name="cancellationToken">Ends the waiting, not the work.</param>
    /// <returns>What was done, for people.</returns>
    public Task<string> ForcePromoteAsync(string node, CancellationToken cancellationToken = default) =>
        AskAsync(Opcode.ClusterForcePromote, node, cancellationToken);

    /// <summary>Moves the primary to another node.</summary>
    /// <param name="node">Its id or address; empty for the cluster's choice.</param>
    /// <param name="cancellationToken">Ends the waiting, not the work.</param>
    /// <returns>What was done, for people.</returns>
    public Task<string> TransferAsync(string node, CancellationToken cancellationToken = default) =>
        AskAsync(Opcode.ClusterTransfer, node, cancellationToken);

    /// <summary>Removes a node from the cluster.</summary>
    /// <param name="node">Its id or address.</param>
    /// <param name="cancellationToken">Ends the waiting, not the work.</param>
    /// <returns>What was done, for people.</returns>
    public Task<string> LeaveAsync(string node, CancellationToken cancellationToken = default) =>
        AskAsync(Opcode.ClusterLeave, node, cancellationToken);

    /// <summary>The newest position that is acknowledged, to anyone and by any node.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<KvsVersion> PositionAsync(CancellationToken cancellationToken = default) =>
        _caller.CallAsync(Calls.Position, Opcode.Position, default, cancellationToken).AsTask();

    // Once: a person who is not told the outcome looks at the status, and decides anew.
    private Task<string> AskAsync(Opcode opcode, string node, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(node);
        return _caller.Once().CallAsync(Calls.Node, (opcode, node), default(RequestFields), cancellationToken).AsTask();
    }
}

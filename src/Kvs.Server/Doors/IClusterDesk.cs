using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors;

/// <summary>
/// What a door asks of the cluster that the server belongs to; the cluster's driver answers. A server of its own has none.
/// Threading: any thread; a call may take as long as the cluster does. A refusal is a <see cref="KvsException"/>.
/// </summary>
internal interface IClusterDesk
{
    /// <summary>What this node does.</summary>
    NodeRole Role { get; }

    /// <summary>Who this node is; empty until it was told.</summary>
    string NodeId { get; }

    /// <summary>Whether the newest state here may be read at once. Cheap; without a lock.</summary>
    /// <param name="consistency">What the read may miss.</param>
    /// <param name="atLeast">A position that it must not miss; none for none.</param>
    bool IsFresh(Consistency consistency, KvsVersion atLeast);

    /// <summary>Waits until the newest state here may be read.</summary>
    /// <param name="consistency">What the read may miss.</param>
    /// <param name="atLeast">A position that it must not miss; none for none.</param>
    /// <param name="deadline">Timestamp at which it is too late; <see cref="long.MaxValue"/> for never.</param>
    Task FreshenAsync(Consistency consistency, KvsVersion atLeast, long deadline);

    /// <summary>What this node knows of the cluster.</summary>
    ClusterStatus Status();

    /// <summary>
    /// The newest committed position, as the primary tells it while it may answer linearizable reads; for stale reads, the
    /// position that this node shows.
    /// </summary>
    /// <param name="consistency">Which of the two.</param>
    /// <param name="isForwarded">Whether another node asks: then this one, the primary, answers or nobody.</param>
    /// <param name="deadline">Timestamp at which it is too late; <see cref="long.MaxValue"/> for never.</param>
    ValueTask<KvsVersion> PositionAsync(Consistency consistency, bool isForwarded, long deadline);

    /// <summary>Makes a replica the primary.</summary>
    /// <param name="node">Its id or address; empty for this node.</param>
    /// <returns>What was done, for people.</returns>
    Task<string> PromoteAsync(string node);

    /// <summary>Makes this node the primary although acknowledged writes may be lost by it.</summary>
    /// <param name="node">Its id or address; empty for this node.</param>
    /// <returns>What was done, for people.</returns>
    Task<string> ForcePromoteAsync(string node);

    /// <summary>Moves the primary.</summary>
    /// <param name="node">Id or address of the next primary; empty for the cluster's choice.</param>
    /// <returns>What was done, for people.</returns>
    Task<string> TransferAsync(string node);

    /// <summary>Removes a node.</summary>
    /// <param name="node">Its id or address.</param>
    /// <returns>What was done, for people.</returns>
    Task<string> LeaveAsync(string node);
}

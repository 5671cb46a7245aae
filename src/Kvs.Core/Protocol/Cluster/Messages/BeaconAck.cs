namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>
/// The follower's promise: for a time it neither campaigns nor helps another node to lead.
/// </summary>
/// <param name="Epoch">The epoch of the connection.</param>
/// <param name="Number">Number of the beacon.</param>
/// <param name="Durable">Newest synced sequence; for people, it commits nothing.</param>
/// <param name="Stamp">The follower's monotonic clock in nanoseconds; comes back in <see cref="Beacon.Echo"/>.</param>
/// <param name="PromiseMillis">How long the promise holds from the receipt of the beacon.</param>
/// <param name="Health">How the follower is.</param>
internal sealed record BeaconAck(
    ulong Epoch,
    ulong Number,
    ulong Durable,
    long Stamp,
    uint PromiseMillis,
    NodeHealth Health) : ClusterMessage(Epoch);

/// <summary>How a node is. Bits are part of the protocol.</summary>
[Flags]
internal enum NodeHealth
{
    /// <summary>Nothing to say.</summary>
    None = 0,

    /// <summary>It reaches the control plane.</summary>
    ControlPlaneReachable = 1,

    /// <summary>Its syncs take long.</summary>
    DiskSlow = 2,

    /// <summary>It could lead.</summary>
    CanLead = 4,
}

namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>
/// The primary is there, and asks for a promise. In static mode the first one on a connection invites the
/// follower's <see cref="ReplicaHello"/>.
/// </summary>
/// <param name="Epoch">The epoch that the sender leads.</param>
/// <param name="Number">Counts the sender's beacons.</param>
/// <param name="Commit">Newest committed sequence.</param>
/// <param name="LogTimeMillis">The primary's log time.</param>
/// <param name="LeaseValid">Whether the sender held a read lease when it sent this.</param>
/// <param name="Revision">Revision of the group's record in the control plane; 0 without one.</param>
/// <param name="Echo">The receiver's own stamp, from its newest <see cref="BeaconAck"/>.</param>
internal sealed record Beacon(
    ulong Epoch,
    ulong Number,
    ulong Commit,
    long LogTimeMillis,
    bool LeaseValid,
    long Revision,
    long Echo) : ClusterMessage(Epoch);

namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>The sender closes the connection behind this, and says why.</summary>
/// <param name="Epoch">Newest epoch that the sender has promised.</param>
/// <param name="Reason">Why.</param>
/// <param name="RetryAfterMillis">When it is worth dialling again; 0 for as usual.</param>
internal sealed record Goodbye(ulong Epoch, GoodbyeReason Reason, uint RetryAfterMillis) : ClusterMessage(Epoch);

/// <summary>Why a connection ends. Numbers are part of the protocol.</summary>
internal enum GoodbyeReason
{
    /// <summary>The node stops.</summary>
    Stopping = 0,

    /// <summary>It is not the primary, or not yet.</summary>
    NotPrimary = 1,

    /// <summary>What was received makes no sense here.</summary>
    Protocol = 2,

    /// <summary>Its disk has no room.</summary>
    DiskFull = 3,

    /// <summary>The follower's data, said by it or by its primary, is not the group's: a person must look.</summary>
    Diverged = 4,

    /// <summary>The stores, or the lists, differ.</summary>
    Stranger = 5,

    /// <summary>The other side has not proved that it knows the cluster's secret.</summary>
    Unproven = 6,
}

using System.Collections.Immutable;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>
/// From a follower to the primary: what its log holds, so that the primary finds the last batch that both share.
/// </summary>
/// <param name="Epoch">The epoch that the follower has promised, durably.</param>
/// <param name="StoreId">Id of its store (in a cluster with a control plane: the cluster's).</param>
/// <param name="NodeId">Who it is.</param>
/// <param name="Incarnation">Drawn anew when its disk was lost.</param>
/// <param name="Last">End of its log, what is not synced yet included.</param>
/// <param name="Commit">Newest sequence that it knows to be committed; its log is never cut below.</param>
/// <param name="EpochTail">Its newest epochs, newest first, at most <see cref="EpochTailMax"/>.</param>
/// <param name="Window">Bytes that it takes in flight.</param>
internal sealed record ReplicaHello(
    ulong Epoch,
    UInt128 StoreId,
    string NodeId,
    UInt128 Incarnation,
    KvsVersion Last,
    ulong Commit,
    ImmutableArray<EpochSpan> EpochTail,
    uint Window) : ClusterMessage(Epoch)
{
    /// <summary>Most epochs in <see cref="EpochTail"/>; who parted from the primary further back gets a base copy.</summary>
    internal const int EpochTailMax = 64;
}

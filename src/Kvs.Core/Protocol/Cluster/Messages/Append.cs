using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>
/// Group frames of one epoch, as they stand in the primary's log. Accepted only when <paramref name="Previous"/> is the
/// end of the receiver's log.
/// </summary>
/// <param name="Epoch">The epoch that the sender leads; the frames may be of older ones.</param>
/// <param name="Previous">The batch before the first.</param>
/// <param name="First">The first batch.</param>
/// <param name="Last">The last batch, of the same epoch as the first.</param>
/// <param name="Commit">Newest committed sequence.</param>
/// <param name="Frames">The bytes, opaque to the node. Ownership: the receive buffer's, until the step returns.</param>
internal sealed record Append(
    ulong Epoch,
    KvsVersion Previous,
    KvsVersion First,
    KvsVersion Last,
    ulong Commit,
    ReadOnlyMemory<byte> Frames) : ClusterMessage(Epoch);

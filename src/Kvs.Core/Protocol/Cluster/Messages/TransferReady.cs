namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>Answers <see cref="Transfer"/>.</summary>
/// <param name="Epoch">The epoch of the connection.</param>
/// <param name="Sequence">End of the sender's log.</param>
/// <param name="Accepted">Whether it tries to lead.</param>
internal sealed record TransferReady(ulong Epoch, ulong Sequence, bool Accepted) : ClusterMessage(Epoch);

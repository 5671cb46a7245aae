namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>Answers <see cref="Seal"/>, when the promise is durable and earlier ones have run out.</summary>
/// <param name="Epoch">Newest epoch that the sender has promised.</param>
/// <param name="SealedEpoch">The epoch that was asked for.</param>
/// <param name="Accepted">Whether it is promised to that candidate.</param>
/// <param name="Report">What the sender's log holds; final for all lower epochs.</param>
internal sealed record SealAck(ulong Epoch, ulong SealedEpoch, bool Accepted, LogReport Report) : ClusterMessage(Epoch);

namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>
/// How far a follower has come. Cumulative; valid for the epoch of its connection only, and sent only after the match.
/// </summary>
/// <param name="Epoch">The epoch of the connection.</param>
/// <param name="Durable">Newest sequence that is synced.</param>
/// <param name="Appended">Newest sequence that is in the log.</param>
/// <param name="Applied">Newest sequence that readers see.</param>
/// <param name="Window">Bytes that it takes in flight.</param>
internal sealed record AppendAck(ulong Epoch, ulong Durable, ulong Appended, ulong Applied, uint Window) : ClusterMessage(Epoch);

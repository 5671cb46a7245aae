namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>Answers <see cref="LogStateRequest"/>.</summary>
/// <param name="Epoch">Newest epoch that the sender has promised.</param>
/// <param name="Report">What it holds.</param>
internal sealed record LogState(ulong Epoch, LogReport Report) : ClusterMessage(Epoch);

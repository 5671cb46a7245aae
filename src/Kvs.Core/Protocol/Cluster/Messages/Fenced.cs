namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>The receiver's epoch is over. The sender closes the connection behind it.</summary>
/// <param name="Epoch">The newest epoch that the sender has promised.</param>
/// <param name="PrimaryHint">The node that it was promised to; empty when unknown.</param>
internal sealed record Fenced(ulong Epoch, string PrimaryHint) : ClusterMessage(Epoch);

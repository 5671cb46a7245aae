namespace Kvs.Core.Protocol.Cluster.Messages.Digests;

/// <summary>
/// The primary asks a follower for the digest of its state at exactly one sequence: sent before the follower can know of
/// anything behind that to be committed.
/// </summary>
/// <param name="Epoch">The epoch of the connection.</param>
/// <param name="Sequence">End of the primary's log.</param>
/// <param name="Parts">How many parts the digest shall have.</param>
internal sealed record Digest(ulong Epoch, ulong Sequence, ushort Parts) : ClusterMessage(Epoch)
{
    /// <summary>Most parts.</summary>
    internal const ushort PartsMax = 1024;
}

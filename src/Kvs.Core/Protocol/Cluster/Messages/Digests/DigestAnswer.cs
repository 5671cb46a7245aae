using System.Collections.Immutable;

namespace Kvs.Core.Protocol.Cluster.Messages.Digests;

/// <summary>Answers <see cref="Digest"/>, when the follower's readers have come to its sequence.</summary>
/// <param name="Epoch">The epoch of the connection.</param>
/// <param name="Sequence">The sequence.</param>
/// <param name="Keys">How many keys the state has.</param>
/// <param name="Parts">The parts.</param>
internal sealed record DigestAnswer(ulong Epoch, ulong Sequence, ulong Keys, ImmutableArray<ulong> Parts) : ClusterMessage(Epoch);

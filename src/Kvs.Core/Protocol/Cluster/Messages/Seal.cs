using System.Collections.Immutable;

namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>
/// Asks a node to promise an epoch to a candidate: it will never again take part in a lower one. Static mode.
/// </summary>
/// <param name="Epoch">The new epoch.</param>
/// <param name="Candidate">Who would lead it.</param>
/// <param name="StoreId">The list's store; an empty replica adopts it.</param>
/// <param name="Members">
/// The list, for a replica that shall record it and count from then on; empty for one that is only to follow.
/// </param>
internal sealed record Seal(
    ulong Epoch,
    string Candidate,
    UInt128 StoreId,
    ImmutableArray<string> Members) : ClusterMessage(Epoch);

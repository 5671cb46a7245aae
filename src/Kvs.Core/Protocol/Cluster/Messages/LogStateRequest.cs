using System.Collections.Immutable;

namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>
/// Asks a node what its log holds and what it has promised. In static mode the first message of the dialler, which
/// shows its store and its list.
/// </summary>
/// <param name="Epoch">Newest epoch that the sender has promised or leads.</param>
/// <param name="StoreId">The sender's store, or cluster.</param>
/// <param name="From">The sender.</param>
/// <param name="To">Whom it believes to have dialled.</param>
/// <param name="Members">The advertised addresses of the list, in its order; empty with a control plane.</param>
internal sealed record LogStateRequest(
    ulong Epoch,
    UInt128 StoreId,
    string From,
    string To,
    ImmutableArray<string> Members) : ClusterMessage(Epoch);

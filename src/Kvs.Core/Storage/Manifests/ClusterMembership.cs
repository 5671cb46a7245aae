using System.Collections.Immutable;

namespace Kvs.Core.Storage.Manifests;

/// <summary>
/// Which cluster a store belongs to, and as whom: in the manifest, so that a member never opens as a store of its own.
/// Names are the cluster's own; the store only keeps and compares them.
/// </summary>
internal sealed record ClusterMembership
{
    /// <summary>Longest name in bytes of UTF-8.</summary>
    internal const int NameBytesMax = 255;

    /// <summary>Most members.</summary>
    internal const int MembersMax = 1000;

    /// <summary>The cluster.</summary>
    internal required UInt128 ClusterId { get; init; }

    /// <summary>This node's name in it.</summary>
    internal required string NodeId { get; init; }

    /// <summary>The members in their order, where the list is fixed; else empty.</summary>
    internal ImmutableArray<string> Members { get; init; } = [];

    /// <summary>
    /// Whether this node has begun the list, and does not know yet whether all others hold it.
    /// </summary>
    internal bool IsFounding { get; init; }

    /// <summary>
    /// The election in which this node stands, until it knows how it ended: the epoch that it would lead; 0 for none.
    /// </summary>
    internal ulong CampaignEpoch { get; init; }

    /// <summary>The revision of the group's record in the control plane that the election changes.</summary>
    internal long CampaignRevision { get; init; }

    /// <summary>Whether this node's data was found not to be the group's.</summary>
    internal bool IsDiverged { get; init; }

    /// <summary>Whether all that is kept of both is the same.</summary>
    /// <param name="other">The other one.</param>
    internal bool IsSame(ClusterMembership other) => Means(other)
        && (IsFounding, IsDiverged, CampaignEpoch, CampaignRevision)
            == (other.IsFounding, other.IsDiverged, other.CampaignEpoch, other.CampaignRevision);

    /// <summary>Whether both are the same node of the same cluster with the same list.</summary>
    /// <param name="other">The other one.</param>
    internal bool Means(ClusterMembership other) =>
        ClusterId == other.ClusterId && NodeId == other.NodeId && Members.SequenceEqual(other.Members);

    /// <inheritdoc/>
    public override string ToString() => $"cluster {ClusterId:x32} as node '{NodeId}'";
}

/// <summary>
/// A promise of a node: it takes nothing from a primary of an earlier epoch, and gives this epoch to nobody else.
/// </summary>
/// <param name="Epoch">The epoch; 0 for none.</param>
/// <param name="Candidate">Whose epoch it is.</param>
internal readonly record struct EpochPromise(ulong Epoch, string Candidate);

using System.Collections.Immutable;
using Kvs.Core.Replication;

namespace Kvs.Server.Cluster.Driver;

/// <summary>How a node stands, for the doors and for people. Immutable.</summary>
/// <param name="Role">What it is.</param>
/// <param name="Epoch">The newest epoch that it has promised or leads; 0 for none.</param>
/// <param name="Self">Who it is; empty until it was told.</param>
/// <param name="Primary">Who leads, as far as it knows; empty when it does not.</param>
/// <param name="PrimaryAddress">Where that node is; null when it is not known, or is this node.</param>
/// <param name="Members">The list that it counts in; empty for none.</param>
/// <param name="StoreId">Its store.</param>
internal sealed record NodeStatus(
    NodeRole Role, ulong Epoch, string Self, string Primary, string? PrimaryAddress, ImmutableArray<string> Members, UInt128 StoreId)
{
    /// <summary>Before the first step.</summary>
    internal static NodeStatus Unknown { get; } = new(NodeRole.Joining, 0, "", "", null, [], 0);

    /// <summary>With a control plane: the nodes that hold every acknowledged write, by the group's record; else empty.</summary>
    internal ImmutableArray<string> InSync { get; init; } = [];

    /// <summary>Whether it may miss what it has acknowledged, so that it does not count.</summary>
    internal bool MayHaveLost { get; init; }

    /// <summary>Whether it leads, or begins to.</summary>
    internal bool Leads => Role is NodeRole.Primary or NodeRole.Recovering;
}

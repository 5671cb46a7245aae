using System.Collections.Immutable;

namespace Kvs.Core.Replication.ControlPlane;

/// <summary>
/// The one record on which a group's safety rests: who leads which epoch, and which nodes hold everything that was ever
/// acknowledged. It lies in the control plane and changes only by compare-and-set on its revision (I15), so all changes
/// have one order. The driver encodes it, and keeps fields that it does not know.
/// </summary>
internal sealed record GroupState
{
    /// <summary>The cluster; a store of another one takes no part.</summary>
    internal required UInt128 ClusterId { get; init; }

    /// <summary>The newest epoch; it only grows.</summary>
    internal required ulong Epoch { get; init; }

    /// <summary>The one node that leads that epoch.</summary>
    internal required GroupMember Primary { get; init; }

    /// <summary>The in-sync set: each of them holds every acknowledged batch, durably. Only one of them may lead next.</summary>
    internal ImmutableArray<GroupMember> InSync { get; init; } = [];

    /// <summary>All nodes that keep a copy, in sync or not.</summary>
    internal ImmutableArray<GroupReplica> Replicas { get; init; } = [];

    /// <summary>
    /// The in-sync set never shrinks below this many, and nothing is committed while it has fewer: a new group has one.
    /// </summary>
    internal required int MinInSync { get; init; }

    /// <summary>Epochs that began by a forced promotion, behind which acknowledged batches may be missing.</summary>
    internal ImmutableArray<ulong> LossEpochs { get; init; } = [];

    /// <summary>What a node is to become; null when it is no part of the group.</summary>
    /// <param name="node">The node.</param>
    internal ReplicaRole? RoleOf(string node)
    {
        foreach (var replica in Replicas)
        {
            if (replica.Node == node)
            {
                return replica.Role;
            }
        }

        return null;
    }

    /// <summary>The record with a node in another role, or as a new one.</summary>
    /// <param name="node">The node.</param>
    /// <param name="role">Its role.</param>
    internal GroupState With(string node, ReplicaRole role) =>
        this with { Replicas = [.. Replicas.Where(replica => replica.Node != node), new GroupReplica(node, role)] };
}

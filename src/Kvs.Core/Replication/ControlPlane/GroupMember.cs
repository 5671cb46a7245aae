namespace Kvs.Core.Replication.ControlPlane;

/// <summary>
/// A node with its disk: what an in-sync set names. A node that has lost its disk, or may have lost what it had
/// acknowledged, draws another incarnation, and is not the one that the set names.
/// </summary>
/// <param name="Node">The node.</param>
/// <param name="Incarnation">Drawn when its store became a member.</param>
internal readonly record struct GroupMember(string Node, UInt128 Incarnation);

/// <summary>A node that keeps a copy of the group.</summary>
/// <param name="Node">The node.</param>
/// <param name="Role">What it is to become.</param>
internal readonly record struct GroupReplica(string Node, ReplicaRole Role);

/// <summary>What a node of a group is to become. Numbers are part of the record.</summary>
internal enum ReplicaRole
{
    /// <summary>It follows, and is not taken into the in-sync set until a person says so.</summary>
    Learner = 0,

    /// <summary>It is taken into the in-sync set whenever it has caught up.</summary>
    Member = 1,
}

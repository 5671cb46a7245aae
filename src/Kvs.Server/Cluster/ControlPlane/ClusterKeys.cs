namespace Kvs.Server.Cluster.ControlPlane;

/// <summary>The keys of a cluster in its control plane.</summary>
/// <param name="name">The cluster's name.</param>
internal sealed class ClusterKeys(string name)
{
    /// <summary>What both keys of the group begin with.</summary>
    internal string Group { get; } = $"/kvs/{name}/g/0/";

    /// <summary>The group's record.</summary>
    internal string State => Group + "state";

    /// <summary>The leader key.</summary>
    internal string Leader => Group + "leader";

    /// <summary>What all nodes' keys begin with.</summary>
    internal string Nodes { get; } = $"/kvs/{name}/nodes/";

    /// <summary>The key of a node.</summary>
    /// <param name="node">Its id.</param>
    internal string Node(string node) => Nodes + node;
}

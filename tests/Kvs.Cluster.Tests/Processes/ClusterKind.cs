namespace Kvs.Cluster.Tests.Processes;

/// <summary>Who decides which node of a cluster leads.</summary>
internal enum ClusterKind
{
    /// <summary>A fixed list of nodes; a person promotes.</summary>
    Static,

    /// <summary>The nodes themselves, by a record in etcd.</summary>
    Elected,

    /// <summary>The same, each node and etcd with a network of its own in place of the proxies.</summary>
    ElectedInNamespaces,
}

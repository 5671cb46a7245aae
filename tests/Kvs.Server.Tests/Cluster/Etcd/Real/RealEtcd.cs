using Xunit;

namespace Kvs.Server.Tests.Cluster.Etcd.Real;

/// <summary>Tests with real etcd run one after the other: each brings processes that sync to the same disk.</summary>
[CollectionDefinition(Name)]
public sealed class RealEtcd
{
    /// <summary>The collection.</summary>
    public const string Name = "real etcd";
}

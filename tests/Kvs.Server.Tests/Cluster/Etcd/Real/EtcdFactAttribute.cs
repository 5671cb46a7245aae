using Xunit;

namespace Kvs.Server.Tests.Cluster.Etcd.Real;

/// <summary>A fact about a real etcd; where none is installed it is skipped with a line that says so, never passed in silence.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EtcdFactAttribute : FactAttribute
{
    /// <summary>Skips the fact when etcd is missing.</summary>
    public EtcdFactAttribute() => Skip = EtcdProgram.WhyNot;
}

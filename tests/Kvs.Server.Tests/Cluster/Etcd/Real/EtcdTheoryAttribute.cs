using Xunit;

namespace Kvs.Server.Tests.Cluster.Etcd.Real;

/// <summary>A theory about a real etcd, skipped like <see cref="EtcdFactAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class EtcdTheoryAttribute : TheoryAttribute
{
    /// <summary>Skips the theory when etcd is missing.</summary>
    public EtcdTheoryAttribute() => Skip = EtcdProgram.WhyNot;
}

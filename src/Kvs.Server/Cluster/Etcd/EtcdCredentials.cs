namespace Kvs.Server.Cluster.Etcd;

/// <summary>A user of etcd.</summary>
/// <param name="User">The name.</param>
/// <param name="Password">The password.</param>
internal sealed record EtcdCredentials(string User, string Password)
{
    /// <summary>The name only: texts end up in logs.</summary>
    public override string ToString() => User;
}

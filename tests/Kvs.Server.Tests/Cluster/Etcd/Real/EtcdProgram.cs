namespace Kvs.Server.Tests.Cluster.Etcd.Real;

/// <summary>Where the installed etcd is.</summary>
internal static class EtcdProgram
{
    /// <summary>The server, from Debian's package etcd-server.</summary>
    internal const string Server = "/usr/bin/etcd";

    /// <summary>Its command line, from Debian's package etcd-client.</summary>
    internal const string Client = "/usr/bin/etcdctl";

    /// <summary>Why tests cannot use it; null when they can.</summary>
    internal static string? WhyNot { get; } = File.Exists(Server) && File.Exists(Client)
        ? null
        : $"Needs {Server} and {Client}: apt-get install etcd-server etcd-client.";
}

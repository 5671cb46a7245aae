using System.Text;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd;
using Kvs.Server.Configuration;

namespace Kvs.Server.Cluster.ControlPlane;

/// <summary>Makes the client's options of the server's. Reads the password's file.</summary>
internal static class ControlPlaneOptions
{
    /// <summary>The options.</summary>
    /// <param name="cluster">The cluster's options.</param>
    /// <param name="machine">Files, clock, randomness.</param>
    /// <exception cref="KvsConfigurationException">A file cannot be read, or one option lacks another.</exception>
    internal static EtcdOptions Of(ClusterOptions cluster, KvsEnvironment machine)
    {
        if ((cluster.User is null) != (cluster.PasswordFile is null))
        {
            throw new KvsConfigurationException("--cluster-user and --cluster-password-file are given together");
        }

        return new EtcdOptions
        {
            Addresses = cluster.ControlPlane,
            Time = machine.Time,
            Random = machine.Random,
            Tls = (cluster.CaFile ?? cluster.CertificateFile) is null
                ? null
                : new EtcdTls(cluster.CaFile, cluster.CertificateFile, cluster.KeyFile),
            Credentials = cluster.User is { } user ? new EtcdCredentials(user, ReadPassword(machine.Files, cluster.PasswordFile!)) : null,
        };
    }

    private static string ReadPassword(IFileSystem files, string path)
    {
        try
        {
            using var file = files.Open(Path.GetFullPath(path), writable: false);
            var bytes = new byte[file.Length];
            var count = file.Read(0, bytes);
            return Encoding.UTF8.GetString(bytes.AsSpan(0, count)).TrimEnd('\r', '\n');
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new KvsConfigurationException($"the password file {path} cannot be read: {cause.Message}", cause);
        }
    }
}

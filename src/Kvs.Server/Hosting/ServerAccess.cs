using Kvs.Core.Platform;
using Kvs.Core.Platform.Tls;
using Kvs.Core.Primitives;
using Kvs.Server.Access;
using Kvs.Server.Configuration;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Hosting;

/// <summary>Who may come in and how, as the options say: clients, and other nodes. Immutable.</summary>
/// <param name="Clients">Clients, by whichever door.</param>
/// <param name="Nodes">What nodes of the cluster know; null for none.</param>
/// <param name="Tls">The server's certificates; null to speak without TLS.</param>
/// <param name="Log">What is said of who comes in.</param>
internal sealed record ServerAccess(IAccess Clients, ClusterSecret? Nodes, TlsSource? Tls, AccessLog Log)
{
    /// <summary>The network, for doors, links and whatever this server connects to of its kind.</summary>
    /// <param name="plain">The network without TLS.</param>
    /// <param name="options">The options.</param>
    internal ITransport Over(ITransport plain, ServerOptions options) =>
        Tls is null ? plain : new TlsTransport(plain, Tls, options.TlsClients) { Refused = Log.RefuseCertificate };

    /// <summary>Reads the files.</summary>
    /// <param name="options">The options.</param>
    /// <param name="machine">Files and clock.</param>
    /// <param name="logger">The log.</param>
    /// <exception cref="KvsConfigurationException">A file is of no use, or one option lacks another.</exception>
    internal static ServerAccess Of(ServerOptions options, KvsEnvironment machine, ILogger logger)
    {
        if (options is { UsersFile: not null, Cluster: { IsOn: true, SecretFile: null } })
        {
            throw new KvsConfigurationException(
                "a cluster with --users-file needs --cluster-secret-file, the same on all nodes: else whoever reaches a node could "
                + "say that he is another one. Draw a secret with 'openssl rand -hex 32'");
        }

        if (options is { TlsCertificateFile: null } and not { TlsKeyFile: null, TlsCaFile: null, TlsClients: TlsClients.None })
        {
            throw new KvsConfigurationException("--tls-key, --tls-ca and --tls-clients need --tls-cert beside them");
        }

        if (options is { TlsClients: not TlsClients.None, TlsCaFile: null })
        {
            throw new KvsConfigurationException(
                "--tls-clients needs --tls-ca: else whoever has a certificate of any authority of the system came in");
        }

        var log = new AccessLog(logger, machine.Time);
        var secret = options.Cluster.SecretFile is { } file
            ? new ClusterSecret(machine.Files, file, machine.Time, log.SecretBroken)
            : null;
        return new ServerAccess(
            options.UsersFile is { } users ? new UsersAccess(machine.Files, users, secret, machine.Time, logger) : OpenAccess.Instance,
            secret,
            options.TlsCertificateFile is null
                ? null
                : new TlsSource(
                    machine.Files,
                    new TlsFiles(options.TlsCaFile, options.TlsCertificateFile, options.TlsKeyFile),
                    machine.Time,
                    log.TlsBroken),
            log);
    }
}

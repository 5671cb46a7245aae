using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kvs.Cluster.Tests.Processes.Network;
using Kvs.TestKit;
using Kvs.TestKit.Processes;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>One real etcd on loopback, on ports that were free a moment before. Ownership: of the process and its directory.</summary>
internal sealed class EtcdProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();
    private readonly Process _process;

    private EtcdProcess(string host, IReadOnlyList<string> by, int port, int peerPort)
    {
        var (client, peer) = ($"http://{host}:{port}", $"http://127.0.0.1:{peerPort}");
        (Host, Port) = (host, port);
        string[] command =
        [
            .. by,
            "etcd",
            "--name", "m",
            "--data-dir", _directory.FullPath,
            "--listen-client-urls", client,
            "--advertise-client-urls", client,
            "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer,
            "--initial-cluster", $"m={peer}",
            "--log-level", "error",
        ];
        _process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
        })!;
    }

    /// <summary>The host where clients reach it.</summary>
    internal string Host { get; }

    /// <summary>The port there.</summary>
    internal int Port { get; }

    /// <summary>Starts one, and waits until it serves.</summary>
    /// <param name="place">Where, if it has a network of its own.</param>
    internal static async Task<EtcdProcess> StartAsync(NetworkPlace? place = null)
    {
        var etcd = new EtcdProcess(place?.Host ?? "127.0.0.1", place?.Command ?? [], FreePort(), FreePort());
        using var http = new HttpClient();
        await Until.HoldsAsync(
            async () =>
            {
                try
                {
                    return (await http.GetStringAsync(new Uri($"http://{etcd.Host}:{etcd.Port}/health"))).Contains("true", StringComparison.Ordinal);
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            s_patience,
            static () => "etcd does not serve.");
        return etcd;
    }

    /// <summary>Stops its threads, or lets them go on.</summary>
    /// <param name="signal">STOP or CONT.</param>
    internal async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _directory.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

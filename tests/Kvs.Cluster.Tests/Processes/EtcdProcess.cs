using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Kvs.TestKit;
using Kvs.TestKit.Processes;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>One real etcd on loopback, on ports that were free a moment before. Ownership: of the process and its directory.</summary>
internal sealed class EtcdProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();
    private readonly Process _process;

    private EtcdProcess(string client, string peer)
    {
        Address = client;
        _process = Process.Start(new ProcessStartInfo("etcd",
        [
            "--name", "m",
            "--data-dir", _directory.FullPath,
            "--listen-client-urls", client,
            "--advertise-client-urls", client,
            "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer,
            "--initial-cluster", $"m={peer}",
            "--log-level", "error",
        ])
        {
            UseShellExecute = false,
        })!;
    }

    /// <summary>Where clients reach it.</summary>
    internal string Address { get; }

    /// <summary>Starts one, and waits until it serves.</summary>
    internal static async Task<EtcdProcess> StartAsync()
    {
        var etcd = new EtcdProcess($"http://127.0.0.1:{FreePort()}", $"http://127.0.0.1:{FreePort()}");
        using var http = new HttpClient();
        await Until.HoldsAsync(
            async () =>
            {
                try
                {
                    return (await http.GetStringAsync(new Uri($"{etcd.Address}/health"))).Contains("true", StringComparison.Ordinal);
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

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kvs.Cluster.Tests.Processes.Network;
using Kvs.TestKit;
using Kvs.TestKit.Processes;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>
/// One real etcd on loopback, alone or a member of three, on ports that were free a moment before.
/// Ownership: of the process and its directory.
/// </summary>
internal sealed class EtcdProcess : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();
    private readonly Process _process;

    private EtcdProcess(string host, IReadOnlyList<string> by, int port, IReadOnlyList<int> peerPorts, int index)
    {
        var (client, peer) = ($"http://{host}:{port}", Peer(index));
        (Host, Port) = (host, port);
        string[] command =
        [
            .. by,
            "etcd",
            "--name", $"m{index}",
            "--data-dir", _directory.FullPath,
            "--listen-client-urls", client,
            "--advertise-client-urls", client,
            "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer,
            "--initial-cluster", string.Join(',', peerPorts.Select((_, i) => $"m{i}={Peer(i)}")),
            "--log-level", "error",
        ];
        _process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
        })!;

        string Peer(int i) => $"http://127.0.0.1:{peerPorts[i]}";
    }

    /// <summary>The host where clients reach it.</summary>
    internal string Host { get; }

    /// <summary>The port there.</summary>
    internal int Port { get; }

    /// <summary>Starts one, and waits until it serves.</summary>
    /// <param name="place">Where, if it has a network of its own.</param>
    internal static async Task<EtcdProcess> StartAsync(NetworkPlace? place = null)
    {
        var etcd = new EtcdProcess(place?.Host ?? "127.0.0.1", place?.Command ?? [], FreePort(), [FreePort()], 0);
        await etcd.ServesAsync();
        return etcd;
    }

    /// <summary>Starts three members of one etcd, and waits until all serve.</summary>
    internal static async Task<IReadOnlyList<EtcdProcess>> StartThreeAsync()
    {
        int[] peers = [FreePort(), FreePort(), FreePort()];
        EtcdProcess[] members = [.. peers.Select((_, i) => new EtcdProcess("127.0.0.1", [], FreePort(), peers, i))];
        await Task.WhenAll(members.Select(static member => member.ServesAsync()));
        return members;
    }

    /// <summary>Whether it leads the others.</summary>
    internal async Task<bool> LeadsAsync() => (await AskAsync("metrics")).Contains("etcd_server_is_leader 1", StringComparison.Ordinal);

    /// <summary>Kills it (SIGKILL).</summary>
    internal void Kill() => _process.Kill(entireProcessTree: true);

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
        Kill();
        _process.WaitForExit();
        _process.Dispose();
        _directory.Dispose();
    }

    private Task ServesAsync() => Until.HoldsAsync(
        async () => (await AskAsync("health")).Contains("true", StringComparison.Ordinal), s_patience, static () => "etcd does not serve.");

    private async Task<string> AskAsync(string what)
    {
        using var http = new HttpClient();
        try
        {
            return await http.GetStringAsync(new Uri($"http://{Host}:{Port}/{what}"));
        }
        catch (HttpRequestException)
        {
            return "";
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd;
using Kvs.Server.Cluster.Etcd.Keys;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Kvs.TestKit.Processes;

namespace Kvs.Server.Tests.Cluster.Etcd.Real;

/// <summary>
/// Real etcd members on loopback, on ports that were free a moment before, with their data below a directory that goes with
/// them. Ownership: of the processes and the directory.
/// </summary>
internal sealed class EtcdCluster : IDisposable
{
    /// <summary>How long a test waits for what a busy machine does slowly.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private const int StartAttempts = 5;

    private readonly TemporaryDirectory _directory = new();
    private readonly EtcdSecurity? _security;

    private EtcdCluster(int count, EtcdSecurity? security)
    {
        _security = security;
        var scheme = security is null ? "http" : "https";
        var ports = FreePorts(2 * count);
        var names = Enumerable.Range(0, count).ToList();
        var peers = string.Join(',', names.Select(i => $"m{i}=http://127.0.0.1:{ports[count + i]}"));
        Members = [.. names.Select(i =>
        {
            var client = $"{scheme}://127.0.0.1:{ports[i]}";
            var peer = $"http://127.0.0.1:{ports[count + i]}";
            string[] arguments =
            [
                "--name", $"m{i}",
                "--data-dir", _directory.At($"m{i}"),
                "--listen-client-urls", client,
                "--advertise-client-urls", client,
                "--listen-peer-urls", peer,
                "--initial-advertise-peer-urls", peer,
                "--initial-cluster", peers,
                .. security?.ServerArguments ?? [],
            ];
            return new EtcdMember(new Uri(client), arguments);
        })];
    }

    /// <summary>Its members.</summary>
    internal IReadOnlyList<EtcdMember> Members { get; }

    /// <summary>Options for a client of all members. Times suit a busy machine: each attempt may take two seconds.</summary>
    internal EtcdOptions Options => new()
    {
        Addresses = [.. Members.Select(member => member.Address)],
        Time = TimeProvider.System,
        Random = new Random(1),
        CallTimeout = TimeSpan.FromSeconds(2),
        ConnectTimeout = TimeSpan.FromSeconds(1),
        Tls = _security?.Tls,
    };

    /// <summary>Starts a cluster and waits until each member serves.</summary>
    /// <param name="count">How many members.</param>
    /// <param name="security">Certificates; null for http.</param>
    internal static async Task<EtcdCluster> StartAsync(int count, EtcdSecurity? security = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var cluster = new EtcdCluster(count, security);
            try
            {
                await cluster.ServesAsync();
                return cluster;
            }
            catch (Exception failure)
            {
                var logs = string.Join("\n\n", cluster.Members.Select(member => member.Log));
                cluster.Dispose();

                // Somebody else may have taken a port meanwhile; anything else is a failure at the first attempt.
                if (attempt == StartAttempts || !logs.Contains("address already in use", StringComparison.Ordinal))
                {
                    throw new InvalidOperationException($"etcd did not come up:\n{logs}", failure);
                }
            }
        }
    }

    /// <summary>The member at an address.</summary>
    /// <param name="address">As a lease or a watch names it.</param>
    internal EtcdMember At(Uri? address) => Members.Single(member => member.Address == address);

    /// <summary>Asks each member whether it leads, until one does.</summary>
    internal async Task<EtcdMember> LeaderAsync()
    {
        using var http = new HttpClient();
        EtcdMember? leader = null;
        await Until.HoldsAsync(
            async () =>
            {
                foreach (var member in Members)
                {
                    var metrics = await http.GetStringAsync(new Uri(member.Address, "/metrics"));
                    leader = metrics.Contains("etcd_server_is_leader 1", StringComparison.Ordinal) ? member : leader;
                }

                return leader is not null;
            },
            Patience);
        return leader!;
    }

    /// <summary>Runs etcdctl against the first member.</summary>
    /// <param name="arguments">What it shall do.</param>
    internal async Task ControlAsync(params string[] arguments)
    {
        string[] all = ["--endpoints", Members[0].Address.AbsoluteUri, .. _security?.ClientArguments ?? [], .. arguments];
        var start = new ProcessStartInfo(EtcdProgram.Client, all)
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["ETCDCTL_API"] = "3";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"etcdctl {string.Join(' ', arguments)}: {await output}{errors}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var member in Members)
        {
            member.Dispose();
        }

        _directory.Dispose();
    }

    private async Task ServesAsync()
    {
        foreach (var member in Members)
        {
            using var client = new EtcdClient(Options with { Addresses = [member.Address] });
            await Until.HoldsAsync(() => ServesAsync(member, client), Patience);
        }
    }

    private static async Task<bool> ServesAsync(EtcdMember member, EtcdClient client)
    {
        if (member.HasExited)
        {
            throw new InvalidOperationException("A member ended.");
        }

        try
        {
            await client.RangeAsync(EtcdKeys.One("ready"), isSerializable: false, CancellationToken.None);
            return true;
        }
        catch (KvsUnavailableException)
        {
            return false;
        }
    }

    private static List<int> FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToList();
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }
}

using Kvs.Bench.Servers;
using Kvs.Bench.Workloads;
using Kvs.Core.Client;
using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd;

namespace Kvs.Bench.Clusters;

/// <summary>Something that takes durable sets: processes on this machine, with clients. Ownership: of both.</summary>
internal sealed class ClusterTarget : IAsyncDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly List<IAsyncDisposable> _processes;
    private readonly Func<Task<Func<byte[], byte[], Task>>> _connect;
    private readonly List<Func<byte[], byte[], Task>> _clients = [];
    private readonly List<IAsyncDisposable> _connections = [];

    private ClusterTarget(string name, List<IAsyncDisposable> processes, Func<ClusterTarget, Task<Func<byte[], byte[], Task>>> connect)
    {
        Name = name;
        _processes = processes;
        _connect = () => connect(this);
    }

    /// <summary>Its name in the table.</summary>
    internal string Name { get; }

    /// <summary>Servers of our own.</summary>
    /// <param name="name">Name in the table.</param>
    /// <param name="directory">Where data go.</param>
    /// <param name="count">How many.</param>
    /// <param name="controlPlane">etcd; null for a fixed list, or a server of its own.</param>
    internal static async Task<ClusterTarget> OursAsync(string name, string directory, int count, string? controlPlane)
    {
        var addresses = Programs.FreePorts(count).Select(static port => $"127.0.0.1:{port}").ToList();
        var processes = new List<IAsyncDisposable>();
        for (var i = count - 1; i >= 0; i--)
        {
            string[] role = (controlPlane, i) switch
            {
                ({ } url, _) => ["--cluster", url, "--cluster-name", "bench"],
                (_, > 0) => ["--replica"],
                _ when count > 1 => ["--replicas", string.Join(',', addresses[1..])],
                _ => [],
            };
            processes.Add(ProcessGroup.Start(
                Programs.OwnServer(),
                ["--addr", addresses[i], "--data-dir", Path.Combine(directory, $"{name}{i}"), .. role],
                Path.Combine(directory, $"{name}{i}.log")));
        }

        var target = new ClusterTarget(name, processes, async self =>
        {
            var client = await KvsClient.ConnectAsync(
                string.Join(',', addresses), new KvsClientOptions { RequestTimeout = _patience, ConnectTimeout = _patience });
            self._connections.Add(client);
            return async (key, value) => Require((await client.SetAsync(key, value)).Applied);
        });
        await target.WarmAsync();
        if (count > 1)
        {
            await PrimaryFirstAsync(addresses);
            target._clients.Clear(); // it was made before anybody led
        }

        return target;
    }

    /// <summary>Three members of etcd, each asked by the clients.</summary>
    /// <param name="name">Name in the table.</param>
    /// <param name="directory">Where data go.</param>
    /// <param name="count">How many members.</param>
    internal static async Task<(ClusterTarget Target, string Address)> EtcdAsync(string name, string directory, int count)
    {
        var ports = Programs.FreePorts(2 * count);
        var peers = string.Join(',', Enumerable.Range(0, count).Select(i => $"m{i}=http://127.0.0.1:{ports[count + i]}"));
        var urls = Enumerable.Range(0, count).Select(i => $"http://127.0.0.1:{ports[i]}").ToList();
        var processes = Enumerable.Range(0, count).Select(IAsyncDisposable (i) => ProcessGroup.Start("etcd",
        [
            "--name", $"m{i}", "--data-dir", Path.Combine(directory, $"{name}{i}"),
            "--listen-client-urls", urls[i], "--advertise-client-urls", urls[i],
            "--listen-peer-urls", $"http://127.0.0.1:{ports[count + i]}",
            "--initial-advertise-peer-urls", $"http://127.0.0.1:{ports[count + i]}",
            "--initial-cluster", peers, "--log-level", "error",
        ], Path.Combine(directory, $"{name}{i}.log"))).ToList();
        var seed = 0;
        var target = new ClusterTarget(name, processes, async self =>
        {
            // Each client with a connection of its own, as ours have, and spread over the members.
            var options = new EtcdOptions
            {
                Addresses = [.. urls.Select(static url => new Uri(url))],
                Time = TimeProvider.System,
                Random = new Random(seed++),
                CallTimeout = _patience,
                ConnectTimeout = TimeSpan.FromSeconds(5),
            };
            var client = new EtcdClient(options);
            self._connections.Add(new Disposal(client));
            await Task.CompletedTask;
            return async (key, value) => Require((await client.PutAsync(
                Convert.ToHexString(key), value, leaseId: 0, CancellationToken.None)).State == EtcdWriteState.Done);
        });
        await target.WarmAsync();
        return (target, urls[0]);
    }

    /// <summary>A set for each of so many clients.</summary>
    /// <param name="count">How many.</param>
    internal async Task<IReadOnlyList<Func<byte[], byte[], Task>>> ClientsAsync(int count)
    {
        while (_clients.Count < count)
        {
            _clients.Add(await _connect());
        }

        return _clients[..count];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var owned in _connections.Concat(_processes))
        {
            await owned.DisposeAsync();
        }
    }

    // The primary is the one that knows of all; clients go to it first, as those of etcd may go to any member.
    private static async Task PrimaryFirstAsync(List<string> addresses)
    {
        var from = TimeProvider.System.GetTimestamp();
        while (true)
        {
            foreach (var address in addresses.ToArray())
            {
                await using var client = await KvsClient.ConnectAsync(address);
                var status = await client.Cluster.StatusAsync();
                if (status.Nodes.Count == addresses.Count && status.Nodes.All(static node => node.InSync))
                {
                    addresses.Remove(status.Primary);
                    addresses.Insert(0, status.Primary);
                    return;
                }
            }

            Require(TimeProvider.System.GetElapsedTime(from) < _patience);
            await Task.Delay(100);
        }
    }

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw new InvalidOperationException("The bench is void: a set was not done, or nodes did not come up.");
        }
    }

    private async Task WarmAsync()
    {
        var from = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                var clients = await ClientsAsync(1);
                await clients[0](BenchKeys.Key(0), BenchKeys.Value(100, 0));
                return;
            }
            catch (Exception failure) when ((failure is KvsException or InvalidOperationException)
                && TimeProvider.System.GetElapsedTime(from) < _patience)
            {
                await Task.Delay(200);
            }
        }
    }

    private sealed class Disposal(IDisposable owned) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            owned.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

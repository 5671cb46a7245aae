using System.Globalization;
using Kvs.Cluster.Tests.Processes.Network;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.TestKit.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>Watchers that are cut off, and whose servers are killed: each change once, in order, all the same.</summary>
/// <param name="output">Gets the nodes' logs on failure.</param>
public sealed class WatchTests(ITestOutputHelper output)
{
    private const int Writers = 8;
    private static readonly KvsClientOptions s_patient = new() { RequestTimeout = TimeSpan.FromMinutes(2) };

    [Fact]
    public async Task A_watcher_sees_100_000_changes_over_three_cuts_and_a_killed_server_once_and_in_order()
    {
        const int Batches = 500;
        const int BatchChanges = 25;
        const int Changes = Writers * Batches * BatchChanges;
        using var folder = new TemporaryDirectory();
        var net = new FaultNet();
        await using var proxy = new FaultProxy(net, FaultNet.Client, "server");
        var server = await StartAsync(folder, proxy);
        try
        {
            await using var writer = await KvsClient.ConnectAsync(proxy.Address, s_patient);
            var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(w => WriteAsync(writer, w, Batches, BatchChanges)));
            await using var client = await KvsClient.ConnectAsync(proxy.Address, s_patient);
            var seen = new SeenChanges(Writers);
            await foreach (var change in client.WatchAsync(new WatchOptions { Since = WatchPosition.Beginning }))
            {
                seen.Add(change);
                switch (seen.Count)
                {
                    case Changes / 5 or Changes / 5 * 2 or Changes / 5 * 3:
                        Assert.NotEqual(0, net.Reset(FaultNet.Client, "server"));
                        break;
                    case Changes / 5 * 4:
                        proxy.PassTo(0);
                        server.Dispose(); // SIGKILL
                        server = await StartAsync(folder, proxy);
                        break;
                }

                if (seen.Count == Changes)
                {
                    break;
                }
            }

            await writing;
            seen.AssertEach(Batches * BatchChanges);
        }
        finally
        {
            server.Dispose();
        }
    }

    [Fact]
    public Task A_watcher_goes_on_at_another_node_when_the_primary_is_killed() =>
        ProcessCluster.RunAsync(output, async cluster =>
        {
            const int Batches = 40;
            const int BatchChanges = 5;
            var old = await cluster.PrimaryAsync();
            var all = string.Join(',', cluster.Others(old).Prepend(old).Select(node => node.Name));
            await using var writer = await KvsClient.ConnectAsync(all, s_patient);
            await using var client = await KvsClient.ConnectAsync(all, s_patient);
            var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(w => WriteAsync(writer, w, Batches, BatchChanges)));
            var seen = new SeenChanges(Writers);
            await foreach (var change in client.WatchAsync(new WatchOptions { Since = WatchPosition.Beginning }))
            {
                seen.Add(change);
                if (seen.Count == Writers * Batches * BatchChanges / 2)
                {
                    await old.KillAsync();
                    await ProcessCluster.PromoteAsync(cluster.Others(old));
                }

                if (seen.Count == Writers * Batches * BatchChanges)
                {
                    break;
                }
            }

            await writing;
            seen.AssertEach(Batches * BatchChanges);
        });

    private static async Task<ServerProcess> StartAsync(TemporaryDirectory folder, FaultProxy proxy)
    {
        var server = await ServerProcess.StartAsync(folder.FullPath);
        proxy.PassTo(await server.PortAsync());
        return server;
    }

    private static async Task WriteAsync(KvsClient client, int writer, int batches, int changes)
    {
        var number = 0;
        for (var i = 0; i < batches; i++)
        {
            var batch = new KvsBatch();
            for (var change = 0; change < changes; change++)
            {
                batch.Set($"{writer}/{number % 100}", (number++).ToString(CultureInfo.InvariantCulture));
            }

            Assert.True((await client.ApplyAsync(batch)).Applied);
        }
    }

    /// <summary>What a watcher has seen: the numbers that each writer wrote, one behind the other.</summary>
    private sealed class SeenChanges(int writers)
    {
        private readonly int[] _next = new int[writers];
        private WatchPosition _last;

        internal int Count { get; private set; }

        internal void Add(KvsChange change)
        {
            var writer = change.Key.ToString()[0] - '0';
            Assert.Equal(ChangeKind.Set, change.Kind);
            Assert.Equal(_next[writer]++, int.Parse(change.Value.ToString(), CultureInfo.InvariantCulture));
            Assert.True(change.Position.Version.Sequence >= _last.Version.Sequence, $"{change.Position} comes behind {_last}");
            _last = change.Position;
            Count++;
        }

        internal void AssertEach(int count) => Assert.All(_next, next => Assert.Equal(count, next));
    }
}

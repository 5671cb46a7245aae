using System.Globalization;
using Kvs.Cluster.Tests.Processes.Load;
using Kvs.Core.Operations;
using Kvs.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>
/// A replica whose data directory was emptied by hand is back in sync while writers go on.
/// <c>KVS_CATCHUP_KEYS</c> gives the keys that it lacks (2,000 if unset).
/// </summary>
/// <param name="output">Gets the figures, and the nodes' logs on failure.</param>
public sealed class EmptiedReplicaTests(ITestOutputHelper output)
{
    private const int Writers = 4;
    private const int SomeWrites = 200;
    private const int KeysOfBatch = 500;
    private const int BatchesAtOnce = 16;

    private static readonly int s_keys =
        int.Parse(Environment.GetEnvironmentVariable("KVS_CATCHUP_KEYS") ?? "2000", CultureInfo.InvariantCulture);

    // Few keys are large: compaction drops whole segments.
    private static readonly int s_valueBytes = Math.Max(100, 2_000_000 / s_keys);

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    [Fact]
    public Task A_replica_of_a_fixed_list_that_was_emptied_by_hand_is_back_in_sync_while_writers_go_on() =>
        RunAsync(ClusterKind.Static);

    [ToolFact("etcd")]
    public Task A_replica_over_etcd_that_was_emptied_by_hand_is_back_in_sync_while_writers_go_on() => RunAsync(ClusterKind.Elected);

    private Task RunAsync(ClusterKind kind) => ProcessCluster.RunAsync(
        output,
        kind,
        async cluster =>
        {
            var primary = await cluster.PrimaryAsync();
            var (other, emptied) = (cluster.Others(primary)[0], cluster.Others(primary)[1]);
            await PreloadAsync(primary);
            await using var load = new ClusterLoad(cluster, Writers, new Random(6)) { KnowsAllNodes = true };
            load.Start();
            await load.Acknowledged.MoreAsync(SomeWrites);
            var before = load.Acknowledged.Waits();

            await EmptyAsync(cluster, load, emptied);
            output.WriteLine($"writers before: {before}\nwriters meanwhile: {load.Acknowledged.Waits()}");
            await load.StopAsync();
            Assert.Equal("", load.Failures);
            Assert.Contains("a copy up to", primary.NewestLog, StringComparison.Ordinal);
            await load.CheckAllNodesAsync();

            // It counts again: it is one of the two that a write needs.
            await other.KillAsync();
            await Clients.SetAsync(primary.Name, "key", "with the node that was emptied");
            await other.StartAsync();
            await load.CheckAllNodesAsync();
        },
        "--history-bytes",
        "0");

    private async Task EmptyAsync(ProcessCluster cluster, ClusterLoad load, NodeProcess emptied)
    {
        load.Acknowledged.Restart();
        await emptied.KillAsync();
        emptied.Wipe();
        var startedAt = TimeProvider.System.GetTimestamp();
        await emptied.StartAsync();
        await cluster.AllFollowAsync(s_patience);
        var took = TimeProvider.System.GetElapsedTime(startedAt);
        await load.Acknowledged.MoreAsync(SomeWrites);
        output.WriteLine($"{s_keys} keys: in sync {took.TotalSeconds:0.0} s after its start; "
            + $"{load.Acknowledged.Longest().TotalSeconds:0.000} s without an acknowledged write");
    }

    // Each key twice, so that compaction leaves nothing of the log to stream from.
    private async Task PreloadAsync(NodeProcess primary)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        await using var client = await Clients.ConnectAsync(primary.Name, s_patience);
        for (var round = 0; round < 2; round++)
        {
            foreach (var firsts in Enumerable.Range(0, s_keys).Where(static key => key % KeysOfBatch == 0).Chunk(BatchesAtOnce))
            {
                await Task.WhenAll(firsts.Select(first => client.ApplyAsync(BatchFrom(first)).AsTask()));
            }
        }

        await client.CompactAsync();
        output.WriteLine($"{s_keys} keys written twice in {TimeProvider.System.GetElapsedTime(startedAt).TotalSeconds:0.0} s");
    }

    private static KvsBatch BatchFrom(int first)
    {
        var value = new string('v', s_valueBytes);
        var batch = new KvsBatch();
        for (var key = first; key < Math.Min(first + KeysOfBatch, s_keys); key++)
        {
            batch.Set($"fill{key}", value);
        }

        return batch;
    }
}

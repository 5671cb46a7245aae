using Kvs.Cluster.Tests.Processes.Load;
using Kvs.Core.Operations;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>Replicas that come back after they have missed something, while clients write.</summary>
/// <param name="output">Gets the figures, and the nodes' logs on failure.</param>
public sealed class CatchUpTests(ITestOutputHelper output)
{
    private const int Writers = 4;
    private const int Keys = 2_000;

    [Fact]
    public Task A_replica_that_was_emptied_by_hand_comes_back_by_a_base_copy() => ProcessCluster.RunAsync(
        output,
        async cluster =>
        {
            var primary = cluster.Nodes[0];
            await FillAsync(primary);
            await using var load = new ClusterLoad(cluster, Writers, new Random(6));
            load.Start();
            await load.Acknowledged.MoreAsync(50);

            await cluster.Nodes[2].KillAsync();
            cluster.Nodes[2].Wipe();
            load.Acknowledged.Restart();
            await cluster.Nodes[2].StartAsync();
            await cluster.AllFollowAsync();
            await load.Acknowledged.MoreAsync(50);
            output.WriteLine($"{load.Acknowledged.Longest().TotalMilliseconds:0} ms without an acknowledged write");
            await load.StopAsync();
            Assert.Contains("a copy up to", primary.NewestLog, StringComparison.Ordinal);
            await load.CheckAllNodesAsync();

            // It counts again: it is one of the two that a write needs.
            await cluster.Nodes[1].KillAsync();
            await Clients.SetAsync(primary.Name, "key", "with the node that was emptied");
            await cluster.Nodes[1].StartAsync();
            await load.CheckAllNodesAsync();
        },
        "--history-bytes",
        "0");

    [Fact]
    public Task A_replica_that_was_away_catches_up_from_the_log() => ProcessCluster.RunAsync(output, async cluster =>
    {
        var primary = cluster.Nodes[0];
        await cluster.Nodes[2].KillAsync();
        await FillAsync(primary);
        await cluster.Nodes[2].StartAsync();
        await cluster.ConvergeAsync();
        Assert.DoesNotContain("a copy up to", primary.NewestLog, StringComparison.Ordinal);
        Assert.Equal(new string('v', 1000), await Clients.GetStaleAsync(cluster.Nodes[2].Name, $"fill{Keys - 1}"));
    });

    private static async Task FillAsync(NodeProcess primary)
    {
        await using var client = await Clients.ConnectAsync(primary.Name, TimeSpan.FromSeconds(30));
        var value = new string('v', 1000);
        for (var round = 0; round < 2; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, Keys).Select(i => client.SetAsync($"fill{i}", value).AsTask()));
        }

        await client.CompactAsync();
    }
}

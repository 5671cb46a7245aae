using Kvs.Core.Primitives;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>A node whose data is not the group's, although all its files are whole.</summary>
/// <param name="output">Gets the nodes' logs on failure.</param>
public sealed class DivergenceTests(ITestOutputHelper output)
{
    [Fact]
    public Task A_node_with_another_key_is_found_says_so_serves_nothing_and_comes_back_with_an_empty_directory() =>
        ProcessCluster.RunAsync(
            output,
            async cluster =>
            {
                var primary = await cluster.PrimaryAsync();
                var other = cluster.Others(primary)[0];
                for (var i = 0; i < 20; i++)
                {
                    await Clients.SetAsync(primary.Name, $"planted-{i:00}", "v");
                }

                await cluster.ConvergeAsync();
                await cluster.AllFollowAsync();
                await other.KillAsync();
                PlantedRecord.ReplaceKey(other.DataPath, "planted-07", "planted-zz");
                await other.StartAsync();

                await Clients.ReportsAsync(primary, status => status.Nodes.Single(node => node.NodeId == other.Name) is { State: "diverged", InSync: false });
                await Clients.SaysAsync(primary, "2 of 1024 parts differ, twice");
                await Clients.SaysAsync(other, "This node serves nothing");
                await RefusesAsync(other);
                await Clients.SetAsync(primary.Name, "after", "1");

                await other.KillAsync();
                await other.StartAsync();
                await Clients.ReportsAsync(other, static status => status.ReadOnlyReason == "the data of this node is not the group's");
                await RefusesAsync(other);

                await other.KillAsync();
                other.Wipe();
                await other.StartAsync();
                await cluster.AllFollowAsync();
                await cluster.ConvergeAsync();
                Assert.Equal("v", await Clients.GetStaleAsync(other.Name, "planted-07"));
            },
            "--compare-every",
            "300ms");

    private static async Task RefusesAsync(NodeProcess node)
    {
        Assert.Equal(ErrorCode.NoLease, (await Clients.RefusedAsync(() => Clients.GetStaleAsync(node.Name, "planted-07"))).Code);
        Assert.Equal(ErrorCode.NoLease, (await Clients.RefusedAsync(() => ClusterCalls.DigestAsync(node.Name))).Code);
    }
}

using Kvs.Cluster.Tests.Processes.Load;
using Kvs.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>
/// All nodes are stopped and started again in an orderly way, one behind the other, while clients that know all of them go
/// on: no call of theirs fails.
/// </summary>
/// <param name="output">Gets the figures, and the nodes' logs on failure.</param>
public sealed class RollingRestartTests(ITestOutputHelper output)
{
    private const int Clients = 6;
    private const int Writes = 100;

    [Fact]
    public Task Nodes_of_a_fixed_list_are_restarted_one_by_one_and_no_client_sees_a_failure() => RunAsync(ClusterKind.Static);

    [ToolFact("etcd")]
    public Task Nodes_over_etcd_are_restarted_one_by_one_and_no_client_sees_a_failure() => RunAsync(ClusterKind.Elected);

    private Task RunAsync(ClusterKind kind) => ProcessCluster.RunAsync(output, kind, async cluster =>
    {
        await using var load = new ClusterLoad(cluster, Clients, new Random(5)) { KnowsAllNodes = true };
        load.Start();
        foreach (var node in cluster.Nodes)
        {
            await load.Acknowledged.MoreAsync(Writes);
            var role = node == await cluster.PrimaryAsync() ? "primary" : "replica";
            load.Acknowledged.Restart();
            var startedAt = TimeProvider.System.GetTimestamp();
            Assert.Equal(0, await node.TerminateAsync());
            var stopped = TimeProvider.System.GetElapsedTime(startedAt);
            await load.Acknowledged.MoreAsync(Writes);
            await node.StartAsync();
            await cluster.AllFollowAsync();
            output.WriteLine($"{role} restarted: {load.Acknowledged.Longest().TotalSeconds:0.000} s without an acknowledged write, "
                + $"{stopped.TotalSeconds:0.0} s to stop; {load.Acknowledged.Waits()}");
        }

        await load.StopAsync();
        Assert.Equal("", load.Failures);
        await load.CheckAllNodesAsync();
    });
}

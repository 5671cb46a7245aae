using Kvs.Cluster.Tests.Processes.Load;
using Kvs.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>
/// Real processes that find, lead and replace each other by themselves, over a real etcd, under clients that read and write
/// through all nodes.
/// </summary>
/// <param name="output">Gets the figures, and the nodes' logs on failure.</param>
public sealed class ElectedClusterTests(ITestOutputHelper output)
{
    private const int Clients = 4;
    private const int Writes = 20;

    [ToolFact("etcd")]
    public Task A_primary_that_is_killed_or_paused_is_replaced_by_itself_and_nothing_is_lost() => RunAsync(3, async cluster =>
    {
        await using var load = new ClusterLoad(cluster, Clients, new Random(1));
        foreach (var isKilled in (bool[])[true, false])
        {
            load.Start();
            await load.Acknowledged.MoreAsync(Writes);
            var primary = await cluster.PrimaryAsync();
            load.Acknowledged.Restart();
            await (isKilled ? primary.KillAsync() : primary.PauseAsync());
            await load.Acknowledged.MoreAsync(Writes);
            var longest = load.Acknowledged.Longest();
            Assert.NotEqual(primary, await cluster.PrimaryAsync());
            await (isKilled ? primary.StartAsync() : primary.ContinueAsync());
            await cluster.AllFollowAsync();
            await Processes.Clients.ReportsAsync(
                cluster.Others(await cluster.PrimaryAsync())[0], static status => status.Nodes.All(static node => node.InSync));
            await load.StopAsync();
            await load.CheckAllNodesAsync();
            output.WriteLine($"primary {(isKilled ? "killed" : "paused")}: {longest.TotalSeconds:0.000} s without an acknowledged write");
        }
    });

    [ToolFact("etcd")]
    public Task A_node_that_knows_only_the_cluster_joins_and_a_dead_one_is_removed_while_writes_go_on() => RunAsync(4, async cluster =>
    {
        var late = cluster.Nodes[3];
        await using var load = new ClusterLoad(cluster, Clients, new Random(2)) { Through = [.. cluster.Nodes.Take(3)] };
        load.Start();
        await load.Acknowledged.MoreAsync(Writes);
        await late.StartAsync();
        await cluster.AllFollowAsync();
        await load.Acknowledged.MoreAsync(Writes);
        await load.StopAsync();
        await load.CheckAllNodesAsync();

        var primary = await cluster.PrimaryAsync();
        var gone = cluster.Others(primary)[0];
        load.Start();
        await load.Acknowledged.MoreAsync(Writes);
        load.Acknowledged.Restart();
        await gone.KillAsync();
        output.WriteLine(await ClusterCalls.LeaveAsync(primary.Name, gone.Name));
        gone.HasLeft = true;
        await Processes.Clients.ReportsAsync(primary, status => status.Nodes.All(node => node.NodeId != gone.Name));
        await load.Acknowledged.MoreAsync(Writes);
        output.WriteLine($"a dead node removed: {load.Acknowledged.Longest().TotalSeconds:0.000} s without an acknowledged write");
        await load.StopAsync();
        await load.CheckAllNodesAsync();
    });

    [ToolFact("etcd")]
    public Task The_leader_of_etcd_is_killed_together_with_the_primary() => ProcessCluster.RunStoppedAsync(output, 3, [], async cluster =>
    {
        var etcd = await EtcdProcess.StartThreeAsync();
        try
        {
            foreach (var node in cluster.Nodes)
            {
                node.Arguments =
                    ["--cluster", string.Join(',', etcd.Select(static one => $"http://{one.Host}:{one.Port}")), "--cluster-name", "test"];
            }

            await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
            await cluster.AllFollowAsync();
            await using var load = new ClusterLoad(cluster, Clients, new Random(3));
            load.Start();
            await load.Acknowledged.MoreAsync(Writes);
            var primary = await cluster.PrimaryAsync();
            var leads = await Task.WhenAll(etcd.Select(static one => one.LeadsAsync()));
            load.Acknowledged.Restart();
            etcd[Array.IndexOf(leads, true)].Kill();
            await primary.KillAsync();
            await load.Acknowledged.MoreAsync(Writes);
            output.WriteLine($"etcd's leader and the primary killed: {load.Acknowledged.Longest().TotalSeconds:0.000} s without an acknowledged write");
            await primary.StartAsync();
            await cluster.AllFollowAsync();
            await load.StopAsync();
            await load.CheckAllNodesAsync();
        }
        finally
        {
            foreach (var one in etcd)
            {
                one.Dispose();
            }
        }
    });

    private Task RunAsync(int count, Func<ProcessCluster, Task> test) =>
        ProcessCluster.RunElectedAsync(output, count, test, [], namespaces: null);
}

using Kvs.Core.Primitives;
using Kvs.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>Real processes that answer before they sync: what a node that did not stop cleanly may do, and what it says.</summary>
/// <param name="output">Gets the nodes' logs on failure.</param>
public sealed class WeakerDurabilityTests(ITestOutputHelper output)
{
    private const string Unclean = "did not stop cleanly";

    [ToolFact("etcd")]
    public Task A_killed_node_counts_again_when_it_has_caught_up_and_nobody_leads_when_all_were_killed() => ProcessCluster.RunStoppedAsync(output, 3, [], async cluster =>
    {
        using var etcd = await EtcdProcess.StartAsync();
        foreach (var node in cluster.Nodes)
        {
            node.Arguments = ["--cluster", $"http://127.0.0.1:{etcd.Port}", "--cluster-name", "test", "--durability", "os"];
        }

        await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
        await cluster.AllFollowAsync();
        var primary = await cluster.PrimaryAsync();
        await Clients.SetAsync(primary.Name, "a", "1");

        var follower = cluster.Others(primary)[0];
        await follower.KillAsync();
        await follower.StartAsync();
        await cluster.AllFollowAsync();
        await Clients.SaysAsync(follower, Unclean);
        Assert.Equal("1", await Clients.GetAsync(follower.Name, "a"));

        await Task.WhenAll(cluster.Nodes.Select(static node => node.KillAsync()));
        await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
        foreach (var node in cluster.Nodes)
        {
            await Clients.SaysAsync(node, Unclean);
        }

        var refusal = await Clients.RefusedAsync(() => Clients.SetAsync(primary.Name, "a", "2"));
        Assert.Contains(refusal.Code, (ErrorCode[])[ErrorCode.NotPrimary, ErrorCode.DeadlineExceeded]);
        output.WriteLine(refusal.Message);

        var status = await ClusterCalls.StatusAsync(primary.Name);
        Assert.Contains("cluster force-promote --accept-data-loss", status.Advice, StringComparison.Ordinal);
        output.WriteLine(await ClusterCalls.ForcePromoteAsync(primary.Name));
        await cluster.AllFollowAsync();
        Assert.Equal(primary, await cluster.PrimaryAsync());
        await Clients.SetAsync(follower.Name, "a", "3");
        Assert.Equal("3", await Clients.GetAsync(primary.Name, "a"));
        await Clients.RefusedAsync(() => ClusterCalls.ForcePromoteAsync(follower.Name));
    });

    [Fact]
    public Task A_fixed_list_of_nodes_refuses_it() => ProcessCluster.RunStoppedAsync(output, 1, [], async cluster =>
    {
        cluster.Nodes[0].Arguments = ["--replica", "--durability", "os"];
        var (exitCode, errors) = await cluster.Nodes[0].StartRefusedAsync();
        Assert.NotEqual(0, exitCode);
        Assert.Contains("--durability os is not for a fixed list", errors, StringComparison.Ordinal);
    });
}

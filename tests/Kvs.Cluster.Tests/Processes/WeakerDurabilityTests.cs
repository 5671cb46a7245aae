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
    public Task In_a_fixed_list_a_killed_node_counts_again_when_it_has_caught_up_and_a_killed_primary_leads_no_more() =>
        ProcessCluster.RunAsync(
            output,
            async cluster =>
            {
                var primary = await cluster.PrimaryAsync();
                await cluster.AllFollowAsync();
                await Clients.SetAsync(primary.Name, "a", "1");

                // The third is away: who was killed counts again without it.
                await cluster.Nodes[2].TerminateAsync();
                await cluster.Nodes[1].KillAsync();
                await cluster.Nodes[1].StartAsync();
                await Clients.SaysAsync(cluster.Nodes[1], Unclean);
                await Clients.SetAsync(primary.Name, "a", "2");
                await cluster.Nodes[2].StartAsync();
                await cluster.AllFollowAsync();
                Assert.DoesNotContain(Unclean, cluster.Nodes[2].NewestLog, StringComparison.Ordinal);

                await primary.KillAsync();
                await primary.StartAsync();
                await Clients.SaysAsync(primary, "does not lead by itself");
                var status = await ClusterCalls.StatusAsync(primary.Name);
                Assert.Contains("let a node that counts lead", status.Advice, StringComparison.Ordinal);
                var refusal = await Clients.RefusedAsync(() => ClusterCalls.PromoteAsync(primary.Name));
                Assert.Contains("may miss acknowledged writes", refusal.Message, StringComparison.Ordinal);

                var next = await ProcessCluster.PromoteAsync(cluster.Others(primary));
                await cluster.AllFollowAsync();
                Assert.Equal("2", await Clients.GetAsync(next.Name, "a"));
            },
            "--durability",
            "os");

    [Fact]
    public Task In_a_fixed_list_of_which_all_were_killed_a_person_says_who_leads_and_after_a_clean_stop_nobody_need() =>
        ProcessCluster.RunAsync(
            output,
            async cluster =>
            {
                var primary = await cluster.PrimaryAsync();
                await cluster.AllFollowAsync();
                await Clients.SetAsync(primary.Name, "a", "1");
                await Task.WhenAll(cluster.Nodes.Select(static node => node.TerminateAsync()));
                await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
                await cluster.AllFollowAsync();
                primary = await cluster.PrimaryAsync();
                Assert.Equal("1", await Clients.GetAsync(primary.Name, "a"));
                Assert.DoesNotContain(cluster.Nodes, static node => node.NewestLog.Contains(Unclean, StringComparison.Ordinal));

                await Clients.SetAsync(primary.Name, "a", "2");
                await Task.WhenAll(cluster.Nodes.Select(static node => node.KillAsync()));
                await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
                foreach (var node in cluster.Nodes)
                {
                    await Clients.SaysAsync(node, Unclean);
                    await Clients.RefusedAsync(() => ClusterCalls.PromoteAsync(node.Name));
                }

                var status = await ClusterCalls.StatusAsync(primary.Name);
                Assert.Contains("cluster force-promote --accept-data-loss", status.Advice, StringComparison.Ordinal);
                output.WriteLine(await ClusterCalls.ForcePromoteAsync(primary.Name));
                await Clients.SaysAsync(primary, "begins by a person's word");
                await cluster.AllFollowAsync();
                Assert.Equal(primary, await cluster.PrimaryAsync());
                await Clients.SetAsync(cluster.Others(primary)[0].Name, "b", "3");
                Assert.Equal("2", await Clients.GetAsync(primary.Name, "a"));
            },
            "--durability",
            "os");
}

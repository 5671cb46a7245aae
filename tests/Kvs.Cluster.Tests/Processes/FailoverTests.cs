using Kvs.Cluster.Tests.Processes.Load;
using Kvs.Core.Client;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>Stories of a static cluster whose nodes fail, one each; whatever is random about them is in <see cref="ChaosTests"/>.</summary>
/// <param name="output">Gets the figures, and the nodes' logs on failure.</param>
public sealed class FailoverTests(ITestOutputHelper output)
{
    private const int Writers = 4;
    private static readonly TimeSpan s_short = TimeSpan.FromSeconds(4);

    [Fact]
    public Task An_isolated_primary_acknowledges_nothing_and_stops_to_read_what_may_be_old() =>
        ProcessCluster.RunAsync(output, async cluster =>
        {
            var old = await cluster.PrimaryAsync();
            await Clients.SetAsync(old.Name, "key", "before");
            cluster.Isolate(old);
            await Clients.ReportsAsync(old, static status => status.Lease == "missing");
            await using var client = await Clients.ConnectAsync(old.Name, s_short);
            await Clients.RefusedAsync(async () => await client.SetAsync("key", "by the old primary"));
            var read = await Clients.RefusedAsync(async () => await client.GetAsync("key"));
            Assert.Equal(ErrorCode.NoLease, read.Code);
            Assert.Equal("before", await Clients.GetStaleAsync(old.Name, "key"));

            var primary = await ProcessCluster.PromoteAsync(cluster.Others(old));
            await Clients.SetAsync(primary.Name, "key", "after");
            Assert.Equal(ErrorCode.NoLease, (await Clients.RefusedAsync(async () => await client.GetAsync("key"))).Code);

            cluster.Net.Mend();
            await cluster.ConvergeAsync();
            Assert.Equal("after", await Clients.GetAsync(old.Name, "key"));
        });

    [Fact]
    public Task What_only_the_old_primary_holds_is_cut_off_when_it_returns_and_never_shown() =>
        ProcessCluster.RunAsync(
            output,
            async cluster =>
            {
                var old = await cluster.PrimaryAsync();
                await Clients.SetAsync(old.Name, "key", "committed");
                await cluster.ConvergeAsync();
                await cluster.AllFollowAsync();
                cluster.Isolate(old);
                await using var client = await Clients.ConnectAsync(old.Name, s_short);
                var lost = KvsVersion.None;
                for (var i = 0; i < 50; i++)
                {
                    lost = (await client.SetAsync($"lost{i}", "acknowledged here alone, as acks local says")).Version;
                }

                Assert.Null(await Clients.GetStaleAsync(old.Name, "lost0"));
                var primary = await ProcessCluster.PromoteAsync(cluster.Others(old));
                for (var i = 0; i < 60; i++)
                {
                    await Clients.SetAsync(primary.Name, "key", "of the new primary");
                }

                using var stop = new CancellationTokenSource();
                var watching = Task.Run(() => NeverShowsAsync(old.Name, "lost0", stop.Token));
                cluster.Net.Mend();
                await cluster.ConvergeAsync();
                await stop.CancelAsync();
                await watching;
                Assert.Equal("of the new primary", await Clients.GetAsync(old.Name, "key"));
                Assert.Null(await Clients.GetAsync(old.Name, "lost49"));
                foreach (var node in cluster.Nodes)
                {
                    var refusal = await Clients.RefusedAsync(() => ClusterCalls.GetAtLeastAsync(node.Name, "key", lost));
                    Assert.Equal(ErrorCode.TokenLost, refusal.Code);
                }
            },
            "--acks",
            "local");

    [Fact]
    public Task All_nodes_killed_at_once_come_back_by_themselves_with_all_that_was_acknowledged() =>
        ProcessCluster.RunAsync(output, async cluster =>
        {
            await using var load = new ClusterLoad(cluster, Writers, new Random(1));
            load.Start();
            await load.Acknowledged.MoreAsync(200);
            await Task.WhenAll(cluster.Nodes.Select(static node => node.KillAsync()));
            await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
            await load.Acknowledged.MoreAsync(50);
            await load.StopAsync();
            await load.CheckAllNodesAsync();
        });

    [Fact]
    public Task All_nodes_killed_at_once_come_back_by_themselves_under_a_primary_that_was_promoted() =>
        ProcessCluster.RunAsync(output, async cluster =>
        {
            await using var load = new ClusterLoad(cluster, Writers, new Random(2));
            load.Start();
            await load.Acknowledged.MoreAsync(50);
            var old = await cluster.PrimaryAsync();
            await ClusterCalls.TransferAsync(old.Name, cluster.Others(old)[0].Name);
            await load.Acknowledged.MoreAsync(50);
            await Task.WhenAll(cluster.Nodes.Select(static node => node.KillAsync()));
            await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
            await load.Acknowledged.MoreAsync(50);
            await load.StopAsync();
            await load.CheckAllNodesAsync();
        });

    [Fact]
    public Task A_primary_that_is_told_to_stop_hands_over_and_clients_of_the_others_see_no_failure() =>
        ProcessCluster.RunAsync(output, async cluster =>
        {
            var old = await cluster.PrimaryAsync();
            await using var load = new ClusterLoad(cluster, Writers, new Random(3)) { Through = cluster.Others(old) };
            load.Start();
            await load.Acknowledged.MoreAsync(100);
            load.Acknowledged.Restart();
            Assert.Equal(0, await old.TerminateAsync());
            await load.Acknowledged.MoreAsync(100);
            output.WriteLine($"{load.Acknowledged.Longest().TotalMilliseconds:0} ms without an acknowledged write");
            await load.StopAsync();
            Assert.Equal("", load.Failures);
            await old.StartAsync();
            await load.CheckAllNodesAsync();
        });

    [Fact]
    public Task A_transfer_goes_without_a_failure_that_any_client_sees() => ProcessCluster.RunAsync(output, async cluster =>
    {
        await using var load = new ClusterLoad(cluster, Writers, new Random(4));
        load.Start();
        foreach (var target in cluster.Nodes.Skip(1).Append(cluster.Nodes[0]))
        {
            await load.Acknowledged.MoreAsync(100);
            var primary = await cluster.PrimaryAsync();
            load.Acknowledged.Restart();
            await ClusterCalls.TransferAsync(primary.Name, target.Name);
            await load.Acknowledged.MoreAsync(100);
            output.WriteLine($"{load.Acknowledged.Longest().TotalMilliseconds:0} ms without an acknowledged write");
        }

        await load.StopAsync();
        Assert.Equal("", load.Failures);
        await load.CheckAllNodesAsync();
    });

    [Fact]
    public Task A_transfer_waits_for_no_promise_that_was_given_to_the_old_primary() => ProcessCluster.RunAsync(output, async cluster =>
    {
        // The target's questions travel for longer than there is between two beacons, and the old primary is not heard
        // when it has sealed: so beacons come in between, and the third node is needed.
        var primary = await cluster.PrimaryAsync();
        var target = cluster.Others(primary)[0];
        await cluster.AllFollowAsync();
        cluster.Net.Delay(target.Name, primary.Name, TimeSpan.FromMilliseconds(250));
        await ClusterCalls.TransferAsync(primary.Name, target.Name);
        Assert.Equal(target, await cluster.PrimaryAsync());
    });

    private static async Task NeverShowsAsync(string node, string key, CancellationToken stop)
    {
        var (reader, link) = ClusterCalls.ReadStale(node);
        await using (link)
        {
            while (!stop.IsCancellationRequested)
            {
                Assert.Null(await reader.GetAsync(key, CancellationToken.None));
            }
        }
    }
}

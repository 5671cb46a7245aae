using System.Net;
using System.Net.Sockets;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>What a person meets who starts a static cluster: the first commands, and what is refused, in words.</summary>
/// <param name="output">Gets the nodes' logs on failure.</param>
public sealed class FirstStepsTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_key_that_is_set_on_one_node_is_read_on_each()
    {
        using var directory = new TemporaryDirectory();
        using var second = await ServerProcess.StartAsync(directory.FullPath, "--data-dir", "d1", "--replica");
        using var third = await ServerProcess.StartAsync(directory.FullPath, "--data-dir", "d2", "--replica");
        var address = FreeAddress();
        using var first = ServerProcess.Start(
            directory.FullPath, "--addr", address, "--data-dir", "d0", "--replicas", $"{second.Address},{third.Address}");
        await first.PortAsync();
        await Clients.SetAsync(address, "greeting", "hello");
        foreach (var node in new[] { address, second.Address, third.Address })
        {
            Assert.Equal("hello", await Clients.GetAsync(node, "greeting"));
        }

        await Clients.SetAsync(third.Address, "greeting", "good evening");
        foreach (var node in new[] { address, second.Address, third.Address })
        {
            Assert.Equal("good evening", await Clients.GetAsync(node, "greeting"));
        }
    }

    [Fact]
    public Task Two_nodes_say_at_the_start_that_neither_can_be_missed() =>
        ProcessCluster.RunStoppedAsync(output, 2, [], async cluster =>
        {
            await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
            await Clients.SaysAsync(cluster.Nodes[0], "when one is away, writes stop. A third node tolerates one failure");
            var primary = await cluster.PrimaryAsync();
            await Clients.SetAsync(cluster.Nodes[1].Name, "key", "1");

            await cluster.Nodes[1].KillAsync();
            await Clients.ReportsAsync(primary, static status => status.ReadOnlyReason?.StartsWith("1 of the 2 nodes", StringComparison.Ordinal) == true);
            var refusal = await Clients.RefusedAsync(() => Clients.SetOnceAsync(primary.Name, "key", "2"));
            Assert.Equal((ErrorCode.NotEnoughReplicas, WriteOutcome.NotApplied), (refusal.Code, refusal.Outcome));

            await cluster.Nodes[1].StartAsync();
            await cluster.AllFollowAsync();
            await Clients.SetAsync(primary.Name, "key", "3");
        });

    [Fact]
    public Task A_store_that_is_not_empty_is_not_taken_into_a_list() =>
        ProcessCluster.RunStoppedAsync(output, 3, [], async cluster =>
        {
            var stranger = cluster.Nodes[2];
            var asReplica = stranger.Arguments;
            await StandsAloneAsync(stranger, "mine");
            stranger.Arguments = asReplica;
            await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
            await Clients.SaysAsync(cluster.Nodes[0], $"{stranger.Name} holds another store or another list");
            Assert.Equal("mine", await Clients.GetStaleAsync(stranger.Name, "key"));
        });

    [Fact]
    public Task A_node_that_is_configured_with_another_list_does_not_lead_and_says_which_one_it_belongs_to() =>
        ProcessCluster.RunAsync(output, async cluster =>
        {
            var primary = cluster.Nodes[0];
            await primary.KillAsync();
            primary.Arguments = ["--replicas", cluster.Nodes[1].Name];
            await primary.StartAsync();
            await Clients.SaysAsync(primary, "Configure the list that it belongs to");
            await ProcessCluster.PromoteAsync(cluster.Others(primary));
            await cluster.ConvergeAsync();
        });

    [Fact]
    public Task A_directory_of_a_cluster_is_not_opened_alone() => ProcessCluster.RunAsync(output, async cluster =>
    {
        var replica = cluster.Nodes[2];
        await replica.KillAsync();
        replica.Arguments = [];
        var (exitCode, errors) = await replica.StartRefusedAsync();
        Assert.Equal(2, exitCode);
        Assert.Contains("cluster", errors, StringComparison.Ordinal);
    });

    [Fact]
    public Task A_server_that_is_no_replica_adopts_no_primary() => ProcessCluster.RunStoppedAsync(output, 3, [], async cluster =>
    {
        var alone = cluster.Nodes[2];
        alone.Arguments = [];
        await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
        await Until.HoldsAsync(
            async () =>
            {
                var refusal = await Clients.RefusedAsync(() => ClusterCalls.PromoteAsync(cluster.Nodes[0].Name));
                return refusal.Message.Contains("2 of its 3 members are there; all are needed once", StringComparison.Ordinal);
            },
            TimeSpan.FromSeconds(20));
        await Clients.SetAsync(alone.Name, "key", "mine");
        Assert.Equal("mine", await Clients.GetAsync(alone.Name, "key"));
    });

    private static async Task StandsAloneAsync(NodeProcess node, string value)
    {
        node.Arguments = [];
        await node.StartAsync();
        await Clients.SetAsync(node.Name, "key", value);
        await node.KillAsync();
    }

    private static string FreeAddress()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return $"127.0.0.1:{((IPEndPoint)socket.LocalEndPoint!).Port}";
    }
}

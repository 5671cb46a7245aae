using Kvs.Client.Tests.Harness;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Client.Tests.Cluster;

public sealed class ClusterCommandTests : IAsyncDisposable
{
    private readonly ClientHarness _client = new();
    private readonly FakeCluster _cluster = new();

    public ClusterCommandTests() => _client.Cluster = _cluster;

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    [Fact]
    public async Task Status_is_a_table_that_says_what_is_wrong_and_what_to_do()
    {
        _cluster.Status = Wounded;
        var outcome = await _client.RunAsync("cluster", "status");
        Assert.Equal(
            """
            cluster    c1
            mode       static
            acks       quorum
            epoch      100000001
            primary    n1
            committed  100000001-2a
            lease      held
            advice     Start n3.

            NODE  ADDRESS         ROLE     STATE  IN SYNC  LAG             APPLIED
            n1    10.0.0.1:4000   primary  up     yes      -               100000001-2a
            n3    10.0.0.13:4000  replica  down   no       4096 bytes, 2s  -

            """.ReplaceLineEndings("\n"),
            outcome.Out);
        Assert.Equal((0, ""), (outcome.Code, outcome.Err));
    }

    [Fact]
    public async Task Status_in_JSON_has_the_nodes_in_a_list()
    {
        _cluster.Status = Wounded;
        var status = Json.Line((await _client.RunAsync("cluster", "status", "-o", "json")).Out);
        Assert.Equal("cluster mode acks epoch primary committed lease control_plane advice nodes", status.Members());
        var nodes = status.GetProperty("nodes");
        Assert.Equal("node address role state in_sync lag_bytes lag_ms applied durable", nodes[0].Members());
        Assert.Equal("node address role state in_sync lag_bytes lag_ms", nodes[1].Members());
        Assert.Equal(2000, nodes[1].GetProperty("lag_ms").GetInt64());
    }

    [Theory]
    [InlineData("promote ", "promote")]
    [InlineData("promote n2", "promote", "n2")]
    [InlineData("force-promote ", "force-promote", "--accept-data-loss")]
    [InlineData("transfer ", "transfer")]
    [InlineData("transfer 10.0.0.2:4000", "transfer", "10.0.0.2:4000")]
    [InlineData("leave n3", "leave", "n3")]
    public async Task What_is_asked_of_the_cluster_is_said_and_so_is_the_answer(string asked, params string[] args)
    {
        var outcome = await _client.RunAsync(["cluster", .. args]);
        Assert.Equal((0, $"{asked}: done.\n"), (outcome.Code, outcome.Out));
        Assert.Equal([asked], _cluster.Asked);
    }

    [Theory]
    [InlineData("leave: NODE is missing", "leave")]
    [InlineData("status takes no NODE", "status", "n1")]
    [InlineData("force-promote takes no NODE", "force-promote", "n1", "--accept-data-loss")]
    [InlineData("force-promote gives up acknowledged writes that the node lacks; say so with --accept-data-loss", "force-promote")]
    [InlineData("--accept-data-loss is for force-promote", "promote", "--accept-data-loss")]
    [InlineData("promote takes one NODE", "promote", "n1", "n2")]
    [InlineData("ACTION: 'fix' is none of status, promote, transfer, leave, force-promote, verify", "fix")]
    public async Task What_makes_no_sense_is_not_asked(string complaint, params string[] args)
    {
        var outcome = await _client.RunAsync(["cluster", .. args]);
        Assert.Equal(2, outcome.Code);
        Assert.StartsWith($"kvs-client: {complaint}\n", outcome.Err, StringComparison.Ordinal);
        Assert.Empty(_cluster.Asked);
    }

    [Fact]
    public async Task A_server_of_its_own_refuses()
    {
        _client.Cluster = null;
        var outcome = await _client.RunAsync("cluster", "status");
        Assert.Equal((5, "kvs-client: This server is in no cluster.\n"), (outcome.Code, outcome.Err));
    }

    [Fact]
    public async Task Answers_in_JSON_carry_their_position_and_reads_ask_for_one()
    {
        _client.Position = new KvsVersion(0x100000001, 42);
        var set = Json.Line((await _client.RunAsync("set", "k", "v", "-o", "json")).Out);
        var token = set.GetProperty("position").GetString();
        Assert.Equal("100000001-2a", token);
        var got = await _client.RunAsync("get", "k", "-o", "json", "--consistency", "stale", "--at-least", token!);
        Assert.Equal("key found value version position", Json.Line(got.Out).Members());
        Assert.Equal((Consistency.Stale, _client.Position), (_client.Settings!.Consistency, _client.Settings.AtLeast));
        Assert.Equal("v\n", (await _client.RunAsync("get", "k")).Out);
        Assert.Equal((Consistency.Linearizable, KvsVersion.None), (_client.Settings!.Consistency, _client.Settings.AtLeast));
    }

    [Theory]
    [InlineData("--consistency: 'weak' is neither linearizable nor stale", "--consistency", "weak")]
    [InlineData("--at-least: '12' is no version token", "--at-least", "12")]
    public async Task What_a_read_cannot_ask_for_is_a_usage_error(string complaint, params string[] args)
    {
        var outcome = await _client.RunAsync(["get", "k", .. args]);
        Assert.Equal(2, outcome.Code);
        Assert.StartsWith($"kvs-client: {complaint}", outcome.Err, StringComparison.Ordinal);
    }

    private static ClusterStatus Wounded => new()
    {
        Cluster = "c1",
        Mode = "static",
        Epoch = 0x100000001,
        Primary = "n1",
        Acks = "quorum",
        Committed = new KvsVersion(0x100000001, 42),
        Lease = "held",
        Advice = "Start n3.",
        Nodes =
        [
            new ClusterNode
            {
                NodeId = "n1",
                Address = "10.0.0.1:4000",
                Role = NodeRole.Primary,
                State = "up",
                InSync = true,
                Applied = new KvsVersion(0x100000001, 42),
                Durable = new KvsVersion(0x100000001, 42),
            },
            new ClusterNode
            {
                NodeId = "n3",
                Address = "10.0.0.13:4000",
                Role = NodeRole.Replica,
                State = "down",
                LagBytes = 4096,
                Lag = TimeSpan.FromSeconds(2),
            },
        ],
    };
}

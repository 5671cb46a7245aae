using Kvs.Client.Tests.Harness;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Client.Tests.Cluster;

/// <summary>What cluster verify finds, and what it does not take for a difference.</summary>
public sealed class VerifyTests : IAsyncDisposable
{
    private static readonly KvsVersion s_newest = new(1, 100);
    private readonly ClientHarness _client = new();
    private readonly FakeCluster _cluster = new();

    public VerifyTests()
    {
        _client.Cluster = _cluster;
        _client.Io.Clock = new HastyClock();
        _cluster.Status = new ClusterStatus
        {
            Nodes = [new ClusterNode { NodeId = "n1", Address = "a:1" }, new ClusterNode { NodeId = "n2", Address = "b:1" }],
        };
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    [Fact]
    public async Task Equal_nodes_are_told_equal_by_one_digest_each()
    {
        var (a, b) = (Filled(5_000), Filled(5_000));
        Show(a, b);
        var outcome = await _client.RunAsync("cluster", "verify");
        Assert.Equal((0, "2 nodes, 5000 keys: no difference\n", ""), (outcome.Code, outcome.Out, outcome.Err));
        Assert.Equal((1, 1, _cluster.Position), (a.Digests, b.Digests, _cluster.AtLeast));
    }

    [Fact]
    public async Task One_flipped_value_among_many_is_named_wherever_it_lies() => await TestSeed.RunAsync(async seed =>
    {
        var key = $"k{new Random(seed).Next(20_000):D5}";
        var b = Filled(20_000).With(key, 7, 666);
        Show(Filled(20_000), b);
        var outcome = await _client.RunAsync("cluster", "verify");
        Assert.Equal(
            (1, $"{key}: another value on n2 than on n1, both of version 1-7\n2 nodes, 20000 keys: 1 difference\n"),
            (outcome.Code, outcome.Out));
    });

    [Fact]
    public async Task Missing_keys_surplus_keys_and_older_versions_are_told_apart()
    {
        var a = Filled(300).With("old", 50, 1).With("lost", 50, 1);
        var b = Filled(300).With("old", 40, 1).With("much", 50, 1);
        for (var i = 0; i < 200; i++)
        {
            b.With($"k00100-{i:D3}", 50, 1); // far more than the other one divides its range by
        }

        Show(a, b);
        var outcome = await _client.RunAsync("cluster", "verify", "-o", "json");
        var result = Json.Line(outcome.Out);
        Assert.Equal((1, 203), (outcome.Code, result.GetProperty("differences").GetArrayLength()));
        var text = (await _client.RunAsync("cluster", "verify")).Out;
        Assert.Contains("old: version 1-28 on n2, version 1-32 on n1\n", text, StringComparison.Ordinal);
        Assert.Contains("lost: missing on n2, version 1-32 on n1\n", text, StringComparison.Ordinal);
        Assert.Contains("much: version 1-32 on n2, missing on n1\n", text, StringComparison.Ordinal);
        Assert.Contains("k00100-199: version 1-32 on n2, missing on n1\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_written_between_two_states_is_looked_at_again_and_is_no_difference()
    {
        var later = new KvsVersion(1, 110);
        var written = Filled(100, later).With("k00007", 105, 9).With("new", 106, 9).Without("k00008");
        Show([Filled(100), written], [written, written]);
        var outcome = await _client.RunAsync("cluster", "verify");
        Assert.Equal((0, "2 nodes, 100 keys: no difference\n"), (outcome.Code, outcome.Out));
    }

    [Fact]
    public async Task A_state_that_includes_a_write_and_does_not_show_it_is_wrong_although_writes_go_on()
    {
        Show(Filled(100).With("k00007", 90, 9), Filled(100, new KvsVersion(1, 110)));
        var outcome = await _client.RunAsync("cluster", "verify");
        Assert.Equal(1, outcome.Code);
        Assert.StartsWith("k00007: version 1-7 on n2, version 1-5a on n1\n", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_about_to_expire_is_no_difference_and_one_that_stays_missing_is()
    {
        Show([Filled(100), Filled(100).Without("k00007")], [Filled(100).Without("k00007")]);
        Assert.Equal(0, (await _client.RunAsync("cluster", "verify")).Code);
        Show(Filled(100), Filled(100).Without("k00007"));
        _client.Io.Clock = new HastyClock();
        Assert.Equal(1, (await _client.RunAsync("cluster", "verify")).Code);
    }

    [Fact]
    public async Task A_key_that_never_rests_is_said_to_be_open()
    {
        // Each time the first node is asked, the other one is a write further.
        var a = Enumerable.Range(0, 5).Select(i => Filled(10, new KvsVersion(1, 200 + (ulong)i)).With("hot", 200 + (ulong)i, 1));
        var b = Enumerable.Range(0, 5).Select(i => Filled(10, new KvsVersion(1, 201 + (ulong)i)).With("hot", 201 + (ulong)i, 1));
        Show([.. a], [.. b]);
        var outcome = await _client.RunAsync("cluster", "verify");
        Assert.Equal(4, outcome.Code);
        Assert.StartsWith("hot: written too often to tell", outcome.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_cannot_be_asked_is_named_and_is_no_success()
    {
        _cluster.States["a:1"] = new Queue<FakeState>([Filled(5)]);
        var outcome = await _client.RunAsync("cluster", "verify");
        Assert.Equal((3, "not compared: n2: No server at b:1: refused\n"), (outcome.Code, outcome.Err));
    }

    [Fact]
    public async Task Addresses_that_are_given_are_compared_instead_of_the_nodes_of_the_cluster()
    {
        _cluster.States["x:1"] = new Queue<FakeState>([Filled(5)]);
        _cluster.States["y:1"] = new Queue<FakeState>([Filled(6)]);
        var outcome = await _client.RunAsync("cluster", "verify", "x:1", "y:1");
        Assert.Equal((1, KvsVersion.None), (outcome.Code, _cluster.AtLeast));
        Assert.StartsWith("k00005: version 1-5 on y:1, missing on x:1\n", outcome.Out, StringComparison.Ordinal);
        Assert.Equal(2, (await _client.RunAsync("cluster", "verify", "x:1")).Code);
        Assert.Equal(2, (await _client.RunAsync("cluster", "verify", "x", "y")).Code);
    }

    private static FakeState Filled(int keys, KvsVersion? version = null)
    {
        var state = new FakeState(version ?? s_newest);
        for (var i = 0; i < keys; i++)
        {
            state.With($"k{i:D5}", i == 5 ? 5UL : 7UL, (ulong)i);
        }

        return state;
    }

    private void Show(FakeState a, FakeState b) => Show([a], [b]);

    private void Show(FakeState[] a, FakeState[] b)
    {
        _cluster.States["a:1"] = new Queue<FakeState>(a);
        _cluster.States["b:1"] = new Queue<FakeState>(b);
    }
}

using Kvs.TestKit.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>kvs-client cluster verify against real nodes: a sound cluster, and one value that is wrong on one disk.</summary>
/// <param name="output">Gets what it says, and the nodes' logs on failure.</param>
public sealed class VerifyTests(ITestOutputHelper output)
{
    private const int Keys = 2_000;

    [Fact]
    public Task One_flipped_value_on_the_disk_of_one_replica_is_named_with_its_node() => ProcessCluster.RunAsync(output, async cluster =>
    {
        var (primary, replica) = (cluster.Nodes[0], cluster.Nodes[2]);
        await using (var client = await Clients.ConnectAsync(primary.Name, TimeSpan.FromSeconds(30)))
        {
            await Task.WhenAll(Enumerable.Range(0, Keys).Select(i => client.SetAsync($"key{i:0000}", $"value of {i:0000}").AsTask()));
        }

        await cluster.AllFollowAsync();
        await cluster.ConvergeAsync();
        var sound = await VerifyAsync(primary);
        Assert.Equal((0, $"3 nodes, {Keys} keys: no difference\n"), (sound.Code, sound.Out));

        Assert.Equal(0, await replica.TerminateAsync());
        PlantedRecord.FlipValue(replica.DataPath, "key1234");
        await replica.StartAsync();
        await cluster.AllFollowAsync();
        Assert.Equal("walue of 1234", await Clients.GetStaleAsync(replica.Name, "key1234"));
        var found = await VerifyAsync(primary);
        Assert.Equal(1, found.Code);
        Assert.StartsWith($"key1234: another value on {replica.Name} than on ", found.Out, StringComparison.Ordinal);
        Assert.EndsWith($"3 nodes, {Keys} keys: 1 difference\n", found.Out, StringComparison.Ordinal);
    });

    private async Task<RunOutcome> VerifyAsync(NodeProcess node)
    {
        var outcome = await ClientProcess.RunAsync([], "--addr", node.Name, "cluster", "verify");
        output.WriteLine($"exit code {outcome.Code}\n{outcome.Out}{outcome.Err}");
        return outcome;
    }
}

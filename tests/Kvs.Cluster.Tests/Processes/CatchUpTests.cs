using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>Replicas that come back after they have missed something.</summary>
/// <param name="output">Gets the figures, and the nodes' logs on failure.</param>
public sealed class CatchUpTests(ITestOutputHelper output)
{
    private const int Keys = 2_000;
    private const int CopyBytes = Keys * 1000;

    [Fact]
    public Task A_replica_that_was_away_catches_up_from_the_log() => ProcessCluster.RunAsync(output, async cluster =>
    {
        var primary = cluster.Nodes[0];
        await cluster.Nodes[2].KillAsync();
        await FillAsync(primary);
        await cluster.Nodes[2].StartAsync();
        await cluster.ConvergeAsync();
        Assert.DoesNotContain("a copy up to", primary.NewestLog, StringComparison.Ordinal);
        Assert.Equal(new string('v', 1000), await Clients.GetStaleAsync(cluster.Nodes[2].Name, $"fill{Keys - 1}"));
    });

    [Fact]
    public Task A_base_copy_whose_connection_breaks_goes_on() => ProcessCluster.RunAsync(
        output,
        async cluster =>
        {
            var (primary, emptied) = (cluster.Nodes[0], cluster.Nodes[2]);
            await FillAsync(primary);
            await emptied.KillAsync();
            emptied.Wipe();
            cluster.Net.Truncate(primary.Name, emptied.Name, CopyBytes / 4);
            await emptied.StartAsync();

            // The reset comes in the middle of the files: the replica comes again and is offered them again.
            await Until.HoldsAsync(() => Offers(primary) == 2);
            await cluster.ConvergeAsync();
        },
        "--history-bytes",
        "0");

    [Fact]
    public Task A_replica_that_is_killed_while_it_takes_a_base_copy_takes_it_anew() => ProcessCluster.RunAsync(
        output,
        async cluster =>
        {
            var (primary, emptied) = (cluster.Nodes[0], cluster.Nodes[2]);
            await FillAsync(primary);
            await emptied.KillAsync();
            emptied.Wipe();
            cluster.Net.Delay(primary.Name, emptied.Name, TimeSpan.FromMilliseconds(50));
            await emptied.StartAsync();
            await Clients.ReportsAsync(
                primary, status => status.Nodes.Any(node => node.NodeId == emptied.Name && node.State == "taking a copy"));
            await emptied.KillAsync();
            cluster.Net.Mend();
            await emptied.StartAsync();
            await cluster.ConvergeAsync();
        },
        "--history-bytes",
        "0");

    [Fact]
    public Task A_configured_primary_that_was_emptied_does_not_lead_and_follows_who_was_promoted() => ProcessCluster.RunAsync(
        output,
        async cluster =>
        {
            var emptied = cluster.Nodes[0];
            await FillAsync(emptied);
            await emptied.KillAsync();
            emptied.Wipe();
            await emptied.StartAsync();
            await Clients.SaysAsync(emptied, "belongs to a store already, and this one is empty");

            var primary = await ProcessCluster.PromoteAsync(cluster.Others(emptied));
            await Clients.SetAsync(primary.Name, "key", "value");
            await cluster.AllFollowAsync();
            await cluster.ConvergeAsync();
            Assert.Equal("value", await Clients.GetAsync(emptied.Name, "key"));

            // It counts again, and may lead again.
            await ClusterCalls.TransferAsync(primary.Name, emptied.Name);
            Assert.Equal(emptied, await cluster.PrimaryAsync());
        });

    [Fact]
    public Task Reads_of_a_replica_that_takes_a_base_copy_succeed_or_are_told_to_come_again() => ProcessCluster.RunAsync(
        output,
        async cluster =>
        {
            var (primary, late) = (cluster.Nodes[0], cluster.Nodes[2]);
            await FillAsync(primary);
            await late.KillAsync();
            await FillAsync(primary);
            await late.StartAsync();
            using var stop = new CancellationTokenSource();
            var reading = Enumerable.Range(0, 4).Select(_ => Task.Run(() => ScanAsync(late, stop.Token))).ToList();
            await cluster.ConvergeAsync();
            await stop.CancelAsync();
            var refusals = (await Task.WhenAll(reading)).SelectMany(static codes => codes).GroupBy(static code => code).ToList();
            output.WriteLine(string.Join("; ", refusals.Select(static code => $"{code.Key}: {code.Count()}")));
            Assert.Contains("a copy up to", primary.NewestLog, StringComparison.Ordinal);
            Assert.All(refusals, static code => Assert.True(
                code.Key is ErrorCode.Overloaded or ErrorCode.Unreachable or ErrorCode.SnapshotExpired, code.Key.ToString()));
        },
        "--history-bytes",
        "0");

    private static async Task<List<ErrorCode>> ScanAsync(NodeProcess node, CancellationToken stop)
    {
        var refusals = new List<ErrorCode>();
        var (reader, link) = ClusterCalls.ReadStale(node.Name);
        await using (link)
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    var keys = 0;
                    await foreach (var entry in reader.ScanAsync(cancellationToken: CancellationToken.None))
                    {
                        Assert.Equal(1000, entry.Value.Bytes.Length);
                        keys++;
                    }

                    Assert.Equal(Keys, keys);
                }
                catch (KvsException refusal)
                {
                    refusals.Add(refusal.Code);
                    await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
                }
            }
        }

        return refusals;
    }

    private static int Offers(NodeProcess primary) => primary.NewestLog.Split("a copy up to").Length - 1;

    private static async Task FillAsync(NodeProcess primary)
    {
        await using var client = await Clients.ConnectAsync(primary.Name, TimeSpan.FromSeconds(30));
        var value = new string('v', 1000);
        for (var round = 0; round < 2; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, Keys).Select(i => client.SetAsync($"fill{i}", value).AsTask()));
        }

        await client.CompactAsync();
    }
}

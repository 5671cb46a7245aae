using System.Globalization;
using Kvs.Cluster.Tests.Processes.Load;
using Kvs.Cluster.Tests.Processes.Network;
using Kvs.TestKit;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>
/// Three real processes under clients that read and write through all nodes, while one node after the other is killed,
/// paused or cut off: of a fixed list, over a real etcd, and with a real network. Histories stay linearizable, and all
/// nodes end with all acknowledged writes and the same content; all the time they compare what they have applied.
/// <c>KVS_CHAOS_ROUNDS</c> gives the rounds,
/// <c>KVS_CHAOS_FAULT</c> the one fault that is wanted, <c>KVS_NODE_LOGS=1</c> what the nodes say.
/// </summary>
/// <param name="output">Gets the figures, and the nodes' logs on failure.</param>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const int Clients = 6;
    private const int WritesBefore = 20;

    private static readonly string? s_rounds = Environment.GetEnvironmentVariable("KVS_CHAOS_ROUNDS");

    private static readonly string? s_fault = Environment.GetEnvironmentVariable("KVS_CHAOS_FAULT");

    [Fact]
    public Task Nothing_acknowledged_is_lost_and_histories_are_linearizable_whatever_happens_to_one_node() =>
        TestSeed.RunAsync(seed => RunAsync(ClusterKind.Static, seed, rounds: 6));

    [ToolFact("etcd")]
    public Task Nothing_acknowledged_is_lost_and_histories_are_linearizable_when_nodes_over_etcd_replace_each_other() =>
        TestSeed.RunAsync(seed => RunAsync(ClusterKind.Elected, seed, rounds: 4));

    [NamespaceFact]
    public Task Nothing_acknowledged_is_lost_and_histories_are_linearizable_when_the_network_itself_is_cut() =>
        TestSeed.RunAsync(seed => RunAsync(ClusterKind.ElectedInNamespaces, seed, rounds: 2));

    [Fact]
    public Task Clients_that_are_answered_by_one_node_alone_are_found_to_be_betrayed() => ProcessCluster.RunAsync(
        output,
        async cluster =>
        {
            var random = new Random(7);
            await using var load = new ClusterLoad(cluster, Clients, random);
            load.Start();
            await load.Acknowledged.MoreAsync(WritesBefore);
            var primary = await cluster.PrimaryAsync();
            cluster.Isolate(primary);
            await load.WriteThroughAsync(primary); // of this nobody else will ever know
            await cluster.SucceedAsync(primary);
            cluster.Roads.Mend();
            await load.WriteThroughAsync(await cluster.PrimaryAsync());
            var finding = await Assert.ThrowsAnyAsync<XunitException>(load.StopAsync);
            Assert.Contains("NOT LINEARIZABLE", finding.Message, StringComparison.Ordinal);
            finding = await Assert.ThrowsAnyAsync<XunitException>(load.CheckAllNodesAsync);
            Assert.Contains("acknowledged writes", finding.Message, StringComparison.Ordinal);
        },
        "--acks",
        "local");

    private Task RunAsync(ClusterKind kind, int seed, int rounds) => ProcessCluster.RunAsync(output, kind, async cluster =>
    {
        rounds = s_rounds is null ? rounds : int.Parse(s_rounds, CultureInfo.InvariantCulture);
        var random = new Random(seed);
        var figures = new ChaosFigures();
        await using var load = new ClusterLoad(cluster, Clients, random);
        var faults = new ChaosFaults(cluster, load.Acknowledged, random);
        try
        {
            for (var round = 0; round < rounds; round++)
            {
                var fault = FaultOf(faults.Names, round, random);
                figures.Add(fault, await RunRoundAsync(load, faults, round, fault));
            }

            await load.CheckAllNodesAsync();
            Assert.All(cluster.Nodes, static node => Assert.DoesNotContain("differs from", node.Log, StringComparison.Ordinal));
        }
        finally
        {
            output.WriteLine($"seed {seed}: {load.Operations} operations, {load.Acknowledged.Count} acknowledged writes; without one, at most:");
            output.WriteLine(figures.Table());
        }
    },
    "--compare-every",
    "300ms");

    // The primary's turn is every second round at least.
    private static string FaultOf(IEnumerable<string> all, int round, Random random)
    {
        var names = all.Where(static name => s_fault is null || name == s_fault).ToList();
        var primaries = names.Where(static name => name.StartsWith("primary", StringComparison.Ordinal)).ToList();
        return round % 2 == 0 && primaries.Count > 0 ? primaries[random.Next(primaries.Count)] : names[random.Next(names.Count)];
    }

    private async Task<TimeSpan> RunRoundAsync(ClusterLoad load, ChaosFaults faults, int round, string fault)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        try
        {
            load.Start();
            await load.Acknowledged.MoreAsync(WritesBefore);
            load.Acknowledged.Restart();
            await faults.DoAsync(fault);
            var longest = load.Acknowledged.Longest();
            await load.StopAsync();
            await load.CheckAllNodesAsync();
            var took = TimeProvider.System.GetElapsedTime(startedAt).TotalSeconds;
            output.WriteLine($"{TimeProvider.System.GetUtcNow():HH:mm:ss} round {round}: {fault}: {longest.TotalSeconds:0.000} s without an acknowledged write "
                + $"({took:0.0} s in all; {load.Failures})");
            return longest;
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException(
                $"Round {round}, {fault}, after {load.Operations} operations: {failure.Message}\nClients: {load.Failures}", failure);
        }
    }
}

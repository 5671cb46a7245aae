using System.Globalization;
using Kvs.Cluster.Tests.Simulation;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests;

/// <summary>Static lists under faults, by seeds: KVS_SIM_FIRST and KVS_SIM_SEEDS say which, KVS_SIM_SEED which one alone.</summary>
/// <param name="output">For the figures.</param>
public sealed class StaticSimulationTests(ITestOutputHelper output)
{
    private const int SeedsByDefault = 300;
    private const int SeedsWithWildClocks = 100;
    private static readonly SimOptions Weaker = new() { AnswersBeforeSync = true };

    [Fact]
    public void Many_seeds_hold_every_invariant()
    {
        var count = Number("KVS_SIM_SEEDS", SeedsByDefault);
        var first = Number("KVS_SIM_FIRST", 1);
        var (steps, committed, operations, promotions) = (0L, 0L, 0L, 0L);
        var faults = new FaultCounts();
        for (var seed = first; seed < first + count; seed++)
        {
            var cluster = SimRun.Run(seed, new SimOptions());
            steps += cluster.Steps;
            committed += cluster.Ghost.Committed.Count;
            operations += cluster.Histories.Reads + cluster.Histories.Writes;
            promotions += cluster.Operator.Done;
            faults.Add(cluster.World.Faults);
        }

        output.WriteLine($"{count} seeds, {steps} steps, {committed} batches, {operations} operations, "
            + $"{promotions} promotions and transfers; {faults}");
        Assert.True(committed > count && operations > count && promotions > 0, "the runs do nothing");
        if (count >= SeedsByDefault)
        {
            Assert.Empty(faults.Missing(Fault.Parting));
        }
    }

    [Fact]
    public void Many_seeds_hold_every_invariant_when_nodes_acknowledge_before_they_sync()
    {
        var count = Number("KVS_SIM_SEEDS", SeedsByDefault);
        var first = Number("KVS_SIM_FIRST", 1);
        var (committed, promotions, undecided) = (0L, 0L, 0);
        var faults = new FaultCounts();
        for (var seed = first; seed < first + count; seed++)
        {
            var cluster = SimRun.Run(seed, Weaker);
            committed += cluster.Ghost.Committed.Count;
            promotions += cluster.Operator.Done;
            undecided += cluster.IsUndecidable ? 1 : 0;
            faults.Add(cluster.World.Faults);
        }

        output.WriteLine($"{count} seeds, {committed} batches, {promotions} promotions and transfers, {undecided} runs in which in the "
            + $"end nobody could prove to have everything; {faults}");
        Assert.True(committed > count && promotions > 0 && undecided < count / 2, "the runs do nothing");
        Assert.True(faults.Of(Fault.UnsyncedLost) > count / 2, "the disks lose nothing");
    }

    [Fact]
    public void With_clocks_beyond_the_bound_only_reads_may_be_old()
    {
        for (var seed = 1; seed <= SeedsWithWildClocks; seed++)
        {
            SimRun.Run(seed, new SimOptions { ClocksRunWild = true, Waived = "I5" });
        }
    }

    [Fact]
    public void One_seed() => RunOne(new SimOptions());

    [Fact]
    public void One_seed_when_nodes_acknowledge_before_they_sync() => RunOne(Weaker);

    private static void RunOne(SimOptions options)
    {
        // KVS_SIM_TRACE names a file for all events of the seed.
        using var trace = Environment.GetEnvironmentVariable("KVS_SIM_TRACE") is { Length: > 0 } path ? File.CreateText(path) : null;
        var cluster = SimRun.Run(Number("KVS_SIM_SEED", 1), options with { Trace = trace });
        Assert.True(cluster.Ghost.Committed.Count > 0);
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;
}

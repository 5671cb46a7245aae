using System.Globalization;
using Kvs.Cluster.Tests.Simulation;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests;

/// <summary>Groups with a control plane under faults, by seeds: KVS_SIM_FIRST and KVS_SIM_SEEDS say which, KVS_SIM_SEED which one alone.</summary>
/// <param name="output">For the figures.</param>
public sealed class ElectedSimulationTests(ITestOutputHelper output)
{
    private const int SeedsByDefault = 300;
    private const int SeedsWithWildClocks = 100;
    private const int Steps = 1500;

    [Fact]
    public void Many_seeds_hold_every_invariant()
    {
        var count = Number("KVS_SIM_SEEDS", SeedsByDefault);
        var first = Number("KVS_SIM_FIRST", 1);
        var (steps, committed, operations, elections, changes) = (0L, 0L, 0L, 0L, 0L);
        var faults = new FaultCounts();
        for (var seed = first; seed < first + count; seed++)
        {
            var cluster = SimRun.Run(seed, new SimOptions { HasControlPlane = true, Steps = Steps });
            steps += cluster.Steps;
            committed += cluster.Ghost.Committed.Count;
            operations += cluster.Histories.Reads + cluster.Histories.Writes;
            elections += cluster.ControlPlane.Elections;
            changes += cluster.ControlPlane.SetChanges;
            faults.Add(cluster.World.Faults);
        }

        output.WriteLine($"{count} seeds, {steps} steps, {committed} batches, {operations} operations, {elections} elections, "
            + $"{changes} changes of the in-sync set; {faults}");
        Assert.True(committed > count && operations > count && elections > count && changes > count, "the runs do nothing");
        if (count >= SeedsByDefault)
        {
            Assert.Empty(faults.Missing(Fault.LeaseEndedEarly));
        }
    }

    [Fact]
    public void With_a_control_plane_and_clocks_beyond_the_bound_only_reads_may_be_old()
    {
        for (var seed = 1; seed <= SeedsWithWildClocks; seed++)
        {
            SimRun.Run(seed, new SimOptions { HasControlPlane = true, Steps = Steps, ClocksRunWild = true, Waived = "I5" });
        }
    }

    [Fact]
    public void One_seed_with_a_control_plane()
    {
        // KVS_SIM_TRACE names a file for all events of the seed.
        using var trace = Environment.GetEnvironmentVariable("KVS_SIM_TRACE") is { Length: > 0 } path ? File.CreateText(path) : null;
        var cluster = SimRun.Run(Number("KVS_SIM_SEED", 1), new SimOptions { HasControlPlane = true, Steps = Steps, Trace = trace });
        Assert.True(cluster.Ghost.Committed.Count > 0);
    }

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;
}

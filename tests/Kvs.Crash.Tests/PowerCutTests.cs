using System.Globalization;
using Kvs.Crash.Tests.Harness;
using Kvs.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Crash.Tests;

/// <summary>
/// The kvs engine under power cuts: a workload of every kind of write, cut before every call that changes the device,
/// with many leftovers each, killed too, and cut again while it reopens and in its second life.
/// <c>KVS_CRASH_CUTS</c> gives the number of cuts (2,500 by default).
/// </summary>
/// <param name="output">Gets the figures.</param>
public sealed class PowerCutTests(ITestOutputHelper output)
{
    private const int LeftoversMax = 4;

    private static readonly int s_cuts =
        int.Parse(Environment.GetEnvironmentVariable("KVS_CRASH_CUTS") ?? "2500", CultureInfo.InvariantCulture);

    [Fact]
    public void Whatever_a_power_cut_leaves_opens_to_all_that_was_acknowledged() =>
        TestSeed.Run(seed =>
        {
            var checker = new CrashChecker(LogEngineUnderTest.Open, seed, LogEngineUnderTest.ClockStepMax);
            var (lives, whileCompacting) = (0, 0);
            while (checker.Checked < s_cuts)
            {
                var run = new CrashRun(LogEngineUnderTest.Run with
                {
                    Seed = seed + lives++,
                    ClockStepMax = LogEngineUnderTest.ClockStepMax,
                    Prepare = device => device.RefusesChangesOfMappedFiles = lives % 2 == 0,
                });
                run.Execute(LogEngineUnderTest.Open);
                checker.CheckAll(run, LeftoversMax);
                whileCompacting += run.Cuts.Count(cut => cut.Before.Contains(".data", StringComparison.Ordinal));
            }

            output.WriteLine($"{checker.Checked} cuts of {lives} lives, {whileCompacting} cut points in compactions.");
        });
}

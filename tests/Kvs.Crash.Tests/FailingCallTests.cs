using System.Globalization;
using Kvs.Crash.Tests.Harness;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Crash.Tests;

/// <summary>
/// The kvs engine on a disk on which one call fails, in a workload that fills, seals, compacts and removes segments, and
/// for every kind of failure: it answers everything, refuses writes for good after a fault, and has what it acknowledged
/// when it is opened again.
/// <c>KVS_CRASH_FAULTS</c> gives the number of failing calls of each phase (4 by default); a large one takes every call.
/// </summary>
/// <param name="output">Gets the figures.</param>
public sealed class FailingCallTests(ITestOutputHelper output)
{
    private static readonly int s_pointsMax =
        int.Parse(Environment.GetEnvironmentVariable("KVS_CRASH_FAULTS") ?? "4", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(CallKinds.Any, FaultKind.DeviceError, false)]
    [InlineData(CallKinds.Any, FaultKind.DeviceError, true)]
    [InlineData(CallKinds.Any, FaultKind.DiskFull, false)]
    [InlineData(CallKinds.Any, FaultKind.DiskFull, true)]
    [InlineData(CallKinds.Write, FaultKind.ShortWrite, false)]
    internal void Whatever_call_fails_nothing_acknowledged_is_lost(CallKinds kinds, FaultKind fault, bool forGood) =>
        TestSeed.Run(seed =>
        {
            var sweep = new FaultSweep(LogEngineUnderTest.Open, LogEngineUnderTest.Run with { Seed = seed });
            sweep.RunSome(kinds, fault, forGood, s_pointsMax);
            output.WriteLine($"{sweep.Struck} failures, {sweep.Faulted} of them final, {sweep.Checked} reopenings.");
            output.WriteLine(string.Join(", ", sweep.StruckIn.Select(pair => $"{pair.Key} {pair.Value}")));
            Assert.InRange(sweep.Faulted, 1, sweep.Struck);
            Assert.All(PhasesOf(kinds), phase => Assert.True(sweep.StruckIn.ContainsKey(phase), $"nothing failed in {phase}"));
        });

    [Fact]
    public void A_disk_that_lies_about_syncs_is_found() =>
        TestSeed.Run(seed => Assert.Throws<CrashFindingException>(() =>
            new FaultSweep(LogEngineUnderTest.Open, LogEngineUnderTest.Run with { Seed = seed, Actions = 14 })
                .Run(CallKinds.Sync, FaultKind.LyingSync, forGood: true)));

    // Writes are all there is to a short write: rotation syncs, and what is removed is not written.
    private static IEnumerable<FaultPhase> PhasesOf(CallKinds kinds) => Enum.GetValues<FaultPhase>().Where(
        phase => kinds != CallKinds.Write || phase is not (FaultPhase.Sync or FaultPhase.Rotate or FaultPhase.Remove));
}

using Kvs.Crash.Tests.Harness;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Crash.Tests;

/// <summary>
/// The kvs engine on a disk on which one call fails, for every call of a workload and every kind of failure: it answers
/// everything, refuses writes for good after a fault, and has what it acknowledged when it is opened again.
/// </summary>
/// <param name="output">Gets the figures.</param>
public sealed class FailingCallTests(ITestOutputHelper output)
{
    private const int Actions = 14;

    [Theory]
    [InlineData(CallKinds.Any, FaultKind.DeviceError, false)]
    [InlineData(CallKinds.Any, FaultKind.DeviceError, true)]
    [InlineData(CallKinds.Any, FaultKind.DiskFull, false)]
    [InlineData(CallKinds.Write, FaultKind.ShortWrite, false)]
    internal void Whatever_call_fails_nothing_acknowledged_is_lost(CallKinds kinds, FaultKind fault, bool forGood) =>
        TestSeed.Run(seed =>
        {
            var sweep = new FaultSweep(
                LogEngineUnderTest.Open, LogEngineUnderTest.Run with { Seed = seed, Actions = Actions });
            sweep.Run(kinds, fault, forGood);
            output.WriteLine($"{sweep.Struck} failures, {sweep.Faulted} of them final, {sweep.Checked} reopenings.");
            Assert.InRange(sweep.Faulted, 1, sweep.Struck);
        });

    [Fact]
    public void A_disk_that_lies_about_syncs_is_found() =>
        TestSeed.Run(seed => Assert.Throws<CrashFindingException>(() =>
            new FaultSweep(LogEngineUnderTest.Open, LogEngineUnderTest.Run with { Seed = seed, Actions = Actions })
                .Run(CallKinds.Sync, FaultKind.LyingSync, forGood: true)));
}

using Kvs.Crash.Tests.Harness;
using Kvs.Crash.Tests.Toy;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Crash.Tests;

/// <summary>
/// The harness on trial: it must find nothing wrong with an engine that is right, and every mistake of one that is not.
/// </summary>
public sealed class ToyEngineTests
{
    private const int Cuts = 1000;

    [Fact]
    public void Nothing_is_found_in_the_right_engine() =>
        TestSeed.Run(seed => Assert.InRange(CheckPowerCuts(ToyMistake.None, seed), Cuts, int.MaxValue));

    [Theory]
    [InlineData(ToyMistake.AcknowledgesBeforeSync)]
    [InlineData(ToyMistake.PublishesBeforeAppend)]
    [InlineData(ToyMistake.RenamesWithoutDirectorySync)]
    [InlineData(ToyMistake.ReusesStateTooEarly)]
    [InlineData(ToyMistake.SplitsBatches)]
    internal void A_mistake_is_found_by_cutting_the_power(ToyMistake mistake) =>
        TestSeed.Run(seed => Assert.Throws<CrashFindingException>(() => CheckPowerCuts(mistake, seed)));

    [Fact]
    public void Nothing_is_found_in_the_right_engine_when_any_call_fails() =>
        TestSeed.Run(seed =>
        {
            var sweep = new FaultSweep(ToyEngine.Opener(ToyMistake.None), new RunOptions { Seed = seed, Actions = 20 });
            sweep.Run(CallKinds.Any, FaultKind.DeviceError, forGood: false);
            sweep.Run(CallKinds.Any, FaultKind.DiskFull, forGood: true);
            sweep.Run(CallKinds.Write, FaultKind.ShortWrite, forGood: false);
            Assert.InRange(sweep.Faulted, 10, sweep.Struck);
        });

    [Fact]
    public void Believing_a_second_sync_is_found_when_a_sync_fails() =>
        TestSeed.Run(seed => Assert.Throws<CrashFindingException>(() =>
            new FaultSweep(
                ToyEngine.Opener(ToyMistake.BelievesSecondSync),
                new RunOptions { Seed = seed, Actions = 20 })
                .Run(CallKinds.Sync, FaultKind.DeviceError, forGood: false)));

    [Fact]
    public void A_disk_that_lies_about_a_sync_is_found() =>
        TestSeed.Run(seed => Assert.Throws<CrashFindingException>(() =>
            new FaultSweep(ToyEngine.Opener(ToyMistake.None), new RunOptions { Seed = seed, Actions = 20 })
                .Run(CallKinds.Sync, FaultKind.LyingSync, forGood: true)));

    private static int CheckPowerCuts(ToyMistake mistake, int seed)
    {
        var checker = new CrashChecker(ToyEngine.Opener(mistake), seed);
        for (var life = 0; checker.Checked < Cuts; life++)
        {
            var run = new CrashRun(new RunOptions { Seed = seed + life });
            run.Execute(ToyEngine.Opener(mistake));
            checker.CheckAll(run, leftoversMax: 40);
        }

        return checker.Checked;
    }
}

using Kvs.Core.Engines;
using Kvs.Core.Index;
using Kvs.Core.Platform;
using Kvs.Crash.Tests.Harness;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Crash.Tests;

/// <summary>
/// The kvs engine made wrong on purpose: each mistake that the format and the order of its steps exist to prevent must
/// be found by the tests that the right engine passes.
/// </summary>
/// <param name="output">Gets what was found.</param>
public sealed class BrokenEngineTests(ITestOutputHelper output)
{
    private const int LivesMax = 3;

    [Theory]
    [InlineData(DiskMistake.AcknowledgesBeforeSync)]
    [InlineData(DiskMistake.PublishesBeforeAppend)]
    [InlineData(DiskMistake.RenamesWithoutDirectorySync)]
    internal void A_mistake_is_found_by_cutting_the_power(DiskMistake mistake) =>
        TestSeed.Run(seed => Convict(() => CutPower(MistakenFileSystem.Under(LogEngineUnderTest.Open, mistake), seed)));

    [Fact]
    public void Believing_a_second_sync_is_found_when_a_sync_fails() =>
        TestSeed.Run(seed => Convict(() =>
            new FaultSweep(
                MistakenFileSystem.Under(LogEngineUnderTest.Open, DiskMistake.BelievesSecondSync),
                LogEngineUnderTest.Run with { Seed = seed, Actions = 20 })
                .Run(CallKinds.Sync, FaultKind.DeviceError, forGood: false)));

    // No power cut is needed: a snapshot that is held shows what was written after it. The index's own assertions are
    // off, so that it is the harness that must see it.
    [Fact]
    public void A_page_that_is_reused_one_group_too_early_is_found() =>
        TestSeed.Run(seed => Convict(() => CutPower(OpenReusingPagesEarly, seed)));

    private static async ValueTask<IKvEngine> OpenReusingPagesEarly(KvsEnvironment environment)
    {
        var options = LogEngineUnderTest.Options with
        {
            Index = new KeyIndexOptions { PageBytes = 512, ReclaimEarlyGroups = 1 },
        };
        return await LogEngine.OpenAsync(CrashRun.Store, options, environment, CancellationToken.None)
            .ConfigureAwait(false);
    }

    private static void CutPower(EngineOpener open, int seed)
    {
        for (var life = 0; life < LivesMax; life++)
        {
            var run = new CrashRun(LogEngineUnderTest.Run with { Seed = seed + life });
            run.Execute(open);
            new CrashChecker(open, seed).CheckAll(run, leftoversMax: 6);
        }
    }

    private void Convict(Action trial) => output.WriteLine(Assert.Throws<CrashFindingException>(trial).Message);
}

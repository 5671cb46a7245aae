using Kvs.Core.Engines;
using Kvs.Core.Platform;
using Kvs.Crash.Tests.Harness;

namespace Kvs.Crash.Tests;

/// <summary>The kvs engine, all sizes small, so that a short workload fills and compacts segments.</summary>
internal static class LogEngineUnderTest
{
    /// <summary>How it behaves.</summary>
    internal static LogEngineOptions Options { get; } = new()
    {
        HistoryBytes = 0,
        CompactionDeadShare = 0.3,
    };

    /// <summary>What it is put through: a few huge values fill a segment and leave something to compact.</summary>
    internal static RunOptions Run { get; } = new()
    {
        Seed = 0,
        Actions = 80,
        HugeBytes = 400_000,
        HugeValueEvery = 5,
        Numbered = true,
        Restarts = true,
    };

    /// <summary>How far clocks are set: far beyond the times to live of the workload, whose keys live for seconds.</summary>
    internal static TimeSpan ClockStepMax { get; } = TimeSpan.FromSeconds(20);

    /// <summary>Opens it.</summary>
    /// <param name="environment">The simulated machine.</param>
    /// <returns>The engine.</returns>
    internal static async ValueTask<IKvEngine> Open(KvsEnvironment environment) =>
        await LogEngine.OpenAsync(CrashRun.Store, Options, environment, CancellationToken.None).ConfigureAwait(false);
}

using Kvs.Bench.Reports;

namespace Kvs.Bench.Engines;

/// <summary>The lines of the target table that are about engines in one process.</summary>
internal static class EngineGoals
{
    private const double MicrosOfSecond = 1e6;

    /// <summary>All.</summary>
    internal static IEnumerable<Goal> All { get; } =
    [
        new("kvs: durable set, 1 thread, times sync p50", 0.85, IsLeast: true, static round =>
            round.Of("durable-set-1", EngineKind.Kvs) is { } set ? set.Rate * set.SyncP50 / MicrosOfSecond : null),
        Goal.Ratio("durable-set-1", EngineKind.Kvs, EngineKind.RocksDb, 1),
        Goal.Ratio("durable-set-8", EngineKind.Kvs, EngineKind.RocksDb, 3),
        Goal.Ratio("durable-set-50", EngineKind.Kvs, EngineKind.RocksDb, 5),
        Goal.Ratio("get-1", EngineKind.Kvs, EngineKind.Lmdb, 1),
        Goal.Ratio("get-2", EngineKind.Kvs, EngineKind.Lmdb, 1),
        Goal.Ratio("scan-1", EngineKind.Kvs, EngineKind.Sqlite, 2),
        Goal.Ratio("scan-1", EngineKind.Kvs, EngineKind.Lmdb, 1) with { IsMoonshot = true },
    ];
}

using Kvs.Bench.Reports;

namespace Kvs.Bench.Stores;

/// <summary>The lines of the target table that are about a store with 10 million keys.</summary>
internal static class BigGoals
{
    private const int Keys = 10_000_000;
    private const double MicrosOfSecond = 1e6;

    /// <summary>All.</summary>
    internal static IEnumerable<Goal> All { get; } =
    [
        new("10 M keys: bytes of the index a key, beyond the key's own, after a reopen", 50, IsLeast: false, static round =>
            Of(round, BigStoreRun.ReopenClosed)?.IndexBytes),
        new("10 M keys: reopen after a clean close, s", 4, IsLeast: false, static round =>
            Of(round, BigStoreRun.ReopenClosed)?.P50 / MicrosOfSecond),
        new("10 M keys: reopen after a kill, s", 4, IsLeast: false, static round =>
            Of(round, BigStoreRun.ReopenKilled)?.P50 / MicrosOfSecond),
        new("10 M keys: p99.9 of reads beside a writer and a compaction, to that of an idle store", 5, IsLeast: false, static round =>
            Of(round, BigStoreRun.ReadsBesideCompaction)?.P999 / Of(round, BigStoreRun.Reads)?.P999),
    ];

    private static CellResult? Of(RoundResults round, string cell) => round.Of(BigStoreRun.CellOf(cell, Keys), BigStoreRun.Side);
}

using Kvs.Bench.Reports;

namespace Kvs.Bench.Compare;

/// <summary>The lines of the target table that are about servers, for each way in which ours is reached.</summary>
internal static class ServerGoals
{
    private const double MicrosOfSecond = 1e6;

    /// <summary>All.</summary>
    internal static IEnumerable<Goal> All =>
        Durable(Side.Kvs).Concat(Durable(Side.KvsResp)).Concat(Volatile(Side.KvsOs)).Concat(Volatile(Side.KvsOsResp))
            .Concat(Reads(Side.Kvs)).Concat(Reads(Side.KvsResp));

    private static IEnumerable<Goal> Durable(string side) =>
    [
        new($"{side}: durable set, 1 client, times (sync p50 + ping p50)", 0.85, IsLeast: true, round =>
            round.Of("durable-set-1", side) is { } set && round.Of("ping-1", side) is { } ping
                ? set.Rate * (set.SyncP50 + ping.P50) / MicrosOfSecond
                : null),
        Goal.Ratio("durable-set-50", side, Side.RedisAlways, 1.0),
        Goal.Ratio("durable-set-50", side, Side.Redis, 1.0) with { IsMoonshot = true },
        Goal.Ratio("durable-set-50-p16", side, Side.RedisAlways, 1.5),
        Goal.Ratio("durable-set-50-p64", side, Side.RedisAlways, 1.5),
        Goal.Ratio("durable-set-500", side, Side.RedisAlways, 1.0),
        Goal.Ratio("durable-set-500", side, Side.Redis, 1.0) with { IsMoonshot = true },
        Goal.Ratio("durable-90/10-50", side, Side.RedisAlways, 1.0),
        new($"{side}: p99 of reads in 90/10, to that of a pure read load", 2.0, IsLeast: false, round =>
            round.Of("durable-90/10-50", side)?.ReadP99 / round.Of("get-50", side)?.ReadP99),
    ];

    private static IEnumerable<Goal> Volatile(string side) =>
    [
        Goal.Ratio("os-set-50", side, Side.Redis, 0.95),
        Goal.Ratio("os-set-50-p16", side, Side.Redis, 1.0),
        Goal.Ratio("os-set-50-p64", side, Side.Redis, 1.5),
    ];

    private static IEnumerable<Goal> Reads(string side) =>
    [
        Goal.Ratio("get-50", side, Side.Redis, 0.95),
        Goal.Ratio("get-50-p16", side, Side.Redis, 1.2),
        Goal.Ratio("get-50-p64", side, Side.Redis, 1.8),
    ];
}

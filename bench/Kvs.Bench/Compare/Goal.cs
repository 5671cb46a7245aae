using Kvs.Bench.Figures;

namespace Kvs.Bench.Compare;

/// <summary>A line of the target table: a figure of each round, and what it should be.</summary>
/// <param name="Text">What is wanted.</param>
/// <param name="Bound">The bound.</param>
/// <param name="IsLeast">Whether the figure should be at least that; else at most.</param>
/// <param name="Figure">The figure in a round; null when something was not measured.</param>
internal sealed record Goal(string Text, double Bound, bool IsLeast, Func<RoundResults, double?> Figure)
{
    private const double MicrosOfSecond = 1e6;

    /// <summary>All goals that are about servers, for a side of ours each.</summary>
    internal static IEnumerable<Goal> All =>
        Durable(Side.Kvs).Concat(Durable(Side.KvsResp)).Concat(Volatile(Side.KvsOs)).Concat(Volatile(Side.KvsOsResp))
            .Concat(Reads(Side.Kvs)).Concat(Reads(Side.KvsResp));

    /// <summary>What the rounds gave.</summary>
    /// <param name="results">All results.</param>
    /// <returns>Null when it was not measured.</returns>
    internal Spread? Measured(IEnumerable<CompareResult> results)
    {
        var figures = results.GroupBy(static result => result.Round)
            .Select(round => Figure(new RoundResults(round)))
            .OfType<double>()
            .ToList();
        return figures.Count > 0 ? Spread.Of(figures) : null;
    }

    private static IEnumerable<Goal> Durable(string side) =>
    [
        new($"{side}: durable set, 1 client, times (sync p50 + ping p50)", 0.85, IsLeast: true, round =>
            round.Of("durable-set-1", side) is { } set && round.Of("ping-1", side) is { } ping
                ? set.Rate * (set.SyncP50 + ping.P50) / MicrosOfSecond
                : null),
        Ratio("durable-set-50", side, Side.RedisAlways, 1.0),
        Ratio("durable-set-50-p16", side, Side.RedisAlways, 1.5),
        Ratio("durable-set-50-p64", side, Side.RedisAlways, 1.5),
        Ratio("durable-set-500", side, Side.RedisAlways, 1.0),
        Ratio("durable-90/10-50", side, Side.RedisAlways, 1.0),
        new($"{side}: p99 of reads in 90/10, to that of a pure read load", 2.0, IsLeast: false, round =>
            round.Of("durable-90/10-50", side)?.ReadP99 / round.Of("get-50", side)?.ReadP99),
    ];

    private static IEnumerable<Goal> Volatile(string side) =>
    [
        Ratio("os-set-50", side, Side.Redis, 0.95),
        Ratio("os-set-50-p16", side, Side.Redis, 1.0),
        Ratio("os-set-50-p64", side, Side.Redis, 1.5),
    ];

    private static IEnumerable<Goal> Reads(string side) =>
    [
        Ratio("get-50", side, Side.Redis, 0.95),
        Ratio("get-50-p16", side, Side.Redis, 1.2),
        Ratio("get-50-p64", side, Side.Redis, 1.8),
    ];

    private static Goal Ratio(string cell, string side, string peer, double bound) =>
        new($"{side}: {cell}, to {peer}", bound, IsLeast: true, round => round.Of(cell, side)?.Rate / round.Of(cell, peer)?.Rate);
}

/// <summary>The results of one round.</summary>
/// <param name="results">They.</param>
internal sealed class RoundResults(IEnumerable<CompareResult> results)
{
    private readonly Dictionary<(string, string), CompareResult> _results = results.ToDictionary(static result => (result.Cell, result.Side));

    /// <summary>One of them.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="side">The side.</param>
    /// <returns>Null when it was not measured.</returns>
    internal CompareResult? Of(string cell, string side) => _results.GetValueOrDefault((cell, side));
}

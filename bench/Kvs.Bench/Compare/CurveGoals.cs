using Kvs.Bench.Reports;

namespace Kvs.Bench.Compare;

/// <summary>The lines of the target table that are about curves: reads cost the same however many keys there are.</summary>
internal static class CurveGoals
{
    /// <summary>All.</summary>
    internal static IEnumerable<Goal> All { get; } = [Flat(Side.Kvs), Flat(Side.KvsResp)];

    private static Goal Flat(string side) =>
        new($"{side}: gets of 50 clients at 10 M keys, to those at 100 k keys", 0.7, IsLeast: true, round =>
            round.Of($"{Curve.GetsByKeys}-10000000", side)?.Rate / round.Of($"{Curve.GetsByKeys}-100000", side)?.Rate);
}

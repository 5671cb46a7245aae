using Kvs.Bench.Reports;

namespace Kvs.Bench.Starts;

/// <summary>The line of the target table that is about the start of the client.</summary>
internal static class StartGoals
{
    private const double MicrosOfMilli = 1000;

    /// <summary>All.</summary>
    internal static IEnumerable<Goal> All { get; } =
    [
        new("start of kvs-client to its first byte sent, ms (median of a round's starts)", 45, IsLeast: false, static round =>
            round.Of(StartRun.Cell, StartRun.Own)?.P50 / MicrosOfMilli),
    ];
}

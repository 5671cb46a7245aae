namespace Kvs.Server.Telemetry.Operations;

/// <summary>What an <see cref="OperationMeter"/> has counted, at one moment. Immutable.</summary>
/// <param name="cells">The sums.</param>
/// <param name="results">Results of each operation.</param>
/// <param name="durationsAt">Where durations begin.</param>
/// <param name="perDuration">Numbers of each operation's durations: buckets, and their sum.</param>
/// <param name="frequency">Clock ticks of a second.</param>
internal sealed class OperationTotals(long[] cells, int results, int durationsAt, int perDuration, long frequency)
{
    /// <summary>How many operations there were.</summary>
    /// <param name="operation">Number of the operation.</param>
    /// <param name="result">Place of the result.</param>
    internal long Count(int operation, int result) => cells[(operation * results) + result];

    /// <summary>How long those took that were timed.</summary>
    /// <param name="operation">Number of the operation.</param>
    internal DurationTotals Duration(int operation)
    {
        var numbers = cells.AsSpan(durationsAt + (operation * perDuration), perDuration);
        return new DurationTotals([.. numbers[..^1]], (double)numbers[^1] / frequency);
    }
}

/// <summary>Durations by bucket.</summary>
/// <param name="Buckets">How many fell into each bucket; the last one has no upper bound.</param>
/// <param name="Seconds">Their sum.</param>
internal sealed record DurationTotals(long[] Buckets, double Seconds)
{
    /// <summary>How many there were.</summary>
    internal long Count => Buckets.Sum();
}

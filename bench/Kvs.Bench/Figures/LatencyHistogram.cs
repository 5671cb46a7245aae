using System.Numerics;

namespace Kvs.Bench.Figures;

/// <summary>
/// Latencies in nanoseconds in log-linear buckets: 32 to each power of two, so a quantile is at most 3 % too high
/// (the layout of HdrHistogram). Threading: one writer each; merge afterwards.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int SubBits = 5;
    private readonly long[] _counts = new long[(64 - SubBits) << SubBits];

    /// <summary>How many were recorded.</summary>
    internal long Count { get; private set; }

    /// <summary>The longest.</summary>
    internal long MaxNanos { get; private set; }

    /// <summary>Records one.</summary>
    /// <param name="nanos">The latency.</param>
    internal void Record(long nanos)
    {
        _counts[BucketOf(nanos)]++;
        Count++;
        MaxNanos = Math.Max(MaxNanos, nanos);
    }

    /// <summary>Adds all of another.</summary>
    /// <param name="other">The other.</param>
    internal void Add(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        MaxNanos = Math.Max(MaxNanos, other.MaxNanos);
    }

    /// <summary>The latency that a share of all does not exceed.</summary>
    /// <param name="quantile">0 to 1.</param>
    /// <returns>Microseconds.</returns>
    internal double Micros(double quantile)
    {
        var rank = (long)Math.Ceiling(quantile * Count);
        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= rank && seen > 0)
            {
                return Math.Min(UpperEnd(i), MaxNanos) / 1000.0;
            }
        }

        return 0;
    }

    private static int BucketOf(long nanos)
    {
        var value = (ulong)Math.Max(nanos, 1);
        var shift = Math.Max(0, BitOperations.Log2(value) - SubBits);
        return (int)(((uint)shift << SubBits) + (value >> shift));
    }

    private static long UpperEnd(int bucket)
    {
        var shift = Math.Max(0, (bucket >> SubBits) - 1);
        return ((long)(bucket - (shift << SubBits) + 1) << shift) - 1;
    }
}

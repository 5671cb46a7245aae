using System.Diagnostics;

namespace Kvs.Bench.Figures;

/// <summary>Time in nanoseconds from an arbitrary point, by the machine's monotonic clock.</summary>
internal static class Clock
{
    private const long NanosOfSecond = 1_000_000_000;
    private static readonly long _nanosOfTick = NanosOfSecond / Stopwatch.Frequency;

    /// <summary>Now.</summary>
    internal static long Nanos => Stopwatch.GetTimestamp() * _nanosOfTick;

    /// <summary>A span in nanoseconds.</summary>
    /// <param name="seconds">The span.</param>
    internal static long FromSeconds(double seconds) => (long)(seconds * NanosOfSecond);

    /// <summary>A span in seconds.</summary>
    /// <param name="nanos">The span.</param>
    internal static double ToSeconds(long nanos) => (double)nanos / NanosOfSecond;
}

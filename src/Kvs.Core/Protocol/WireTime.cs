namespace Kvs.Core.Protocol;

/// <summary>Times as the wire has them (unix milliseconds, 0 for none) and as the API has them.</summary>
internal static class WireTime
{
    private static readonly long MillisMin = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long MillisMax = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>The expiry of a key. A peer may send any number: those beyond the calendar become its ends.</summary>
    /// <param name="unixMillis">Unix milliseconds; 0 for none.</param>
    /// <returns>The time, or null for none.</returns>
    internal static DateTimeOffset? ToExpiry(long unixMillis) =>
        unixMillis == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(unixMillis, MillisMin, MillisMax));

    /// <summary>A moment. A peer may send any number: those beyond the calendar become its ends.</summary>
    /// <param name="unixMillis">Unix milliseconds.</param>
    /// <returns>The moment.</returns>
    internal static DateTimeOffset ToInstant(long unixMillis) =>
        DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(unixMillis, MillisMin, MillisMax));

    /// <summary>A span of time. A peer may send any number: those that are too large become the largest.</summary>
    /// <param name="millis">Milliseconds.</param>
    /// <returns>The span.</returns>
    internal static TimeSpan ToSpan(long millis) =>
        TimeSpan.FromTicks(Math.Clamp(millis, 0, TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMillisecond) * TimeSpan.TicksPerMillisecond);
}

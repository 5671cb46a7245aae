namespace Kvs.Core.Engines.Commit.Groups;

/// <summary>
/// The time by which keys expire. It advances with the monotonic clock and leans towards the wall clock by at most
/// 1/20 of what passes, so that a clock that is set forward expires nothing at once and one that is set back prolongs
/// nothing; it never goes back, over restarts neither. Its value goes into each group frame: readers compare with that,
/// never with a clock. Threading: commit thread only.
/// </summary>
internal sealed class LogClock
{
    /// <summary>At most one part in this many of the passed time is added or taken away to follow the wall clock.</summary>
    private const long SlewParts = 20;

    private readonly TimeProvider _time;
    private long _timestamp;
    private long _ticks;

    /// <summary>Starts the clock at the wall clock, or at the newest logged time if that is later.</summary>
    /// <param name="time">Monotonic and wall clock.</param>
    /// <param name="lastMillis">Newest log time on disk, unix milliseconds.</param>
    internal LogClock(TimeProvider time, long lastMillis)
    {
        _time = time;
        _timestamp = time.GetTimestamp();
        _ticks = Math.Max(WallTicks(), lastMillis * TimeSpan.TicksPerMillisecond);
    }

    /// <summary>Reads the clock.</summary>
    /// <returns>Unix milliseconds; never less than what an earlier call gave.</returns>
    internal long NowMillis()
    {
        var timestamp = _time.GetTimestamp();
        var passed = Math.Max(0, _time.GetElapsedTime(_timestamp, timestamp).Ticks);
        var lean = passed / SlewParts;
        var drift = WallTicks() - (_ticks + passed);
        _timestamp = timestamp;
        _ticks += passed + Math.Clamp(drift, -lean, lean);
        return _ticks / TimeSpan.TicksPerMillisecond;
    }

    /// <summary>
    /// Goes on from the time of a frame that another node's clock has given: who leads next goes on from there, whatever
    /// its own wall clock says.
    /// </summary>
    /// <param name="logTimeMillis">Log time of the newest frame.</param>
    internal void Follow(long logTimeMillis)
    {
        _timestamp = _time.GetTimestamp();
        _ticks = logTimeMillis * TimeSpan.TicksPerMillisecond;
    }

    private long WallTicks() => _time.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
}

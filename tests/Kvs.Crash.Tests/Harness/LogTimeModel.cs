using Kvs.TestKit;

namespace Kvs.Crash.Tests.Harness;

/// <summary>
/// What log time must be, worked out apart from the engine: it begins at the wall clock, or at the newest time on the
/// disk where that is later; it advances with the monotonic clock and leans towards the wall clock by 1/20 at most.
/// </summary>
/// <param name="time">The clocks.</param>
internal sealed class LogTimeModel(ManualTimeProvider time)
{
    private const int LeanParts = 20;
    private const long ToleranceMillis = 2; // the engine leans in many small steps, each rounded

    private long _begunAt;
    private long _beginTicks;

    /// <summary>What log time is now, within <see cref="Tolerance"/>.</summary>
    internal long NowMillis
    {
        get
        {
            var passed = time.GetTimestamp() - _begunAt;
            var lean = passed / LeanParts;
            return (_beginTicks + passed + Math.Clamp(AheadBy(passed), -lean, lean)) / TimeSpan.TicksPerMillisecond;
        }
    }

    /// <summary>How far the engine may be off; nothing as long as log time is the wall clock.</summary>
    internal long Tolerance => AheadBy(time.GetTimestamp() - _begunAt) == 0 ? 0 : ToleranceMillis;

    private long WallTicks => time.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;

    /// <summary>The store was opened.</summary>
    /// <param name="lastMillis">Newest log time on the disk; 0 for none.</param>
    internal void Begin(long lastMillis)
    {
        _begunAt = time.GetTimestamp();
        _beginTicks = Math.Max(WallTicks, lastMillis * TimeSpan.TicksPerMillisecond);
    }

    /// <summary>Compares a log time that was just given.</summary>
    /// <param name="logTimeMillis">What the engine published.</param>
    /// <exception cref="CrashFindingException">It is another one.</exception>
    internal void Check(long logTimeMillis)
    {
        if (Math.Abs(logTimeMillis - NowMillis) > Tolerance)
        {
            throw new CrashFindingException($"Log time is {logTimeMillis}, expected {NowMillis}");
        }
    }

    private long AheadBy(long passed) => WallTicks - (_beginTicks + passed);
}

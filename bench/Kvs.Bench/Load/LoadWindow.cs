using Kvs.Bench.Figures;

namespace Kvs.Bench.Load;

/// <summary>The times of a run, in nanoseconds of <see cref="Clock"/>.</summary>
/// <param name="Start">The first request.</param>
/// <param name="From">The measured part begins: what was before is warm-up.</param>
/// <param name="Until">It ends, and no further request is sent.</param>
internal readonly record struct LoadWindow(long Start, long From, long Until)
{
    /// <summary>Seconds of the measured part.</summary>
    internal double Seconds => Clock.ToSeconds(Until - From);

    /// <summary>The window of a plan that starts now. A load, whose end is its last key, is measured whole.</summary>
    /// <param name="plan">The plan.</param>
    internal static LoadWindow Now(LoadPlan plan)
    {
        var start = Clock.Nanos;
        var from = start + Clock.FromSeconds(plan.WarmUpSeconds);
        return plan.EachKeyOnce
            ? new LoadWindow(start, start, long.MaxValue)
            : new LoadWindow(start, from, from + Clock.FromSeconds(plan.Seconds));
    }

    /// <summary>The same measured part, which goes on from now for as long as it has lasted.</summary>
    internal LoadWindow Longer()
    {
        var now = Clock.Nanos;
        return new LoadWindow(now, From, now + (now - From));
    }
}

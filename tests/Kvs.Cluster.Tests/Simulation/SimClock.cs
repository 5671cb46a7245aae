using Kvs.Core.Replication;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>The clocks of one machine: they run at a rate of their own, may be suspended, and the wall clock is stepped.</summary>
/// <param name="world">The world.</param>
internal sealed class SimClock(World world)
{
    private TimeSpan _trueAt = world.Now;
    private TimeSpan _read;
    private TimeSpan _monotonic = world.Between(0, 1_000_000_000);
    private TimeSpan _boot = world.Between(0, 1_000_000_000);
    private TimeSpan _wall = TimeSpan.FromDays(20_000) + world.Between(0, 10_000_000);

    /// <summary>Seconds of this machine for one true second.</summary>
    internal double Rate { get; set; } = 1;

    /// <summary>Reads the clocks.</summary>
    internal ClockReading Read()
    {
        Advance();
        _read = _monotonic;
        return new ClockReading(_monotonic, _boot, _wall);
    }

    /// <summary>The machine was suspended: the monotonic clock has missed it.</summary>
    /// <param name="length">How long.</param>
    internal void MissMonotonic(TimeSpan length)
    {
        Advance();
        var missed = _monotonic - (length * Rate);
        _monotonic = missed > _read ? missed : _read;
    }

    /// <summary>The wall clock is set.</summary>
    /// <param name="by">By how much; negative for back.</param>
    internal void StepWall(TimeSpan by)
    {
        Advance();
        _wall += by;
    }

    private void Advance()
    {
        var passed = (world.Now - _trueAt) * Rate;
        _trueAt = world.Now;
        _monotonic += passed;
        _boot += passed;
        _wall += passed;
    }
}

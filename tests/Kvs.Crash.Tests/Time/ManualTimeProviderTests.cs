using Kvs.TestKit;
using Xunit;

namespace Kvs.Crash.Tests.Time;

public sealed class ManualTimeProviderTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task Manual_time_drives_delays_timeouts_and_periodic_timers()
    {
        var delay = Task.Delay(TimeSpan.FromMinutes(5), _time);
        using var source = new CancellationTokenSource(TimeSpan.FromMinutes(10), _time);
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), _time);
        var tick = timer.WaitForNextTickAsync();
        var never = new TaskCompletionSource();
        var wait = never.Task.WaitAsync(TimeSpan.FromMinutes(7), _time);
        Assert.False(delay.IsCompleted);

        _time.Advance(TimeSpan.FromMinutes(6));
        await delay;
        Assert.True(await tick);
        Assert.False(source.IsCancellationRequested);

        _time.Advance(TimeSpan.FromMinutes(6));
        Assert.True(source.IsCancellationRequested);
        await Assert.ThrowsAsync<TimeoutException>(() => wait);
    }

    [Fact]
    public void A_stepped_wall_clock_moves_no_timer()
    {
        var fired = false;
        using var timer = _time.CreateTimer(_ => fired = true, null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);
        var (before, stamp) = (_time.GetUtcNow(), _time.GetTimestamp());

        _time.StepWallClock(TimeSpan.FromDays(-1));

        Assert.Equal(before - TimeSpan.FromDays(1), _time.GetUtcNow());
        Assert.Equal(stamp, _time.GetTimestamp());
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.False(fired);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(fired);
    }
}

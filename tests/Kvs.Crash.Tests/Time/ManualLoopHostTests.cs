using Kvs.Core.Primitives;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Crash.Tests.Time;

public sealed class ManualLoopHostTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ManualLoopHost _loops;

    public ManualLoopHostTests() => _loops = new ManualLoopHost(_time, new Random(1));

    [Fact]
    public void Nothing_runs_until_it_is_told_to()
    {
        var steps = 0;
        var loop = _loops.Start("a", () => Count(ref steps));
        Assert.Equal(0, steps);

        _loops.RunUntilIdle();
        Assert.Equal(1, steps); // the first step comes without a wake
        loop.Wake();
        loop.Wake();
        _loops.RunUntilIdle();
        Assert.Equal(2, steps);
    }

    [Fact]
    public void A_wake_during_a_step_is_not_lost()
    {
        var steps = 0;
        Kvs.Core.Platform.ILoop? loop = null;
        loop = _loops.Start("a", () =>
        {
            if (++steps < 3)
            {
                loop!.Wake();
            }

            return Timeout.InfiniteTimeSpan;
        });

        _loops.RunUntilIdle();
        Assert.Equal(3, steps);
    }

    [Fact]
    public void The_same_seed_gives_the_same_interleaving_and_another_seed_another_one()
    {
        Assert.Equal(Interleaving(7), Interleaving(7));
        Assert.NotEqual(Interleaving(7), Interleaving(8));
    }

    [Fact]
    public void A_loop_that_waits_runs_when_its_time_has_come_and_in_order_with_timers()
    {
        var order = new List<string>();
        _loops.Start("a", () =>
        {
            order.Add($"step {_time.GetTimestamp() / TimeSpan.TicksPerSecond}");
            return TimeSpan.FromSeconds(2);
        });
        using var timer = _time.CreateTimer(
            _ => order.Add("timer 3"), null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);

        _loops.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(["step 0", "step 2", "timer 3", "step 4"], order);
    }

    [Fact]
    public void A_stopped_loop_runs_no_more_and_none_may_stop_itself()
    {
        var steps = 0;
        var loop = _loops.Start("a", () => Count(ref steps));
        loop.Stop();
        loop.Wake();
        _loops.RunUntilIdle();
        Assert.Equal(0, steps);
        Assert.Empty(_loops.LoopNames);

        Kvs.Core.Platform.ILoop? own = null;
        own = _loops.Start("b", () =>
        {
            own!.Stop();
            return Timeout.InfiniteTimeSpan;
        });
        Assert.Throws<KvsException>(_loops.RunUntilIdle);
    }

    [Fact]
    public void A_loop_that_never_rests_is_reported()
    {
        _loops.Start("restless", () => TimeSpan.Zero);

        var report = Assert.Throws<InvalidOperationException>(_loops.RunUntilIdle);
        Assert.Contains("restless", report.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Running_until_a_task_completes_lets_time_pass()
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var steps = 0;
        _loops.Start("a", () =>
        {
            if (++steps == 3)
            {
                closed.SetResult();
            }

            return TimeSpan.FromSeconds(1);
        });

        _loops.RunUntilCompleted(Closing(closed.Task));

        Assert.True(steps >= 3);
    }

    private static async Task Closing(Task task) => await task.ConfigureAwait(false);

    private static TimeSpan Count(ref int steps)
    {
        steps++;
        return Timeout.InfiniteTimeSpan;
    }

    private static string Interleaving(int seed)
    {
        var order = new List<string>();
        var loops = new ManualLoopHost(new ManualTimeProvider(), new Random(seed)) { AfterStep = order.Add };
        foreach (var name in (string[])["a", "b", "c"])
        {
            var left = 10;
            loops.Start(name, () => --left > 0 ? TimeSpan.Zero : Timeout.InfiniteTimeSpan);
        }

        loops.RunUntilIdle();
        return string.Concat(order);
    }
}

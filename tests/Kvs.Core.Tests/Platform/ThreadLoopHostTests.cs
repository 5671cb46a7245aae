using Kvs.Core.Platform;
using Xunit;

namespace Kvs.Core.Tests.Platform;

public sealed class ThreadLoopHostTests
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private readonly ThreadLoopHost _host = new();

    [Fact]
    public void A_loop_runs_its_first_step_at_once_on_a_thread_of_its_name()
    {
        using var ran = new ManualResetEventSlim();
        string? name = null;
        var loop = _host.Start("kvs-test", () =>
        {
            name = Thread.CurrentThread.Name;
            ran.Set();
            return Timeout.InfiniteTimeSpan;
        });

        Assert.True(ran.Wait(s_deadline));
        loop.Stop();
        Assert.Equal("kvs-test", name);
    }

    [Fact]
    public void A_wake_is_never_lost()
    {
        const int Wakes = 100_000;
        var asked = 0;
        using var served = new AutoResetEvent(initialState: false);
        var seen = 0;
        var loop = _host.Start("kvs-test", () =>
        {
            var now = Volatile.Read(ref asked);
            if (now != Volatile.Read(ref seen))
            {
                Volatile.Write(ref seen, now);
                served.Set();
            }

            return Timeout.InfiniteTimeSpan;
        });

        for (var i = 1; i <= Wakes; i++)
        {
            Volatile.Write(ref asked, i);
            loop.Wake();
            if (i % 16 == 0)
            {
                while (Volatile.Read(ref seen) != i)
                {
                    Assert.True(served.WaitOne(s_deadline), $"Wake {i} was lost.");
                }
            }
        }

        loop.Stop();
        Assert.Equal(Wakes, seen);
    }

    [Fact]
    public async Task Stop_waits_for_the_step_that_runs_and_no_step_follows()
    {
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var steps = 0;
        var loop = _host.Start("kvs-test", () =>
        {
            inside.Set();
            goOn.Wait();
            steps++;
            return TimeSpan.Zero;
        });
        Assert.True(inside.Wait(s_deadline));

        var stopping = Task.Run(loop.Stop);
        Assert.False(stopping.IsCompleted);
        goOn.Set();
        await stopping.WaitAsync(s_deadline);
        var after = steps;
        loop.Wake();
        Assert.Equal(after, steps);
    }

    [Fact]
    public async Task A_loop_that_waits_for_ever_can_be_stopped_again_and_again()
    {
        for (var i = 0; i < 500; i++)
        {
            var loop = _host.Start("kvs-test", () => Timeout.InfiniteTimeSpan);
            await Task.Run(loop.Stop).WaitAsync(s_deadline);
        }
    }

    [Fact]
    public void A_loop_goes_on_by_itself_after_the_time_it_asked_for()
    {
        using var second = new CountdownEvent(2);
        var loop = _host.Start("kvs-test", () =>
        {
            if (!second.IsSet)
            {
                second.Signal();
            }

            return TimeSpan.FromMilliseconds(1);
        });

        Assert.True(second.Wait(s_deadline));
        loop.Stop();
    }
}

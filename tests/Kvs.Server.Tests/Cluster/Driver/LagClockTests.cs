using Kvs.Server.Cluster.Driver;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Driver;

/// <summary>How far behind a node is in time.</summary>
public sealed class LagClockTests
{
    private readonly LagClock _clock = new();

    [Fact]
    public void It_is_the_age_of_the_oldest_that_a_node_lacks()
    {
        for (var second = 0; second <= 10; second++)
        {
            _clock.Note(At(second), (ulong)(100 + second));
        }

        Assert.Equal(TimeSpan.Zero, _clock.LagOf(At(10), 110));
        Assert.Equal(At(1), _clock.LagOf(At(10), 108));
        Assert.Equal(At(9), _clock.LagOf(At(10), 100));
    }

    [Fact]
    public void A_primary_that_writes_nothing_makes_no_lag_grow_but_that_of_who_lacks_something()
    {
        _clock.Note(At(0), 5);
        _clock.Note(At(1), 6);
        _clock.Note(At(60), 6);
        Assert.Equal(TimeSpan.Zero, _clock.LagOf(At(60), 6));
        Assert.Equal(At(59), _clock.LagOf(At(60), 5));
    }

    [Fact]
    public void It_reaches_back_for_as_long_as_it_runs()
    {
        const int Seconds = 100_000;
        for (var second = 1; second <= Seconds; second++)
        {
            _clock.Note(At(second), (ulong)second);
        }

        Assert.InRange(_clock.LagOf(At(Seconds), 1000).TotalSeconds, (Seconds - 1000) * 0.5, Seconds - 1000);
        Assert.InRange(_clock.LagOf(At(Seconds), Seconds - 3).TotalSeconds, 1, 3);
    }

    [Fact]
    public void Another_history_begins_anew()
    {
        _clock.Note(At(0), 50);
        _clock.Note(At(5), 40);
        Assert.Equal(TimeSpan.Zero, _clock.LagOf(At(6), 40));
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}

using Kvs.Server.Cluster.Driver.Copies;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Driver;

/// <summary>How fast base copies may be sent.</summary>
public sealed class CopyPaceTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void What_is_taken_at_once_waits_for_what_was_taken_before()
    {
        var pace = new CopyPace(_time, bytesPerSecond: 1000);
        Assert.Equal(TimeSpan.Zero, pace.Take(500));
        Assert.Equal(TimeSpan.FromSeconds(0.5), pace.Take(1000));
        Assert.Equal(TimeSpan.FromSeconds(1.5), pace.Take(1));
    }

    [Fact]
    public void Time_without_a_copy_earns_nothing()
    {
        var pace = new CopyPace(_time, bytesPerSecond: 1000);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(TimeSpan.Zero, pace.Take(1000));
        _time.Advance(TimeSpan.FromSeconds(0.25));
        Assert.Equal(TimeSpan.FromSeconds(0.75), pace.Take(1));
    }
}

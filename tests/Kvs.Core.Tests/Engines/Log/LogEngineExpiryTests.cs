using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Segments;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

public sealed class LogEngineExpiryTests
{
    // The log time of sealed segments stands in the manifest only. A segment may be sealed, by rotation or by an opening,
    // before the next one has a group that tells the time too.
    [Fact]
    public void Log_time_does_not_go_back_wherever_the_power_is_cut_and_the_clock_set_back() => TestSeed.Run(seed =>
    {
        for (var life = 0; life < 3; life++)
        {
            foreach (var (point, logTime) in PointsOfRotations(seed + life))
            {
                foreach (var leftover in point.Leftovers(seed, limit: 2))
                {
                    var device = point.PowerOff(leftover);
                    foreach (var again in PointsOfOpening(seed, device, logTime).Append(device.Capture()))
                    {
                        PointsOfOpening(seed, again.PowerOff(again.Leftovers(seed, limit: 1).First()), logTime);
                    }
                }
            }
        }
    });

    // The removals of expired keys go into the group that moves log time: without room kept for the first of them, the
    // group was larger than what was left of the segment.
    [Fact]
    public void A_write_that_just_fits_into_the_segment_leaves_room_for_the_removal_that_comes_with_it() => TestSeed.Run(seed =>
    {
        for (var room = 0; room < 640; room += Envelope.Alignment)
        {
            var store = new LogStore(seed);
            store.Set("expires", "v", ttlMillis: 1000);
            store.Set("fills", new string('x', SegmentSizing.SegmentBytesMin - 4400 - room));
            store.Machine.Time.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal(ErrorCode.None, store.Set("k", "v").Code);
            Assert.Null(store.Engine.Stats().ReadOnlyReason);
            Assert.Equal(["fills", "k"], store.Content().Keys);
        }
    });

    [Fact]
    public void An_expired_key_is_gone_soon_after_never_before_and_its_record_is_removed() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("short", "v", ttlMillis: 1000);
        store.Set("long", "v");
        store.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal("v", store.Get("short"));

        store.Advance(TimeSpan.FromMilliseconds(101));
        Assert.Null(store.Get("short"));
        Assert.Equal("v", store.Get("long"));
        Assert.Equal((1, 1), (store.Engine.Stats().Expired, store.Engine.Stats().Keys));
    });

    [Fact]
    public void Ticks_come_at_most_ten_times_a_second() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        for (var i = 0; i < 100; i++)
        {
            store.Set("k" + i, "v", ttlMillis: 1000 + (i * 10));
        }

        var before = store.Engine.Stats().Groups;
        store.Advance(TimeSpan.FromSeconds(3));
        var ticks = store.Engine.Stats().Groups - before;
        Assert.Equal(0, store.Engine.Stats().Keys);
        Assert.InRange(ticks, 5, 12);
    });

    [Fact]
    public void What_expired_while_the_store_was_closed_is_gone_before_the_first_read() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "v", ttlMillis: 1000);
        var again = store.Reopen(clockAhead: TimeSpan.FromHours(1));
        Assert.Null(again.Get("k"));
        Assert.Empty(again.Content());
    });

    [Fact]
    public void An_expired_key_does_not_come_back_when_the_clock_is_set_back_over_a_restart() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "v", ttlMillis: 1000);
        store.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(store.Get("k"));
        foreach (var again in new[] { store.ReopenKilled(), store.Reopen(clockAhead: TimeSpan.FromDays(-2)) })
        {
            Assert.Null(again.Get("k"));
            Assert.Equal(ErrorCode.None, again.Set("k2", "v", ttlMillis: 5000).Code);
            Assert.Equal("v", again.Get("k2"));
        }
    });

    [Fact]
    public void A_clock_that_is_set_back_over_a_restart_prolongs_nothing() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "v", ttlMillis: 1000);
        store.Advance(TimeSpan.FromMilliseconds(500));
        store.Set("other", "v");
        var again = store.Reopen(clockAhead: TimeSpan.FromDays(-2));
        Assert.Equal("v", again.Get("k"));
        again.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(again.Get("k"));
    });

    [Fact]
    public void A_wall_clock_that_jumps_expires_nothing_at_once() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "v", ttlMillis: 60_000);
        store.Machine.Time.StepWallClock(TimeSpan.FromHours(5));
        store.Set("other", "v");
        store.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("v", store.Get("k"));

        store.Machine.Time.StepWallClock(TimeSpan.FromHours(-10));
        store.Set("other", "v");
        store.Advance(TimeSpan.FromSeconds(40));
        Assert.Null(store.Get("k"));
    });

    [Fact]
    public void A_key_that_was_set_again_is_not_expired() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "1", ttlMillis: 1000);
        store.Advance(TimeSpan.FromMilliseconds(900));
        store.Set("k", "2");
        store.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("2", store.Get("k"));
    });

    [Fact]
    public void A_read_in_order_and_a_later_read_agree_on_what_has_expired() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("a", "v", ttlMillis: 1000);
        store.Set("b", "v", ttlMillis: 1050);
        store.Advance(TimeSpan.FromMilliseconds(1001));

        // "b" has expired by the clock, but the last tick is so recent that the next one is not due: log time stands.
        store.Machine.Time.Advance(TimeSpan.FromMilliseconds(60));
        var read = store.Apply(LogStore.Of(OperationKind.Get, "b"));
        Assert.Equal(store.Get("b") is not null, read.Results[0].Existed);
        store.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Null(store.Get("b"));
    });

    [Fact]
    public void A_mass_expiry_is_removed_in_bounded_groups_and_survives_a_reopening() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        for (var i = 0; i < 300; i++)
        {
            store.Submit([.. Enumerable.Range(0, 10).Select(j => LogStore.SetOf($"k{i}-{j}", "v", ttlMillis: 1000))]);
        }

        store.Set("stays", "v");
        store.Advance(TimeSpan.FromMilliseconds(1100));
        Assert.Equal(["stays"], store.Content().Keys);
        Assert.Equal(3000, store.Engine.Stats().Expired);
        Assert.Equal(["stays"], store.Reopen().Content().Keys);
    });

    private static List<(CrashPoint Point, long LogTimeMillis)> PointsOfRotations(int seed)
    {
        var points = new List<(CrashPoint, long)>();
        var store = new LogStore(seed);
        store.Run();
        store.Device.BeforeCall = call =>
        {
            if (call.Kind is CallKinds.SyncDirectory or CallKinds.Sync)
            {
                using var snapshot = store.Engine.Snapshot();
                points.Add((store.Device.Capture(), snapshot.LogTimeMillis));
            }
        };
        for (var i = 0; i < 6; i++)
        {
            store.Advance(TimeSpan.FromSeconds(1));
            store.Set("k" + i, new string('x', 500_000));
        }

        store.Device.BeforeCall = null;
        return points;
    }

    /// <summary>Opens a store with the clock set back, and checks its log time.</summary>
    private static List<CrashPoint> PointsOfOpening(int seed, SimulatedFileSystem device, long logTimeMillis)
    {
        var points = new List<CrashPoint>();
        device.BeforeCall = call =>
        {
            if (call.Kind == CallKinds.Sync && call.Path.EndsWith(".log", StringComparison.Ordinal))
            {
                points.Add(device.Capture());
            }
        };
        var store = new LogStore(seed, device: device, clockAhead: TimeSpan.FromHours(-1));
        device.BeforeCall = null;
        using var snapshot = store.Engine.Snapshot();
        Assert.True(snapshot.LogTimeMillis >= logTimeMillis, $"{snapshot.LogTimeMillis} after {logTimeMillis}");
        return points;
    }
}

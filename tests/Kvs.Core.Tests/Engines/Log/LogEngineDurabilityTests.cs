using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

public sealed class LogEngineDurabilityTests
{
    private static readonly LogEngineOptions s_interval = new() { Durability = Durability.Interval, SyncInterval = TimeSpan.FromSeconds(1) };
    private static readonly LogEngineOptions s_os = new() { Durability = Durability.Os, HistoryBytes = 0 };

    // Nothing says of the newest group that it was synced but what is written after it: damaged, it would be cut as torn.
    [Fact]
    public void A_store_that_falls_idle_proves_on_the_disk_that_its_newest_group_was_synced() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "the newest");
        store.Advance(TimeSpan.FromSeconds(5));
        var point = store.Device.Capture();
        var device = point.PowerOff(point.Leftovers(seed, limit: 1).Single());
        var path = device.ListFiles("/store").Select(name => "/store/" + name).Single(
            path => device.ReadAll(path).AsSpan().IndexOf("the newest"u8) >= 0);
        device.Damage(path, device.ReadAll(path).AsSpan().IndexOf("the newest"u8), "#"u8);
        Assert.Throws<KvsCorruptionException>(() => new LogStore(seed, device: device));
    });

    [Fact]
    public void Under_interval_a_write_is_answered_at_once_and_synced_on_the_clock() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_interval);
        store.Run();
        var syncs = store.Engine.Stats().Syncs;
        store.Set("k", "v");
        Assert.Equal(("v", syncs), (store.Get("k"), store.Engine.Stats().Syncs));
        Assert.Null(AfterCut(store).Get("k"));

        store.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(syncs + 1, store.Engine.Stats().Syncs);
        Assert.Equal("v", AfterCut(store).Get("k"));
    });

    [Fact]
    public void Under_os_nothing_is_synced_until_the_close() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_os);
        store.Run();
        var syncs = store.Engine.Stats().Syncs;
        store.Set("k", "v");
        store.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(syncs, store.Engine.Stats().Syncs);
        Assert.Equal("v", store.ReopenKilled().Get("k"));
        Assert.Null(AfterCut(store).Get("k"));

        store.Close();
        Assert.Equal("v", new LogStore(seed, s_os, store.Device).Get("k"));
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_request_may_ask_for_more_and_takes_all_before_it_along(bool isRead) => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_os);
        store.Set("before", "v");
        var asked = store.SubmitWith(
            Durability.Always, isRead ? LogStore.Of(OperationKind.Get, "before") : LogStore.SetOf("k", "v"));
        store.Run();

        Assert.True(asked.IsDone);
        Assert.Equal("v", AfterCut(store).Get("before"));
    });

    [Fact]
    public void Under_interval_a_failed_sync_ends_writing_and_what_is_published_stays_readable() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_interval);
        store.Set("k", "v");
        store.Device.Fail(CallKinds.Sync, FaultKind.DeviceError, 1, where: path => path.EndsWith(".log", StringComparison.Ordinal));
        store.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("v", store.Get("k"));
        Assert.Equal(Kvs.Core.Primitives.ErrorCode.Faulted, store.Set("k", "2").Code);
    });

    [Fact]
    public void An_older_synced_value_is_not_lost_by_compaction_when_its_overwrite_vanishes() => TestSeed.Run(seed =>
    {
        // The overwrite was published and not synced; a compaction that believed it would drop the only durable value.
        var store = new LogStore(seed, s_os);
        store.Set("k", new string('o', 100_000));
        for (var i = 0; i < 30; i++)
        {
            store.Set("filler", new string('x', 100_000));
        }

        store.Run();
        store.Set("k", "new");
        store.Machine.Loops.RunUntilCompleted(store.Engine.CompactAsync(default));
        Assert.True(store.Engine.Stats().Compactions > 0);
        Assert.NotNull(AfterCut(store).Get("k"));
    });

    [Fact]
    public void A_store_that_falls_idle_writes_one_sync_mark() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "v");
        var writes = 0;
        store.Device.BeforeCall = call => writes += call.Kind == CallKinds.Write && call.Path.EndsWith(".log", StringComparison.Ordinal) ? 1 : 0;
        store.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, writes);
    });

    private static LogStore AfterCut(LogStore store)
    {
        var point = store.Device.Capture();
        return store.ReopenAfterPowerCut(point.Leftovers(store.Seed).First(), point);
    }
}

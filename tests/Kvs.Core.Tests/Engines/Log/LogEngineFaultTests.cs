using Kvs.Core.Diagnostics;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

public sealed class LogEngineFaultTests
{
    [Theory]
    [InlineData((int)CallKinds.Write, (int)FaultKind.DeviceError)]
    [InlineData((int)CallKinds.Write, (int)FaultKind.ShortWrite)]
    [InlineData((int)CallKinds.Write, (int)FaultKind.DiskFull)]
    [InlineData((int)CallKinds.Sync, (int)FaultKind.DeviceError)]
    public void A_failed_append_or_sync_ends_writing_for_good(int kinds, int fault) => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("before", "1");
        store.Device.Fail((CallKinds)kinds, (FaultKind)fault, 1, where: IsLog);
        var hurt = store.Submit(LogStore.SetOf("k", "v"));
        store.Run();
        store.Device.ClearFaults();

        Assert.Equal((true, ErrorCode.Faulted, WriteOutcome.Unknown), (hurt.IsDone, hurt.Request.Code, hurt.Request.Outcome));
        var later = store.Set("later", "v");
        Assert.Equal((ErrorCode.Faulted, WriteOutcome.NotApplied), (later.Code, later.Outcome));
        Assert.Equal(("1", null, null), (store.Get("before"), store.Get("k"), store.Get("later")));
        Assert.NotNull(store.Engine.Stats().ReadOnlyReason);
        Assert.Single(store.Events, e => e.Kind == StoreEventKind.Faulted);

        // Reads in order go on too.
        Assert.True(store.Apply(LogStore.Of(OperationKind.Get, "before")).Results[0].Existed);
        Assert.False(store.Apply(LogStore.Of(OperationKind.Get, "k")).Results[0].Existed);
        var again = store.Reopen();
        Assert.Equal("1", again.Get("before"));
        Assert.Null(again.Get("later"));
        Assert.Equal(ErrorCode.None, again.Set("k", "2").Code);
    });

    [Fact]
    public void What_waits_behind_a_failed_sync_was_not_applied_and_reads_beside_it_fail() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "1");
        store.Device.Fail(CallKinds.Sync, FaultKind.DeviceError, 1, where: IsLog);
        var burst = store.SubmitBurst(
            LogStore.Request(Durability.Default, LogStore.SetOf("k", "2")),
            LogStore.Request(Durability.Default, LogStore.Of(OperationKind.Get, "k")),
            LogStore.Request(Durability.Default, LogStore.SetOf("new", "1", condition: KvsCondition.Present)));
        store.Run();

        Assert.Equal(
            [(ErrorCode.Faulted, WriteOutcome.Unknown), (ErrorCode.Faulted, WriteOutcome.NotApplied), (ErrorCode.Faulted, WriteOutcome.NotApplied)],
            burst.Item.Requests.Select(request => (request.Code, request.Outcome)));
        Assert.Equal("1", store.Get("k"));
    });

    [Fact]
    public void A_faulted_store_is_not_marked_as_closed_cleanly() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "1");
        store.Device.Fail(CallKinds.Sync, FaultKind.DeviceError, 1, where: IsLog);
        store.Set("k", "2");
        store.Device.ClearFaults();
        var again = store.Reopen();
        Assert.Contains(again.Get("k"), new[] { "1", "2" });
    });

    [Fact]
    public void Every_call_may_fail_once_and_nothing_that_was_acknowledged_is_lost() => TestSeed.Run(seed =>
    {
        for (var nth = 1; ; nth++)
        {
            var device = new SimulatedFileSystem();
            device.Fail(CallKinds.Changes, FaultKind.DeviceError, nth);
            var acknowledged = Work(seed, device);
            if (device.FaultsStruck == 0)
            {
                Assert.True(nth > 50);
                return;
            }

            device.ClearFaults();
            var left = device.Capture();
            foreach (var leftover in left.Leftovers(seed, limit: 3))
            {
                Verify(new LogStore(seed, device: left.PowerOff(leftover)), acknowledged, nth);
            }

            Verify(new LogStore(seed, device: left.Kill()), acknowledged, nth);
        }
    });

    [Fact]
    public void A_full_disk_refuses_writes_before_they_are_applied_and_takes_them_again_when_there_is_room() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Run();
        store.Device.CapacityBytes = store.Device.UsedBytes + (2 * 1024 * 1024);
        var value = new string('x', 100_000);
        var written = 0;
        WriteRequest request;
        do
        {
            request = store.Set("k" + written, value);
            written += request.Code == ErrorCode.None ? 1 : 0;
        }
        while (request.Code == ErrorCode.None);

        Assert.Equal((ErrorCode.DiskFull, WriteOutcome.NotApplied), (request.Code, request.Outcome));
        Assert.InRange(written, 10, 60);
        Assert.NotNull(store.Engine.Stats().ReadOnlyReason);
        Assert.Equal(value, store.Get("k0"));
        Assert.Equal(ErrorCode.None, store.Remove("k0").Code);
        Assert.Equal(written - 1, store.Content().Count);

        store.Device.CapacityBytes = long.MaxValue;
        store.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(ErrorCode.None, store.Set("again", "v").Code);
        Assert.Null(store.Engine.Stats().ReadOnlyReason);
        Assert.Equal(
            [StoreEventKind.DiskFull, StoreEventKind.DiskHasRoom],
            store.Events.Select(e => e.Kind).Where(kind => kind is StoreEventKind.DiskFull or StoreEventKind.DiskHasRoom));
        Assert.Equal(written, store.Reopen().Content().Count);
    });

    [Fact]
    public void Writes_are_refused_while_the_disk_has_no_room_for_the_reserve_and_removals_are_not() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, device: new SimulatedFileSystem { CapacityBytes = 5 * 1024 * 1024 / 2 });
        store.Run();
        Assert.Equal(ErrorCode.DiskFull, store.Set("k", "v").Code);
        Assert.Equal(ErrorCode.None, store.Remove("k").Code);
        store.Device.CapacityBytes = long.MaxValue;
        store.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(ErrorCode.None, store.Set("k", "v").Code);
    });

    /// <summary>
    /// With the history that is kept by default, a disk smaller than that stayed full for ever: everything in it was
    /// history, so all keys could be removed and no byte came back.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(Limits.HistoryBytes)]
    public void Removals_make_room_on_a_full_disk_although_compaction_needs_some_first(long history) => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, new LogEngineOptions { HistoryBytes = history });
        store.Run();
        store.Device.CapacityBytes = 12 * 1024 * 1024;
        var written = 0;
        while (store.Set("k" + written, new string('x', 20_000)).Code == ErrorCode.None)
        {
            written++;
        }

        // What others leave of the disk may be nothing at all; only the reserve is ours.
        store.Device.CapacityBytes = store.Device.UsedBytes;
        for (var i = 0; i < written; i++)
        {
            if (i % 3 != 0)
            {
                Assert.Equal(ErrorCode.None, store.Remove("k" + i).Code);
            }
        }

        store.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(ErrorCode.None, store.Set("again", "v").Code);
        Assert.Equal(((written + 2) / 3) + 1, store.Content().Count);
        Assert.Equal(store.Content(), store.ReopenKilled().Content());
    });

    private static bool IsLog(string path) => path.EndsWith(".log", StringComparison.Ordinal);

    private static Dictionary<string, HashSet<string?>> Work(int seed, SimulatedFileSystem device)
    {
        // For each key the values that it may have: the last acknowledged one, and those whose outcome is unknown since.
        var allowed = new Dictionary<string, HashSet<string?>>(StringComparer.Ordinal);
        try
        {
            var store = new LogStore(seed, device: device);
            var random = new Random(seed);
            for (var i = 0; i < 40; i++)
            {
                var key = "k" + random.Next(8);
                var value = new string((char)('a' + (i % 26)), random.Next(60_000));
                var remove = random.Next(4) == 0;
                var request = remove ? store.Remove(key) : store.Set(key, value);
                var may = allowed.TryGetValue(key, out var set) ? set : allowed[key] = [null];
                if (request.Code == ErrorCode.None)
                {
                    may.Clear();
                }

                if (request.Code == ErrorCode.None || request.Outcome == WriteOutcome.Unknown)
                {
                    may.Add(remove ? null : value);
                }
            }

            store.Close();
        }
        catch (KvsException)
        {
            // The opening or the close met the fault, and said so.
        }

        return allowed;
    }

    private static void Verify(LogStore store, Dictionary<string, HashSet<string?>> allowed, int nth)
    {
        foreach (var (key, values) in allowed)
        {
            Assert.True(values.Contains(store.Get(key)), $"call {nth}: key {key} has a value that it cannot have");
        }
    }
}

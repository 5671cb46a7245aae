using System.Buffers;
using Kvs.Core.Diagnostics;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

public sealed class LogEngineTests
{
    [Fact]
    public void What_was_set_is_there_after_a_clean_close() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("a", "1");
        store.Set("b", "2");
        store.Set("a", "3");
        store.Remove("b");
        Assert.Equal("3", store.Get("a"));

        var again = store.Reopen();
        Assert.Equal("3", again.Get("a"));
        Assert.Null(again.Get("b"));
        Assert.Equal(1, again.Engine.Stats().Keys);
        again.Close();
        again.Device.CheckClean();
    });

    [Fact]
    public void Acknowledged_writes_survive_a_power_cut_that_keeps_nothing_unsynced() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        for (var i = 0; i < 50; i++)
        {
            store.Set("k" + i, "v" + i);
        }

        var point = store.Device.Capture();
        var again = store.ReopenAfterPowerCut(point.Leftovers(seed).First(), point);
        Assert.Equal(50, again.Content().Count);
        Assert.Equal("v49", again.Get("k49"));
    });

    [Fact]
    public void Nothing_is_visible_or_acknowledged_before_its_sync() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Run();
        var write = store.Submit(LogStore.SetOf("k", "v"));
        var syncs = 0;
        store.Device.BeforeCall = call =>
        {
            if (call.Kind == CallKinds.Sync && call.Path.EndsWith(".log", StringComparison.Ordinal))
            {
                syncs++;
                Assert.False(write.IsDone);
                Assert.Null(store.Get("k"));
            }
        };
        store.Run();

        Assert.Equal((true, 1), (write.IsDone, syncs));
        Assert.Equal("v", store.Get("k"));
    });

    [Fact]
    public void An_item_that_is_cut_where_its_second_group_begins_is_answered_once() => TestSeed.Run(seed =>
    {
        // The cut leaves nothing of the item for the second group but its end, which must answer it all the same.
        var store = new LogStore(seed);
        store.Set("k", "value");
        var first = Enumerable.Range(0, 8 * 1024).Select(i => LogStore.SetOf($"k{i}", "v")).ToArray();
        var burst = new LogStore.Submitted();
        burst.Item.Requests.Add(LogStore.Request(Durability.Default, first));
        burst.Item.Requests.Add(LogStore.Request(Durability.Default, LogStore.Of(OperationKind.Get, "k")));
        burst.Item.ResultBytes.BytesMax = 4;
        var groups = store.Engine.Stats().Groups;
        store.Engine.Submit(burst.Item);
        store.Run();

        Assert.True(burst.IsDone);
        Assert.Equal((1, 5), (burst.Item.Judged, burst.Item.ResultBytes.Wanted));
        Assert.Equal("v", store.Get("k8191"));
        store.Close();
    });

    [Fact]
    public void Reads_of_a_faulted_store_are_cut_too() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "value");
        store.Device.Fail(CallKinds.Sync, FaultKind.DeviceError, forGood: true);
        store.Submit(LogStore.SetOf("k", "other"));
        store.Run();
        var burst = new LogStore.Submitted();
        var get = LogStore.Of(OperationKind.Get, "k");
        burst.Item.Requests.AddRange([LogStore.Request(Durability.Default, get), LogStore.Request(Durability.Default, get)]);
        burst.Item.ResultBytes.BytesMax = 7;
        store.Engine.Submit(burst.Item);
        store.Run();

        Assert.Equal((true, 1, "value"), (burst.IsDone, burst.Item.Judged, burst.ValueOf(0)));
    });

    [Fact]
    public void A_read_that_may_not_wait_says_so_when_the_segments_outgrow_memory_and_the_page_is_not_there() => TestSeed.Run(seed =>
    {
        var device = new SimulatedFileSystem();
        foreach (var (memory, isThere, expected) in new[]
        {
            (0L, true, PointRead.Found), (0L, false, PointRead.WouldWait), (long.MaxValue, false, PointRead.Found),
        })
        {
            var machine = new SimulatedEnvironment(seed, device);
            var opened = LogEngine.OpenAsync("/store", new LogEngineOptions(), machine.Environment with { MemoryBytes = memory }, default);
            var engine = opened.AsTask().GetAwaiter().GetResult();
            var item = new LogStore.Submitted();
            item.Item.Requests.Add(LogStore.Request(Durability.Default, LogStore.SetOf("k", "v")));
            engine.Submit(item.Item);
            machine.Loops.RunUntilIdle();
            var touched = 0;
            device.OnPageFault = isThere ? null : _ => touched++;
            var value = new ArrayBufferWriter<byte>();

            Assert.Equal(expected, engine.Get("k"u8, value, new ReadBounds(100, MayWait: false), out _));
            Assert.Equal(expected == PointRead.WouldWait ? 0 : 1, value.WrittenCount);
            Assert.True(expected == PointRead.Found || touched == 0);
            Assert.Equal(PointRead.Found, engine.Get("k"u8, value, new ReadBounds(100, MayWait: true), out _));
            device.OnPageFault = null;
            machine.Loops.RunUntilCompleted(engine.DisposeAsync().AsTask());
        }
    });

    [Fact]
    public void A_read_in_order_sees_the_write_before_it_in_its_burst() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "old");
        var burst = store.SubmitBurst(
            LogStore.Request(Durability.Default, LogStore.Of(OperationKind.Get, "k")),
            LogStore.Request(Durability.Default, LogStore.SetOf("k", "new")),
            LogStore.Request(Durability.Default, LogStore.Of(OperationKind.Get, "k")));
        store.Run();

        Assert.Equal(("old", "new"), (burst.ValueOf(0), burst.ValueOf(2)));
        Assert.Equal(burst.Item.Requests[1].Version, burst.Item.Requests[2].Results[0].Version);
    });

    [Fact]
    public void A_batch_whose_last_condition_fails_changes_nothing_and_takes_no_sequence() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("a", "1");
        store.Set("b", "2");
        var before = store.Sequence;
        var refused = store.Apply(
            LogStore.SetOf("a", "9"),
            LogStore.Of(OperationKind.Remove, "b"),
            LogStore.SetOf("c", "9"),
            LogStore.SetOf("a", "10"),
            LogStore.SetOf("d", "9", condition: KvsCondition.Present));

        Assert.Equal((ErrorCode.ConditionFailed, 4), (refused.Code, refused.FailedIndex));
        Assert.Equal(before, store.Sequence);
        Assert.Equal(("1", "2", null), (store.Get("a"), store.Get("b"), store.Get("c")));

        // The next group publishes the working state: nothing of the refused batch may be left in it.
        store.Set("e", "1");
        Assert.Equal(("1", "2", null), (store.Get("a"), store.Get("b"), store.Get("c")));
        var again = store.Reopen();
        Assert.Equal(("1", "2", null), (again.Get("a"), again.Get("b"), again.Get("c")));
    });

    [Fact]
    public void Versions_grow_and_differ_after_each_opening() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        var first = store.Set("a", "1").Version;
        var again = store.Reopen();
        var second = again.Set("a", "2").Version;

        Assert.True(second > first);
        Assert.NotEqual(first.Epoch, second.Epoch);
        Assert.True(again.Engine.TryGet("a"u8, null, out var info));
        Assert.Equal(second, info.Version);
    });

    [Fact]
    public void Values_of_older_epochs_keep_their_version_over_a_reopening() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        var version = store.Set("a", "1").Version;
        var again = store.Reopen();

        Assert.True(again.Engine.TryGet("a"u8, null, out var info));
        Assert.Equal(version, info.Version);
        Assert.Equal(ErrorCode.None, again.Apply(LogStore.SetOf("a", "2", condition: KvsCondition.IfVersion(version))).Code);
    });

    [Fact]
    public void A_log_of_many_segments_is_read_whole_after_clean_close_and_kill() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        var value = new string('x', 100_000);
        for (var i = 0; i < 60; i++)
        {
            store.Set("k" + (i % 40), value + i);
        }

        var stats = store.Engine.Stats();
        Assert.True(stats.Segments > 4, $"{stats.Segments} segments");
        foreach (var again in new[] { store.ReopenKilled(), store.Reopen() })
        {
            Assert.Equal(40, again.Content().Count);
            Assert.Equal(value + 59, again.Get("k19"));
            Assert.Equal(value + 39, again.Get("k39"));
            Assert.Equal(stats.LiveBytes, again.Engine.Stats().LiveBytes);
        }
    });

    [Fact]
    public void A_batch_larger_than_a_segment_gets_a_segment_of_its_own_size() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        var value = new string('x', 3_000_000);
        Assert.Equal(ErrorCode.None, store.Set("big", value).Code);
        store.Set("small", "s");
        Assert.Equal(value, store.Get("big"));
        var again = store.Reopen();
        Assert.Equal((value, "s"), (again.Get("big"), again.Get("small")));
    });

    [Fact]
    public void A_snapshot_stays_as_it_is_while_writes_go_on() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("a", "1");
        using var snapshot = store.Engine.Snapshot();
        store.Set("a", "2");
        store.Set("b", "2");

        Assert.Equal(("1", null), (LogStore.Get(snapshot, "a"), LogStore.Get(snapshot, "b")));
        Assert.Equal(1, snapshot.Count(KeyRange.All));
        Assert.Equal("2", store.Get("a"));
        Assert.Equal(1, store.Engine.Stats().Snapshots);
    });

    [Fact]
    public void A_snapshot_that_is_held_for_long_is_named_once() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, new LogEngineOptions { SnapshotAgeWarning = TimeSpan.FromMinutes(1) });
        using var snapshot = store.Engine.Snapshot();
        store.Advance(TimeSpan.FromMinutes(5));

        Assert.Single(store.Events, e => e.Kind == StoreEventKind.SnapshotOld);
        Assert.True(store.Engine.Stats().OldestSnapshot >= TimeSpan.FromMinutes(5));
    });

    [Fact]
    public void Groups_form_while_a_sync_runs() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Run();
        var before = store.Engine.Stats();
        for (var i = 0; i < 1000; i++)
        {
            store.Submit(LogStore.SetOf("k" + i, "v"));
        }

        store.Run();
        var after = store.Engine.Stats();
        Assert.Equal(1000, after.Batches - before.Batches);
        Assert.True(after.Groups - before.Groups < 10, $"{after.Groups - before.Groups} groups");
        Assert.Equal(1000, store.Content().Count);
    });

    [Fact]
    public void Work_beyond_the_bound_is_refused_as_overloaded_and_taken_again_afterwards() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, new LogEngineOptions { QueuedBytesMax = 1000 });
        var taken = store.Submit(LogStore.SetOf("a", new string('x', 800)));
        var refused = store.Submit(LogStore.SetOf("b", new string('x', 800)));
        Assert.Equal((true, ErrorCode.Overloaded, WriteOutcome.NotApplied), (refused.IsDone, refused.Request.Code, refused.Request.Outcome));
        store.Run();

        Assert.True(taken.IsDone);
        Assert.Equal(ErrorCode.None, store.Set("b", new string('x', 800)).Code);
    });

    [Fact]
    public void Work_that_has_waited_for_long_is_refused_and_what_would_wait_so_long_is_told_so_at_once() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Advance(TimeSpan.FromSeconds(1)); // work of time 0 does not say when it was handed over
        var (late, next) = (NewItem("late"), NewItem("next"));
        var old = NewItem("old", () => store.Engine.Submit(next)); // next comes while the queue is as long as old has waited
        store.Engine.Submit(late);
        store.Machine.Time.Advance(Limits.QueueTimeMax / 2);
        old.SubmittedAt = store.Machine.Time.GetTimestamp();
        store.Engine.Submit(old);
        store.Machine.Time.Advance((Limits.QueueTimeMax / 2) + TimeSpan.FromSeconds(1));
        store.Run();

        Assert.Equal((ErrorCode.Overloaded, WriteOutcome.NotApplied), (late.Requests[0].Code, late.Requests[0].Outcome));
        Assert.Equal((ErrorCode.None, ErrorCode.Overloaded), (old.Requests[0].Code, next.Requests[0].Code));
        var again = NewItem("next");
        store.Engine.Submit(again);
        store.Run();
        Assert.Equal(ErrorCode.None, again.Requests[0].Code);
        Assert.Equal(["next", "old"], store.Content().Keys);

        WorkItem NewItem(string key, Action? then = null)
        {
            var item = new WorkItem(new Then(then)) { SubmittedAt = store.Machine.Time.GetTimestamp() };
            item.Requests.Add(LogStore.Request(Durability.Default, LogStore.SetOf(key, "v")));
            return item;
        }
    });

    [Fact]
    public void A_request_whose_deadline_has_passed_is_not_applied() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Run();
        var request = LogStore.Request(Durability.Default, LogStore.SetOf("k", "v"));
        request.Deadline = store.Machine.Time.GetTimestamp();
        var late = store.SubmitBurst(request);
        store.Machine.Time.Advance(TimeSpan.FromMilliseconds(1));
        store.Run();

        Assert.Equal((ErrorCode.DeadlineExceeded, WriteOutcome.NotApplied), (late.Request.Code, late.Request.Outcome));
        Assert.Null(store.Get("k"));
    });

    [Fact]
    public void What_waits_at_the_close_is_finished_and_what_comes_later_is_refused() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        var waiting = store.Submit(LogStore.SetOf("a", "1"));
        var closing = store.Engine.DisposeAsync().AsTask();
        var late = store.Submit(LogStore.SetOf("b", "1"));
        store.Machine.Loops.RunUntilCompleted(closing);

        Assert.Equal((true, ErrorCode.None), (waiting.IsDone, waiting.Request.Code));
        Assert.Equal((true, ErrorCode.ShuttingDown), (late.IsDone, late.Request.Code));
        var again = new LogStore(seed, device: store.Device);
        Assert.Equal(("1", null), (again.Get("a"), again.Get("b")));
    });

    [Fact]
    public void A_directory_is_open_once() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        var failure = Assert.Throws<KvsStorageException>(() => new LogStore(seed, device: store.Device));
        Assert.Equal(ErrorCode.DirectoryLocked, failure.Code);
        store.Close();
        new LogStore(seed, device: store.Device).Close();
    });

    [Fact]
    public void An_empty_store_is_small() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Run();
        Assert.True(store.Device.UsedBytes <= 4 * 1024 * 1024, $"{store.Device.UsedBytes} bytes");
    });

    [Fact]
    public void A_read_allocates_nothing() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "value");
        var target = new System.Buffers.ArrayBufferWriter<byte>(1024);
        store.Engine.TryGet("k"u8, target, out _);
        var least = long.MaxValue;
        for (var round = 0; round < 20 && least > 0; round++)
        {
            // The runtime may compile, and so allocate, in any one round.
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                target.ResetWrittenCount();
                store.Engine.TryGet("k"u8, target, out _);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    });

    private sealed class Then(Action? then) : IWorkItemOwner
    {
        public void Completed(WorkItem item) => then?.Invoke();
    }
}

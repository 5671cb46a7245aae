using System.Buffers;
using System.Text;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit.Contracts.Model;
using Xunit;

namespace Kvs.TestKit.Contracts;

/// <summary>
/// What doors and the facade may rely on of any engine. Derive from it for each engine. The machine stands still: work
/// is done and time passes only when a test says so.
/// </summary>
public abstract class EngineContract
{
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    /// <summary>Steps of the model test.</summary>
    protected virtual int ModelSteps => 100_000;

    [Fact]
    public void Random_operations_equal_an_ordered_dictionary() =>
        TestSeed.Run(seed => ModelTest.Run(seed, ModelSteps, () => OpenModel(seed)));

    [Fact]
    public void A_write_is_published_when_it_completes_and_has_a_newer_version()
    {
        using var engine = Open();
        var first = engine.Set("k", "1");
        var second = engine.Set("k", "2");

        Assert.True(first < second);
        Assert.Equal("2", engine.Get("k"));
        using var snapshot = engine.Engine.Snapshot();
        Assert.Equal(second, snapshot.Version);
        Assert.Equal(second, engine.Engine.Version);
        Assert.True(engine.Engine.Includes(first) && engine.Engine.Includes(second));
        Assert.False(engine.Engine.Includes(second with { Sequence = second.Sequence + 1 }));
    }

    [Fact]
    public void A_batch_has_one_version_and_one_that_changes_nothing_takes_none()
    {
        using var engine = Open();
        var batch = engine.Apply(Operation.Set("a", "1", null), Operation.Set("b", "1", null));
        var nothing = engine.Apply(Operation.Remove("missing", null));
        var next = engine.Set("c", "1");

        Assert.Equal((batch.Version, batch.Version), (VersionOf(engine, "a"), VersionOf(engine, "b")));
        Assert.Equal(KvsVersion.None, nothing.Version);
        Assert.Equal(batch.Version.Sequence + 1, next.Sequence);
    }

    [Fact]
    public void A_get_after_a_set_in_one_item_sees_the_set()
    {
        using var engine = Open();
        var get = new Operation { Kind = OperationKind.Get, Key = KvsKey.FromString("k").Bytes };
        var item = engine.Submit(
            EngineHarness.Request(get),
            EngineHarness.Request(Operation.Set("k", "1", null)),
            EngineHarness.Request(get),
            EngineHarness.Request(Operation.Remove("k", null), get));

        Assert.False(item.Requests[0].Results[0].Existed);
        var seen = item.Requests[2].Results[0];
        Assert.Equal("1", Encoding.UTF8.GetString(item.ResultBytes.WrittenSpan.Slice(seen.ValueOffset, seen.ValueLength)));
        Assert.Equal(item.Requests[1].Version, seen.Version);
        Assert.False(item.Requests[3].Results[1].Existed);
    }

    [Fact]
    public void Requests_of_an_item_stand_alone()
    {
        using var engine = Open();
        var item = engine.Submit(
            EngineHarness.Request(Operation.Set("a", "1", null)),
            EngineHarness.Request(Operation.Set("b", "1", null), Operation.Set("a", "2", new SetOptions { Condition = KvsCondition.Absent })),
            EngineHarness.Request(Operation.Set("c", "1", null)));

        Assert.Equal(
            [ErrorCode.None, ErrorCode.ConditionFailed, ErrorCode.None], item.Requests.Select(request => request.Code));
        Assert.Equal((1, item.Requests[0].Version), (item.Requests[1].FailedIndex, item.Requests[1].FailedVersion));
        Assert.Equal(("1", null, "1"), (engine.Get("a"), engine.Get("b"), engine.Get("c")));
    }

    [Fact]
    public void An_item_is_cut_at_the_first_request_whose_values_do_not_fit_and_the_rest_is_untouched()
    {
        using var engine = Open();
        engine.Set("k", new string('x', 60));
        var previous = new SetOptions { ReturnPrevious = true };
        var item = new WorkItem(engine);
        item.Requests.AddRange([
            EngineHarness.Request(Operation.Set("a", "1", null)),
            EngineHarness.Request(Operation.Set("k", new string('y', 70), previous)),
            EngineHarness.Request(Operation.Set("b", "1", null), Operation.Set("k", "short", previous), Operation.Set("k", "last", previous)),
            EngineHarness.Request(Operation.Set("a", "2", null))]);
        item.ResultBytes.BytesMax = 100;
        engine.Submit(item);

        Assert.Equal((2, 75), (item.Judged, item.ResultBytes.Wanted));
        Assert.Equal(("1", null, new string('y', 70)), (engine.Get("a"), engine.Get("b"), engine.Get("k")));
        Assert.Equal((ErrorCode.None, 0, KvsVersion.None), (item.Requests[2].Code, item.Requests[2].Results.Count, item.Requests[2].Version));

        item.Requests.RemoveRange(0, item.Judged);
        item.Renew();
        engine.Submit(item);
        Assert.Equal((2, ErrorCode.None), (item.Judged, item.Requests[0].Code));
        Assert.Equal(("2", "1", "last"), (engine.Get("a"), engine.Get("b"), engine.Get("k")));
    }

    [Fact]
    public void A_request_whose_values_never_fit_is_left_as_it_is()
    {
        using var engine = Open();
        var before = engine.Set("k", new string('x', 60));
        var item = new WorkItem(engine);
        item.Requests.Add(EngineHarness.Request(Operation.Set("k", "new", new SetOptions { ReturnPrevious = true })));
        item.ResultBytes.BytesMax = 59;
        engine.Submit(item);

        Assert.Equal((0, 60), (item.Judged, item.ResultBytes.Wanted));
        Assert.Equal(new string('x', 60), engine.Get("k"));
        Assert.Equal(before.Sequence + 1, engine.Set("k", "v").Sequence);
    }

    [Fact]
    public void A_read_within_bounds_copies_no_longer_value_than_it_may()
    {
        using var engine = Open();
        var version = engine.Set("k", new string('x', 60));
        var value = new ArrayBufferWriter<byte>();

        Assert.Equal(PointRead.TooLong, engine.Engine.Get("k"u8, value, new ReadBounds(59, MayWait: true), out var info));
        Assert.Equal((0, 60, version), (value.WrittenCount, info.ValueLength, info.Version));
        Assert.Equal(PointRead.Found, engine.Engine.Get("k"u8, value, new ReadBounds(60, MayWait: true), out _));
        Assert.Equal(60, value.WrittenCount);
        Assert.Equal(PointRead.Found, engine.Engine.Get("k"u8, null, new ReadBounds(0, MayWait: true), out info));
        Assert.Equal(60, info.ValueLength);
        Assert.Equal(PointRead.Missing, engine.Engine.Get("none"u8, value, new ReadBounds(60, MayWait: true), out _));
    }

    [Fact]
    public void A_sum_that_does_not_fit_into_the_answer_is_not_written()
    {
        using var engine = Open();
        engine.Set("n", "10.50");
        var item = new WorkItem(engine);
        item.Requests.Add(EngineHarness.Request(Operation.Set("other", "v", null)));
        item.Requests.Add(EngineHarness.Request([.. new KvsBatch().IncrementFloat("n", "0.1").Operations]));
        item.ResultBytes.BytesMax = 3;
        engine.Submit(item);
        Assert.Equal((1, 4, "10.50"), (item.Judged, item.ResultBytes.Wanted, engine.Get("n")));

        item.Requests.RemoveAt(0);
        item.Renew();
        item.ResultBytes.BytesMax = 4;
        engine.Submit(item);
        Assert.Equal((1, "10.6"), (item.Judged, engine.Get("n")));
        Assert.Equal("10.6"u8, item.ResultBytes.WrittenSpan);
    }

    [Fact]
    public void A_small_request_that_writes_large_values_again_and_again_is_refused()
    {
        using var engine = Open();
        engine.Set("large", new string('x', 20 * 1024 * 1024));
        var refused = engine.Apply([.. Enumerable.Repeat(new KvsBatch().Append("large", "y").Operations[0], 4)]);

        Assert.Equal((ErrorCode.BatchTooLarge, 3), (refused.Code, refused.FailedIndex));
        Assert.True(engine.Engine.TryGet("large"u8, null, out var info));
        Assert.Equal(20 * 1024 * 1024, info.ValueLength);
        Assert.Equal(ErrorCode.None, engine.Apply([.. new KvsBatch().Append("large", "y").Copy("large", "copy").Operations]).Code);
        Assert.Equal((20 * 1024 * 1024) + 1, engine.Get("copy")!.Length);
    }

    [Fact]
    public void A_value_grows_up_to_the_limit_of_the_engine()
    {
        using var engine = Open();
        var atEnd = engine.Apply(Operation.SetRange("k", Limits.ValueBytesMax - 1, "x"));
        var beyond = engine.Apply(new KvsBatch().Append("k", "x").Operations[0]);

        Assert.Equal((ErrorCode.None, (long)Limits.ValueBytesMax), (atEnd.Code, atEnd.Results[0].Number));
        Assert.Equal((ErrorCode.ValueTooLarge, WriteOutcome.NotApplied), (beyond.Code, beyond.Outcome));
    }

    [Fact]
    public void A_content_type_lies_with_its_value_through_edits_snapshots_compaction_and_reopening()
    {
        using var engine = Open();
        var typed = new SetOptions { ContentType = "text/plain" };
        engine.Apply([.. new KvsBatch().Set("n", "1", typed).Set("s", "a", typed).Set("plain", "v").Set("cleared", "v", typed).Operations]);
        engine.Apply([.. new KvsBatch()
            .Increment("n").IncrementFloat("n", "0.5").Expire("n", s_second)
            .Append("s", "bc").SetRange("s", 1, "X").Copy("s", "copy").Persist("s")
            .Set("cleared", "w").Operations]);
        using (var snapshot = engine.Engine.Snapshot())
        {
            var value = new ArrayBufferWriter<byte>();
            Assert.True(snapshot.TryGet("copy"u8, value, out var info));
            Assert.Equal(("text/plain", 3), (info.ContentType, info.ValueLength));
            Assert.Equal(["n:text/plain", "plain:", "s:text/plain"], TypesOf(snapshot).Where(line => line[0] != 'c'));
        }

        foreach (var change in (Action[])[() => { }, engine.Compact, () => { if (HasFiles) { engine.Reopen(); } }])
        {
            change();
            using var snapshot = engine.Engine.Snapshot();
            Assert.Equal(["cleared:", "copy:text/plain", "n:text/plain", "plain:", "s:text/plain"], TypesOf(snapshot));
            Assert.Equal(("2.5", "aXc", "aXc"), (engine.Get("n"), engine.Get("s"), engine.Get("copy")));
        }
    }

    [Fact]
    public void A_content_type_costs_a_read_only_where_it_is_asked_for()
    {
        using var engine = Open();
        engine.Set("k", "value", new SetOptions { ContentType = "text/plain" });

        Assert.True(engine.Engine.TryGet("k"u8, null, out var info));
        Assert.Equal((null, 5), (info.ContentType, info.ValueLength));
        Assert.Equal(PointRead.Found, engine.Engine.Get("k"u8, null, new ReadBounds(0, MayWait: true, WithContentType: true), out info));
        Assert.Equal(("text/plain", 5), (info.ContentType, info.ValueLength));
        Assert.Equal(PointRead.TooLong, engine.Engine.Get("k"u8, new ArrayBufferWriter<byte>(), new ReadBounds(4, MayWait: true), out info));
        Assert.Null(info.ContentType);
    }

    [Fact]
    public void Items_are_applied_in_the_order_of_the_calls()
    {
        using var engine = Open();
        for (var i = 0; i < 20; i++)
        {
            engine.Enqueue(EngineHarness.Request(Operation.Set("k", $"{i}", null)));
        }

        engine.Submit();
        Assert.Equal(("19", 21), (engine.Get("k"), engine.CompletedItems));
    }

    [Fact]
    public void What_is_too_large_is_refused_and_its_neighbours_are_not()
    {
        using var engine = Open();
        var item = engine.Submit(
            EngineHarness.Request(Operation.Set(new byte[Limits.KeyBytesMax + 1], "v", null)),
            EngineHarness.Request(Operation.Set("k", new KvsValue(new byte[Limits.ValueBytesMax + 1]), null)),
            EngineHarness.Request([.. Enumerable.Repeat(Operation.Remove("k", null), Limits.BatchOperationsMax + 1)]),
            EngineHarness.Request(Operation.Set("k", "v", null)));

        Assert.Equal(
            [ErrorCode.KeyTooLarge, ErrorCode.ValueTooLarge, ErrorCode.BatchTooLarge, ErrorCode.None],
            item.Requests.Select(request => request.Code));
        Assert.Equal("v", engine.Get("k"));
    }

    [Fact]
    public void The_largest_key_is_taken()
    {
        using var engine = Open();
        var key = new byte[Limits.KeyBytesMax];
        Array.Fill(key, (byte)0xFF);

        Assert.Equal(ErrorCode.None, engine.Apply(Operation.Set(key, "v", null)).Code);
        Assert.True(engine.Engine.TryGet(key, null, out var info));
        Assert.Equal(1, info.ValueLength);
    }

    [Fact]
    public void A_request_past_its_deadline_is_not_applied()
    {
        using var engine = Open();
        var late = EngineHarness.Request(Operation.Set("late", "v", null));
        late.Deadline = engine.Time.GetTimestamp() - 1;
        var intime = EngineHarness.Request(Operation.Set("in time", "v", null));
        intime.Deadline = engine.Time.GetTimestamp() + TimeSpan.TicksPerHour;
        engine.Submit(late, intime);

        Assert.Equal((ErrorCode.DeadlineExceeded, WriteOutcome.NotApplied), (late.Code, late.Outcome));
        Assert.Equal((null, "v"), (engine.Get("late"), engine.Get("in time")));
    }

    [Fact]
    public void A_key_is_there_until_its_time_and_gone_at_most_a_tick_later_though_nobody_writes()
    {
        using var engine = Open();
        engine.Set("k", "v", new SetOptions { TimeToLive = s_second });
        engine.Advance(s_second - TimeSpan.FromMilliseconds(1));
        Assert.Equal("v", engine.Get("k"));

        engine.Advance(TimeSpan.FromMilliseconds(1) + Limits.ExpiryTick);
        Assert.Null(engine.Get("k"));
        Assert.Equal((0, 1), (engine.Engine.Stats().Keys, engine.Engine.Stats().Expired));
    }

    [Fact]
    public void Keys_that_expire_one_after_the_other_are_each_gone_in_time()
    {
        using var engine = Open();
        for (var i = 1; i <= 40; i++)
        {
            engine.Set($"k{i:d2}", "v", new SetOptions { TimeToLive = TimeSpan.FromMilliseconds(30 * i) });
        }

        for (var passed = 10; passed <= 1400; passed += 10)
        {
            engine.Advance(TimeSpan.FromMilliseconds(10));
            for (var i = 1; i <= 40; i++)
            {
                var isThere = engine.Get($"k{i:d2}") is not null;
                Assert.True(isThere || passed >= 30 * i, $"k{i} is gone after {passed} ms");
                Assert.True(!isThere || passed < (30 * i) + 100, $"k{i} is there after {passed} ms");
            }
        }
    }

    [Fact]
    public void A_write_sees_an_expired_key_as_missing_at_its_very_time()
    {
        using var engine = Open();
        engine.Set("k", "v", new SetOptions { TimeToLive = TimeSpan.FromMilliseconds(30) });
        engine.Time.Advance(TimeSpan.FromMilliseconds(29));
        var absent = new SetOptions { Condition = KvsCondition.Absent };
        Assert.Equal(ErrorCode.ConditionFailed, engine.Apply(Operation.Set("k", "new", absent)).Code);

        engine.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(ErrorCode.None, engine.Apply(Operation.Set("k", "new", absent)).Code);
        Assert.Equal("new", engine.Get("k"));
    }

    [Fact]
    public void A_key_that_is_set_again_outlives_its_old_time()
    {
        using var engine = Open();
        engine.Set("k", "1", new SetOptions { TimeToLive = s_second });
        engine.Set("k", "2");
        engine.Set("p", "1", new SetOptions { TimeToLive = s_second });
        engine.Apply(new Operation { Kind = OperationKind.Persist, Key = KvsKey.FromString("p").Bytes });
        engine.Advance(2 * s_second);

        Assert.Equal(("2", "1"), (engine.Get("k"), engine.Get("p")));
    }

    [Fact]
    public void A_wall_clock_that_is_set_expires_nothing_at_once_and_prolongs_nothing()
    {
        using var engine = Open();
        engine.Set("k", "v", new SetOptions { TimeToLive = TimeSpan.FromMinutes(1) });
        engine.Time.StepWallClock(TimeSpan.FromDays(1));
        engine.Advance(s_second);
        engine.Set("other", "v");
        Assert.Equal("v", engine.Get("k"));

        engine.Time.StepWallClock(-TimeSpan.FromDays(2));
        engine.Advance(TimeSpan.FromMinutes(1.2));
        engine.Set("other", "v");
        Assert.Null(engine.Get("k"));
    }

    [Fact]
    public void A_snapshot_shows_one_state_through_writes_expiries_and_compaction()
    {
        using var engine = Open();
        engine.Set("expires", "v", new SetOptions { TimeToLive = s_second });
        engine.Set("changes", "old");
        engine.Set("goes", "v");
        using var snapshot = engine.Engine.Snapshot();
        engine.Apply(Operation.Set("changes", "new", null), Operation.Remove("goes", null), Operation.Set("comes", "v", null));
        engine.Advance(2 * s_second);
        engine.Compact();

        Assert.Equal(3, snapshot.Count(KeyRange.All));
        Assert.Equal(["changes=old", "expires=v", "goes=v"], Scan(snapshot, KeyRange.All, reverse: false));
        Assert.Equal(["goes=v", "expires=v", "changes=old"], Scan(snapshot, KeyRange.All, reverse: true));
        Assert.False(snapshot.TryGet("comes"u8, null, out _));
        Assert.Equal(1, engine.Engine.Stats().Snapshots);
        Assert.InRange(engine.Engine.Stats().OldestSnapshot, 2 * s_second, 3 * s_second);
    }

    [Fact]
    public void A_cursor_may_be_left_in_the_middle()
    {
        using var engine = Open();
        engine.Set("a", "1");
        engine.Set("b", "2");
        using var snapshot = engine.Engine.Snapshot();
        using (var cursor = snapshot.Scan(KeyRange.All, reverse: false))
        {
            Assert.True(cursor.MoveNext());
        }

        using var again = snapshot.Scan(KeyRange.All, reverse: true);
        Assert.True(again.MoveNext());
        Assert.Equal("b"u8, again.Key);
        Assert.True(again.MoveNext());
        Assert.False(again.MoveNext());
        Assert.False(again.MoveNext());
    }

    [Fact]
    public void What_was_acknowledged_is_there_after_reopening_under_a_newer_epoch()
    {
        using var engine = Open();
        if (!HasFiles)
        {
            return;
        }

        var set = engine.Set("k", "v");
        engine.Set("ttl", "v", new SetOptions { TimeToLive = s_second });
        engine.Set("gone", "v");
        engine.Apply(Operation.Remove("gone", null));
        engine.Reopen();

        Assert.Equal(("v", "v", null), (engine.Get("k"), engine.Get("ttl"), engine.Get("gone")));
        Assert.Equal(set, VersionOf(engine, "k"));
        Assert.True(engine.Set("k", "w").Epoch > set.Epoch);
    }

    [Fact]
    public void What_expired_while_the_store_was_closed_is_gone_before_the_first_read()
    {
        using var engine = Open();
        if (!HasFiles)
        {
            return;
        }

        engine.Set("k", "v", new SetOptions { TimeToLive = s_second });
        engine.Finish(engine.Engine.DisposeAsync().AsTask());
        engine.Time.Advance(2 * s_second);
        engine.OpenAgain();
        Assert.Null(engine.Get("k"));

        // A wall clock that is set back must not bring it back.
        engine.Set("soon", "v", new SetOptions { TimeToLive = s_second });
        engine.Advance(2 * s_second);
        engine.Time.StepWallClock(-TimeSpan.FromDays(1));
        engine.Reopen();
        Assert.Null(engine.Get("soon"));
    }

    [Fact]
    public void Work_that_waits_is_done_when_the_store_closes_and_later_work_is_refused()
    {
        var engine = Open();
        var waiting = engine.Enqueue(EngineHarness.Request(Operation.Set("k", "v", null)));
        var closing = engine.Engine.DisposeAsync().AsTask();
        var late = engine.Enqueue(EngineHarness.Request(Operation.Set("k", "late", null)));
        engine.Finish(closing);

        Assert.Equal(2, engine.CompletedItems);
        Assert.Equal(ErrorCode.None, waiting.Requests[0].Code);
        Assert.Equal((ErrorCode.ShuttingDown, WriteOutcome.NotApplied), (late.Requests[0].Code, late.Requests[0].Outcome));
    }

    [Fact]
    public void Compaction_changes_nothing_that_can_be_seen()
    {
        using var engine = Open();
        for (var i = 0; i < 300; i++)
        {
            engine.Set($"k{i % 7}", new string((char)('a' + (i % 26)), 2000));
        }

        engine.Apply(Operation.Remove("k3", null));
        var before = Content(engine);
        engine.Compact();
        Assert.Equal(before, Content(engine));
        if (HasFiles)
        {
            engine.Reopen();
            Assert.Equal(before, Content(engine));
        }
    }

    /// <summary>Whether a store outlives its closing.</summary>
    private protected abstract bool HasFiles { get; }

    /// <summary>Opens an engine with an empty store.</summary>
    /// <param name="seed">From <see cref="TestSeed"/>.</param>
    private protected abstract EngineHarness Open(int seed);

    /// <summary>Opens an engine for the model test, which may have weaker durability or smaller files.</summary>
    /// <param name="seed">From <see cref="TestSeed"/>.</param>
    private protected virtual EngineHarness OpenModel(int seed) => Open(seed);

    private static List<string> Content(EngineHarness engine)
    {
        using var snapshot = engine.Engine.Snapshot();
        return Scan(snapshot, KeyRange.All, reverse: false);
    }

    private static List<string> Scan(IEngineSnapshot snapshot, KeyRange range, bool reverse)
    {
        var found = new List<string>();
        using var cursor = snapshot.Scan(range, reverse);
        while (cursor.MoveNext())
        {
            var value = new ArrayBufferWriter<byte>();
            cursor.CopyValue(value);
            found.Add($"{Encoding.UTF8.GetString(cursor.Key)}={Encoding.UTF8.GetString(value.WrittenSpan)}");
        }

        return found;
    }

    private static List<string> TypesOf(IEngineSnapshot snapshot)
    {
        var found = new List<string>();
        using var cursor = snapshot.Scan(KeyRange.All, reverse: false);
        while (cursor.MoveNext())
        {
            found.Add($"{Encoding.UTF8.GetString(cursor.Key)}:{cursor.CopyValue(new ArrayBufferWriter<byte>())}");
        }

        return found;
    }

    private static KvsVersion VersionOf(EngineHarness engine, string key)
    {
        Assert.True(engine.Engine.TryGet(Encoding.UTF8.GetBytes(key), null, out var info));
        return info.Version;
    }

    private EngineHarness Open() => Open(TestSeed.For());
}

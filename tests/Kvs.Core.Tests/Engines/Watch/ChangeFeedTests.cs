using Kvs.Core.Engines;
using Kvs.Core.Engines.Memory;
using Kvs.Core.Engines.Watch;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Tests.Engines.Log;
using Kvs.Core.Tests.Engines.Members;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Engines.Watch;

/// <summary>What a watch tells, from where, and when it ends.</summary>
public sealed class ChangeFeedTests
{
    [Fact]
    public void Each_change_comes_once_in_order_with_its_kind_its_value_and_its_place()
    {
        var store = new LogStore(1);
        store.Set("before", "x");
        using var watcher = new Watcher(store.Engine);
        var one = store.Set("a", "1").Version;
        var two = store.Apply(LogStore.SetOf("a", "2"), LogStore.SetOf("b", "3"), LogStore.Of(OperationKind.Remove, "before")).Version;
        store.Remove("nobody");
        watcher.ReadAll();
        Assert.Equal(
            [
                new(ChangeKind.Set, "a", "1", one),
                new(ChangeKind.Set, "a", "2", new WatchPosition(two, 1)),
                new(ChangeKind.Set, "b", "3", new WatchPosition(two, 2)),
                new(ChangeKind.Removed, "before", "", two),
            ],
            watcher.Changes);
        Assert.Equal(two, watcher.Position.Version);
        watcher.ReadAll();
        Assert.Equal(4, watcher.Changes.Count);
        store.Close();
    }

    [Fact]
    public void A_content_type_is_told_with_its_value_and_counted()
    {
        var store = new LogStore(1);
        using var values = store.Engine.Watch(new WatchOptions());
        using var keys = store.Engine.Watch(new WatchOptions { KeysOnly = true });
        store.Apply(LogStore.SetOf("a", "1") with { ContentType = "text/plain" }, LogStore.SetOf("b", "2"));
        var buffer = new ChangeBuffer();
        values.Read(buffer, int.MaxValue);
        Assert.Equal("text/plain", buffer[0].ToChange().ContentType);
        Assert.Null(buffer[1].ContentType);
        var bytes = buffer.Bytes;
        buffer.Clear();
        keys.Read(buffer, int.MaxValue);
        Assert.All([buffer[0], buffer[1]], change => Assert.Null(change.ContentType));
        Assert.Equal(bytes, buffer.Bytes + "12".Length + 1 + "text/plain".Length);
        store.Close();
    }

    [Fact]
    public void An_expiry_is_told_from_a_removal_when_it_is_logged()
    {
        var store = new LogStore(1);
        using var watcher = new Watcher(store.Engine);
        store.Set("expires", "v", ttlMillis: 1000);
        store.Set("removed", "v", ttlMillis: 1000);
        store.Remove("removed");
        store.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(store.Get("expires"));
        watcher.ReadAll();
        Assert.Equal(
            [ChangeKind.Set, ChangeKind.Set, ChangeKind.Removed, ChangeKind.Expired], watcher.Changes.Select(c => c.Kind));
        Assert.Equal("expires", watcher.Changes[^1].Key);
        Assert.Equal(store.Engine.Version, watcher.Position.Version);
        store.Close();
    }

    [Fact]
    public void An_expiry_and_a_removal_are_told_apart_after_a_restart_too()
    {
        var store = new LogStore(1);
        store.Set("k", "v", ttlMillis: 1000);
        store.Advance(TimeSpan.FromSeconds(2));
        var again = store.ReopenKilled();
        using var watcher = new Watcher(again.Engine, WatchPosition.Beginning);
        Assert.Equal([ChangeKind.Set, ChangeKind.Expired], watcher.ReadAll().Changes.Select(c => c.Kind));
        again.Close();
    }

    [Fact]
    public void A_range_and_a_key_tell_their_own_and_the_position_goes_on_all_the_same()
    {
        var store = new LogStore(1);
        using var range = new Watcher(store.Engine, new WatchOptions { Range = KeyRange.Prefix("b/") });
        using var key = new Watcher(store.Engine, new WatchOptions { Range = KeyRange.Only("b/2"), KeysOnly = true });
        foreach (var name in (string[])["a", "b/1", "b/2", "b/22", "c"])
        {
            store.Set(name, "v");
        }

        Assert.Equal(["b/1", "b/2", "b/22"], range.ReadAll().Changes.Select(c => c.Key));
        Assert.Equal([("b/2", "")], key.ReadAll().Changes.Select(c => (c.Key, c.Value)));
        Assert.Equal(store.Engine.Version, range.Position.Version);
        Assert.Equal(store.Engine.Version, key.Position.Version);
        store.Close();
    }

    [Fact]
    public void A_batch_is_read_in_pieces_and_resumed_within()
    {
        var store = new LogStore(1);
        store.Apply([.. Enumerable.Range(0, 40).Select(i => LogStore.SetOf($"k{i:D2}", new string('v', 1000)))]);
        using var whole = new Watcher(store.Engine, WatchPosition.Beginning);
        whole.ReadAll();
        using var pieces = new Watcher(store.Engine, WatchPosition.Beginning);
        pieces.ReadAll(bytesMax: 1500);
        Assert.Equal(whole.Changes, pieces.Changes);
        Assert.InRange(pieces.BytesMost, 1500, 2700);
        for (var i = 0; i < whole.Changes.Count; i++)
        {
            using var resumed = new Watcher(store.Engine, whole.Changes[i].Position);
            Assert.Equal(whole.Changes[(i + 1)..], resumed.ReadAll().Changes);
        }

        store.Close();
    }

    [Fact]
    public void A_change_that_is_longer_than_there_is_room_for_is_left_until_there_is()
    {
        var store = new LogStore(1);
        store.Set("small", "v");
        store.Set("large", new string('v', 5000));
        using var feed = store.Engine.Watch(new WatchOptions { Since = WatchPosition.Beginning });
        var buffer = new ChangeBuffer { LargestMax = 1000 };
        Assert.True(feed.Read(buffer, int.MaxValue));
        Assert.Equal((1, 5005), (buffer.Count, buffer.LargeBytes));
        buffer.Clear();
        buffer.LargestMax = 5005;
        Assert.False(feed.Read(buffer, int.MaxValue));
        Assert.Equal((1, 0, 5000), (buffer.Count, buffer.LargeBytes, buffer[0].Value.Length));
        store.Close();
    }

    [Fact]
    public void What_is_not_published_is_not_told()
    {
        var store = new LogStore(1);
        using var watcher = new Watcher(store.Engine);
        var write = store.Submit(LogStore.SetOf("a", "1"));
        while (!write.IsDone)
        {
            Assert.Empty(watcher.ReadAll().Changes);
            Assert.Equal(1, store.Machine.Loops.RunSteps(1));
        }

        Assert.Single(watcher.ReadAll().Changes);
        store.Close();
    }

    [Fact]
    public void A_member_tells_what_is_committed_and_goes_on_where_another_one_ended()
    {
        var primary = MemberNode.Primary(1);
        var follower = new MemberNode(2, "b");
        using var here = new Watcher(primary.Store.Engine, WatchPosition.Beginning);
        for (var i = 0; i < 4; i++)
        {
            primary.Store.Submit(LogStore.SetOf("k" + i, "v"));
            primary.Run();
        }

        follower.TakeFrom(primary);
        Assert.Empty(here.ReadAll().Changes);
        primary.Commit(3);
        follower.Commit(4);
        Assert.Equal(["k0", "k1"], here.ReadAll().Changes.Select(c => c.Key));
        using var there = new Watcher(follower.Store.Engine, here.Position);
        Assert.Equal(["k2"], there.ReadAll().Changes.Select(c => c.Key));

        // The newest write of the old primary was not committed: its place is another's now.
        follower.Lead(9);
        follower.Commit(6);
        Assert.Equal(["k2", "k3"], there.ReadAll().Changes.Select(c => c.Key));
        primary.Close();
        follower.Close();
    }

    [Fact]
    public async Task A_wait_ends_when_there_is_more_and_when_the_store_closes()
    {
        var store = new LogStore(1);
        using var watcher = new Watcher(store.Engine);
        var wait = watcher.Feed.WaitAsync(default);
        Assert.False(wait.IsCompleted);
        store.Set("a", "1");
        await wait;
        Assert.True(watcher.Feed.WaitAsync(default).IsCompleted);
        Assert.Single(watcher.ReadAll().Changes);

        wait = watcher.Feed.WaitAsync(default);
        Assert.False(wait.IsCompleted);
        store.Close();
        await wait;
        Assert.Equal(ErrorCode.ShuttingDown, Assert.Throws<KvsUnavailableException>(() => watcher.Read()).Code);
        Assert.True(watcher.Feed.WaitAsync(default).IsCompleted);
        store.Device.CheckClean(); // an open feed holds nothing
    }

    [Fact]
    public async Task A_wait_can_be_given_up()
    {
        var store = new LogStore(1);
        using var watcher = new Watcher(store.Engine);
        using var stop = new CancellationTokenSource();
        var wait = watcher.Feed.WaitAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => wait);
        store.Close();
    }

    [Fact]
    public void A_watcher_that_is_too_slow_keeps_no_file_and_is_told_what_is_left()
    {
        var store = new LogStore(1, new LogEngineOptions { HistoryBytes = 0 });
        store.Set("first", "v");
        store.Set("second", "v");
        using var watcher = new Watcher(store.Engine, WatchPosition.Beginning);
        Assert.True(watcher.Read(bytesMax: 1)); // it stands in the first file
        for (var i = 0; i < 24; i++)
        {
            store.Set("k" + (i % 3), new string('v', 200_000));
        }

        store.Machine.Loops.RunUntilCompleted(store.Engine.CompactAsync(default));
        store.Advance(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain("00000001.log", store.Device.ListFiles("/store"));

        var failure = Assert.Throws<KvsException>(() => watcher.Read());
        Assert.Equal(ErrorCode.Compacted, failure.Code);
        Assert.Equal(ErrorCode.Compacted, Assert.Throws<KvsException>(() => new Watcher(store.Engine, watcher.Position)).Code);
        var oldest = failure.Message.Split("watched from is ")[1].Split('.')[0];
        Assert.True(WatchPosition.TryParse(oldest, out var position));
        using var again = new Watcher(store.Engine, position);
        Assert.Equal(store.Engine.Version, again.ReadAll().Position.Version);
        Assert.NotEmpty(again.Changes);
        store.Close();
    }

    [Fact]
    public void A_quiet_watcher_that_is_read_does_not_fall_out_of_the_history()
    {
        var store = new LogStore(1, new LogEngineOptions { HistoryBytes = 0 });
        using var quiet = new Watcher(store.Engine, new WatchOptions { Range = KeyRange.Prefix("quiet/") });
        for (var round = 0; round < 4; round++)
        {
            for (var i = 0; i < 24; i++)
            {
                store.Set("k" + (i % 3), new string('v', 200_000));
                Assert.Empty(quiet.ReadAll().Changes);
            }

            store.Machine.Loops.RunUntilCompleted(store.Engine.CompactAsync(default));
        }

        using var resumed = new Watcher(store.Engine, new WatchOptions { Range = KeyRange.Prefix("quiet/"), Since = quiet.Position });
        store.Set("quiet/1", "v");
        Assert.Single(quiet.ReadAll().Changes);
        Assert.Equal(quiet.Changes, resumed.ReadAll().Changes);
        store.Close();
    }

    [Fact]
    public void A_position_of_another_history_and_one_that_is_ahead_are_refused()
    {
        var store = new LogStore(1);
        store.Set("a", "1");
        var left = store.ReopenKilled();
        var lost = store.Set("b", "mine").Version;
        left.Set("b", "other");
        left.Set("c", "other");
        Assert.Equal(ErrorCode.TokenLost, Refused(left, lost));
        var newest = left.Engine.Version;
        Assert.Equal(ErrorCode.TooStale, Refused(left, newest with { Sequence = newest.Sequence + 1 }));
        Assert.Equal(ErrorCode.InvalidArgument, Refused(left, new WatchPosition(newest, -1)));
        Assert.Equal(ErrorCode.InvalidArgument, Refused(left, new WatchPosition(default, 1)));
        left.Close();
    }

    [Fact]
    public void An_engine_without_a_history_refuses_it()
    {
        var engine = new MemoryEngine(new ManualTimeProvider(), new Random(1), WriteLimits.Default);
        var failure = Assert.Throws<KvsException>(() => ((IKvEngine)engine).Watch(new WatchOptions()));
        Assert.Equal(ErrorCode.NotSupported, failure.Code);
    }

    [Fact]
    public void Positions_are_read_as_they_are_written()
    {
        var version = new KvsVersion(0x1_0000_00AB, 0x2A);
        foreach (var position in (WatchPosition[])[WatchPosition.Beginning, version, new(version, 7)])
        {
            Assert.True(WatchPosition.TryParse(position.ToString(), out var read));
            Assert.Equal(position, read);
        }

        Assert.Equal(version.ToString(), ((WatchPosition)version).ToString());
        foreach (var text in (string[])["", "1", "1-", "1-2.", "1-2.0", "1-2.-1", "1-2.x", "1-2.3.4", ".1"])
        {
            Assert.False(WatchPosition.TryParse(text, out _), text);
        }
    }

    private static ErrorCode Refused(LogStore store, WatchPosition since) =>
        Assert.ThrowsAny<KvsException>(() => new Watcher(store.Engine, since)).Code;
}

using Kvs.Core.Engines;
using Kvs.Core.Engines.Members;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Tests.Engines.Log;
using Xunit;

namespace Kvs.Core.Tests.Engines.Members;

/// <summary>Members that acknowledge before they sync: what they tell, what an unclean end costs them, and that they know it.</summary>
public sealed class MemberDurabilityTests
{
    private static readonly LogEngineOptions _os = new() { Durability = Durability.Os };
    private static readonly LogEngineOptions _interval = new() { Durability = Durability.Interval };

    [Fact]
    public void What_is_appended_is_acknowledged_committed_and_shown_before_it_is_synced()
    {
        var primary = MemberNode.Primary(1, options: _os);
        var synced = primary.Store.Engine.Stats().Syncs;
        var write = primary.Store.Submit(LogStore.SetOf("a", "1"));
        primary.Run();
        Assert.Equal(primary.Log.Last, primary.LastTold(MemberEventKind.Durable).Version);
        primary.CommitAll();
        Assert.Equal((true, ErrorCode.None, "1"), (write.IsDone, write.Request.Code, primary.Store.Get("a")));

        var follower = new MemberNode(2, "b", _os);
        follower.TakeFrom(primary);
        Assert.Equal(primary.Log.Last, follower.LastTold(MemberEventKind.Durable).Version);
        follower.CommitAll();
        Assert.Equal("1", follower.Store.Get("a"));
        Assert.Equal((synced, 0L), (primary.Store.Engine.Stats().Syncs, follower.Store.Engine.Stats().Syncs));
        primary.Close();
        follower.Close();
    }

    [Fact]
    public void Frames_that_a_follower_took_are_synced_by_the_clock()
    {
        var primary = MemberNode.Primary(1);
        var follower = new MemberNode(2, "b", _interval);
        follower.TakeFrom(primary);
        Assert.Equal(0, follower.Store.Engine.Stats().Syncs);
        follower.Store.Advance(_interval.SyncInterval);
        Assert.Equal(1, follower.Store.Engine.Stats().Syncs);
        primary.Close();
        follower.Close();
    }

    [Fact]
    public void A_power_cut_may_lose_what_was_acknowledged_and_the_node_knows_it_until_it_has_another_incarnation()
    {
        var node = Written(_os);
        var acknowledged = node.Log.Last;
        var after = node.ReopenAfterPowerCut();
        Assert.True(after.Log.Last.Sequence < acknowledged.Sequence);
        Assert.True(after.Log.MayHaveLost);

        // It still knows when it stops cleanly, and under whatever durability it starts again.
        after = after.Reopen(new LogEngineOptions());
        Assert.True(after.Log.MayHaveLost);
        after.Log.StoreRecord(after.Log.Promise, after.Log.Membership, after.Log.Incarnation + 1);
        after.Run();
        Assert.False(after.Log.MayHaveLost);
        after = after.ReopenKilled();
        Assert.False(after.Log.MayHaveLost);
        after.Close();
    }

    [Fact]
    public void A_clean_stop_loses_nothing_and_neither_does_a_power_cut_of_a_node_that_syncs_first()
    {
        var clean = Written(_os);
        var last = clean.Log.Last;
        clean = clean.Reopen();
        Assert.Equal((last, false), (clean.Log.Last, clean.Log.MayHaveLost));
        clean.Close();

        var synced = Written(new LogEngineOptions());
        last = synced.Log.Last;
        synced = synced.ReopenAfterPowerCut();
        Assert.Equal((last, false), (synced.Log.Last, synced.Log.MayHaveLost));
        synced.Close();
    }

    [Fact]
    public void A_write_that_asks_for_more_than_the_nodes_keep_is_refused()
    {
        var node = MemberNode.Primary(1, options: _os);
        var write = node.Store.SubmitWith(Durability.Always, LogStore.SetOf("a", "1"));
        node.CommitAll();
        Assert.Equal(
            (true, ErrorCode.NotSupported, WriteOutcome.NotApplied),
            (write.IsDone, write.Request.Code, write.Request.Outcome));
        Assert.Null(node.Store.Get("a"));
        node.Close();
    }

    private static MemberNode Written(LogEngineOptions options)
    {
        var node = MemberNode.Primary(1, options: options);
        for (var i = 0; i < 20; i++)
        {
            node.Store.Submit(LogStore.SetOf("k" + i, "v"));
            node.CommitAll();
        }

        return node;
    }
}

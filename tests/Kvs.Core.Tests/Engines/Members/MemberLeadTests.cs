using Kvs.Core.Engines;
using Kvs.Core.Engines.Members;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Tests.Engines.Log;
using Xunit;

namespace Kvs.Core.Tests.Engines.Members;

/// <summary>A member that becomes the primary, waits for commits, and follows again.</summary>
public sealed class MemberLeadTests
{
    [Fact]
    public void Writes_wait_until_the_beginning_of_the_epoch_is_committed()
    {
        var node = new MemberNode(1);
        node.Log.Lead(5, EpochReason.Sealed);
        node.Run();
        Assert.Equal(new KvsVersion(5, 1), node.LastTold(MemberEventKind.Led).Version);
        Assert.Equal(new KvsVersion(5, 1), node.LastTold(MemberEventKind.Durable).Version);
        Assert.True(node.Log.IsLeading);

        var write = node.Store.Submit(LogStore.SetOf("a", "1"));
        node.Run();
        Assert.Equal((false, new KvsVersion(5, 1)), (write.IsDone, node.Log.Last));

        node.Commit(1);
        Assert.Equal((false, new KvsVersion(5, 2)), (write.IsDone, node.Log.Last));
        node.Commit(2);
        Assert.Equal((true, ErrorCode.None, new KvsVersion(5, 2)), (write.IsDone, write.Request.Code, write.Request.Version));
        Assert.Equal("1", node.Store.Get("a"));
        node.Close();
    }

    [Fact]
    public void Groups_wait_for_their_commit_while_later_ones_are_synced()
    {
        var node = MemberNode.Primary(1);
        var writes = new List<LogStore.Submitted>();
        for (var i = 0; i < 5; i++)
        {
            writes.Add(node.Store.Submit(LogStore.SetOf("k" + i, "v")));
            node.Run();
        }

        Assert.Equal((6UL, 6UL, 1UL), (node.Log.Last.Sequence, node.Log.Durable.Sequence, node.Log.Applied));
        Assert.All(writes, write => Assert.False(write.IsDone));
        Assert.Empty(node.Store.Content());

        node.Commit(4);
        Assert.Equal([true, true, true, false, false], writes.Select(write => write.IsDone));
        Assert.Equal(["k0", "k1", "k2"], node.Store.Content().Keys);
        Assert.Equal(4UL, node.Log.Applied);
        node.Commit(6);
        Assert.All(writes, write => Assert.True(write.IsDone));
        node.Close();
    }

    [Fact]
    public void An_answer_that_has_seen_what_is_not_committed_waits_for_it()
    {
        var node = MemberNode.Primary(1);
        node.Store.Submit(LogStore.SetOf("k", "1"));
        var read = node.Store.Submit(LogStore.Of(OperationKind.Get, "k"));
        var refused = node.Store.Submit(LogStore.SetOf("k", "2", condition: KvsCondition.Absent));
        node.Run();
        Assert.Equal((false, false), (read.IsDone, refused.IsDone));
        node.CommitAll();
        Assert.Equal("1", read.ValueOf(0));
        Assert.Equal(ErrorCode.ConditionFailed, refused.Request.Code);
        node.Close();
    }

    [Fact]
    public void A_local_acknowledgement_comes_when_the_write_is_durable_and_is_not_seen_before_it_is_committed()
    {
        var node = MemberNode.Primary(1);
        var burst = new LogStore.Submitted();
        var write = LogStore.Request(Durability.Default, LogStore.SetOf("k", "1"));
        write.Acknowledgement = Acknowledgement.Local;
        burst.Item.Requests.Add(write);
        node.Store.Engine.Submit(burst.Item);
        var read = node.Store.Submit(LogStore.Of(OperationKind.Get, "k"));
        node.Run();
        Assert.Equal((true, ErrorCode.None, new KvsVersion(1, 2)), (burst.IsDone, write.Code, write.Version));
        Assert.Equal((false, null), (read.IsDone, node.Store.Get("k")));
        burst.Item.Requests.Clear(); // it is its owner's again

        node.Follow();
        Assert.Equal(ErrorCode.NotPrimary, read.Request.Code);
        node.Commit(2);
        Assert.Equal("1", node.Store.Get("k"));
        node.Close();
    }

    [Fact]
    public void A_local_item_of_several_groups_is_answered_once_and_left_alone_afterwards()
    {
        var node = new MemberNode(1, acknowledgement: Acknowledgement.Local);
        node.Lead(1);
        node.Commit(1);
        var burst = node.Store.SubmitBurst([.. Enumerable.Range(0, 3).Select(i =>
            LogStore.Request(Durability.Default, LogStore.SetOf("k" + i, new string('v', 700_000))))]);
        node.Run();
        Assert.True(burst.IsDone);
        Assert.All(burst.Item.Requests, request => Assert.Equal(ErrorCode.None, request.Code));
        Assert.InRange(node.Ends().Count, 3, 4);
        burst.Item.Requests.Clear();
        node.Follow();
        node.Close();
    }

    [Fact]
    public void Stepping_down_drops_what_is_not_committed_and_tells_what_may_be_there()
    {
        var node = MemberNode.Primary(1);
        node.Store.Submit(LogStore.SetOf("kept", "1"));
        node.CommitAll();
        var appended = node.Store.Submit(LogStore.SetOf("appended", "1"));
        var read = node.Store.Submit(LogStore.Of(OperationKind.Get, "appended"));
        node.Run();
        node.Log.Follow("epoch 2 was promised", "10.0.0.2:4000");
        var late = node.Store.Submit(LogStore.SetOf("late", "1"));
        node.Run();

        Assert.Equal((ErrorCode.NotPrimary, WriteOutcome.Unknown), (appended.Request.Code, appended.Request.Outcome));
        Assert.Equal((ErrorCode.NotPrimary, WriteOutcome.NotApplied), (read.Request.Code, read.Request.Outcome));
        Assert.Equal((ErrorCode.NotPrimary, WriteOutcome.NotApplied, "10.0.0.2:4000"),
            (late.Request.Code, late.Request.Outcome, late.Request.PrimaryAddress));
        Assert.Equal(new KvsVersion(1, 3), node.LastTold(MemberEventKind.Followed).Version);
        Assert.Equal(["kept"], node.Store.Content().Keys);
        Assert.Equal(new KvsVersion(1, 3), node.Log.Last);

        node.Commit(3); // the next primary had it
        Assert.Equal(["appended", "kept"], node.Store.Content().Keys);
        node.Close();
    }

    [Fact]
    public void Stepping_down_in_the_middle_of_an_item_answers_each_request_once()
    {
        var node = MemberNode.Primary(1);
        var burst = node.Store.SubmitBurst([.. Enumerable.Range(0, 40).Select(i =>
            LogStore.Request(Durability.Default, LogStore.SetOf("k" + i, new string('v', 300_000))))]);
        node.Store.Machine.Loops.RunSteps(3);
        Assert.False(burst.IsDone);
        node.Follow();
        Assert.True(burst.IsDone);
        var codes = burst.Item.Requests.Select(request => (request.Code, request.Outcome)).Distinct().ToList();
        Assert.All(codes, code => Assert.Equal(ErrorCode.NotPrimary, code.Code));
        Assert.Equal([WriteOutcome.Unknown, WriteOutcome.NotApplied], codes.Select(code => code.Outcome));
        node.Close();
    }

    [Fact]
    public void A_primary_that_follows_and_leads_again_goes_on_from_its_log()
    {
        var node = MemberNode.Primary(1);
        node.Store.Submit(LogStore.SetOf("a", "1"));
        node.Run();
        node.Follow();
        node.Lead(2);
        Assert.Equal(new KvsVersion(2, 3), node.LastTold(MemberEventKind.Led).Version);
        Assert.Null(node.Store.Get("a"));
        var write = node.Store.Submit(LogStore.SetOf("a", "2", condition: KvsCondition.Present));
        node.Commit(3); // and with it all before
        node.CommitAll();
        Assert.Equal(new KvsVersion(2, 4), write.Request.Version);
        Assert.Equal("2", node.Store.Get("a"));
        Assert.Equal<EpochEntry>([new EpochEntry(1, 1), new EpochEntry(2, 3)], node.Log.Epochs);

        node = node.ReopenKilled();
        Assert.Equal<EpochEntry>([new EpochEntry(1, 1), new EpochEntry(2, 3)], node.Log.Epochs);
        Assert.Equal(new KvsVersion(2, 4), node.Log.Last);
        node.Close();
    }

    [Fact]
    public void An_epoch_that_was_begun_or_promised_higher_is_never_begun_again()
    {
        var node = new MemberNode(1);
        node.Log.StoreRecord(new EpochPromise(3, "a"), node.Log.Membership, node.Log.Incarnation);
        node.Log.Lead(2, EpochReason.Elected);
        node.Run();
        Assert.True(node.WasRefused(MemberOrder.Lead));
        node.Lead(3); // promised to itself
        node.Follow();
        node.Log.Lead(3, EpochReason.Elected);
        node.Run();
        Assert.True(node.WasRefused(MemberOrder.Lead));

        // Its first frame is lost, but it may have been shipped.
        node.Log.Truncate(default);
        node.Run();
        Assert.Equal(default, node.Log.Last);
        node = node.ReopenKilled();
        node.Log.Lead(3, EpochReason.Elected);
        node.Run();
        Assert.True(node.WasRefused(MemberOrder.Lead));
        node.Lead(4);
        node.Close();
    }

    [Fact]
    public void Held_writes_wait_and_nothing_is_appended_not_even_by_expiry()
    {
        var node = MemberNode.Primary(1);
        node.Store.Submit(LogStore.SetOf("soon", "gone", ttlMillis: 50));
        node.CommitAll();
        node.Log.Hold(true);
        node.Run();
        Assert.Equal(node.Log.Last, node.LastTold(MemberEventKind.Held).Version);
        var last = node.Log.Last;
        var write = node.Store.Submit(LogStore.SetOf("a", "1"));
        node.Store.Advance(TimeSpan.FromSeconds(1));
        node.Run();
        Assert.Equal((last, false), (node.Log.Last, write.IsDone));

        node.Log.Hold(false);
        node.CommitAll();
        Assert.True(write.IsDone);
        Assert.Equal("1", node.Store.Get("a"));
        node.Close();
    }

    [Fact]
    public void Held_writes_are_answered_when_the_node_follows()
    {
        var node = MemberNode.Primary(1);
        node.Log.Hold(true);
        node.Run();
        var write = node.Store.Submit(LogStore.SetOf("a", "1"));
        node.Follow("b:1");
        Assert.Equal(
            (ErrorCode.NotPrimary, WriteOutcome.NotApplied, "b:1"),
            (write.Request.Code, write.Request.Outcome, write.Request.PrimaryAddress));
        node.Log.Hold(true);
        node.Run();
        Assert.True(node.WasRefused(MemberOrder.Hold));
        node.Close();
    }

    [Fact]
    public void What_a_primary_does_not_admit_is_refused_and_reads_go_on()
    {
        var node = MemberNode.Primary(1);
        node.Log.Admit(new Refusal(ErrorCode.Overloaded, "Too few nodes.", null));
        var write = node.Store.Submit(LogStore.SetOf("a", "1"));
        node.CommitAll();
        Assert.Equal((ErrorCode.Overloaded, WriteOutcome.NotApplied), (write.Request.Code, write.Request.Outcome));
        Assert.Null(node.Store.Get("a"));
        node.Log.Admit(null);
        node.Store.Submit(LogStore.SetOf("a", "2"));
        node.CommitAll();
        Assert.Equal("2", node.Store.Get("a"));
        node.Close();
    }

    [Fact]
    public void A_record_is_kept_with_list_and_name()
    {
        var node = new MemberNode(1);
        var membership = new ClusterMembership { ClusterId = 9, NodeId = "b:2", Members = ["b:2", "c:3"], IsFounding = true };
        node.Log.StoreRecord(new EpochPromise(4, "b:2"), membership, node.Log.Incarnation);
        node.Run();
        node.Log.StoreRecord(new EpochPromise(4, "c:3"), membership, node.Log.Incarnation);
        node.Run();
        Assert.True(node.WasRefused(MemberOrder.StoreRecord));
        node = node.ReopenKilled(membership);
        Assert.Equal((new EpochPromise(4, "b:2"), true), (node.Log.Promise, node.Log.Membership.IsFounding));
        Assert.True(node.Log.Membership.Means(membership));
        node.Log.StoreRecord(new EpochPromise(4, "b:2"), membership with { IsFounding = false }, node.Log.Incarnation);
        node.Run();
        Assert.False(node.Log.Membership.IsFounding);
        node.Close();
    }

    [Fact]
    public void A_node_that_lacks_what_is_committed_does_not_lead()
    {
        var node = new MemberNode(1);
        node.Log.Commit(1);
        node.Log.Lead(1, EpochReason.Elected);
        node.Run();
        Assert.True(node.WasRefused(MemberOrder.Lead));
        Assert.False(node.Log.IsLeading);
        node.Close();
    }

    [Fact]
    public void Log_time_goes_on_from_the_log_whatever_the_new_primarys_wall_clock_says()
    {
        var primary = MemberNode.Primary(1);
        primary.Store.Submit(LogStore.SetOf("a", "1", ttlMillis: 60_000));
        primary.CommitAll();
        foreach (var ahead in (int[])[3600, -3600])
        {
            var next = new MemberNode(2, "b", clockAhead: TimeSpan.FromSeconds(ahead));
            next.TakeFrom(primary);
            next.Store.Advance(TimeSpan.FromSeconds(1));
            next.Lead(2);
            next.CommitAll();
            Assert.Equal("1", next.Store.Get("a"));
            Assert.InRange(next.Log.LogTimeMillis, primary.Log.LogTimeMillis, primary.Log.LogTimeMillis + 1100);
            next.Store.Advance(TimeSpan.FromSeconds(70));
            next.CommitAll();
            Assert.Null(next.Store.Get("a"));
            next.Close();
        }

        primary.Close();
    }

    [Fact]
    public void A_primary_that_closes_answers_what_is_not_committed()
    {
        var node = MemberNode.Primary(1);
        var write = node.Store.Submit(LogStore.SetOf("a", "1"));
        node.Run();
        Assert.False(write.IsDone);
        node.Close();
        Assert.Equal((ErrorCode.ShuttingDown, WriteOutcome.Unknown), (write.Request.Code, write.Request.Outcome));
        var again = new MemberNode(2, device: node.Store.Device);
        Assert.Equal((new KvsVersion(1, 2), 1UL), (again.Log.Last, again.Log.Applied));
        again.Close();
    }

    [Fact]
    public void Without_commits_a_primary_takes_so_many_groups_and_no_more()
    {
        var node = MemberNode.Primary(1);
        for (var i = 0; i < 4200; i++)
        {
            node.Store.Submit(LogStore.SetOf("k", "v"));
            node.Run();
        }

        Assert.Equal(4097UL, node.Log.Last.Sequence);
        node.Commit(2);
        Assert.InRange(node.Log.Last.Sequence, 4098UL, 4201UL);
        node.CommitAll();
        node.CommitAll();
        Assert.Equal((4201UL, 4201UL), (node.Log.Last.Sequence, node.Log.Applied));
        node.Close();
    }

    [Fact]
    public void Moves_of_a_compaction_that_are_dropped_are_made_again()
    {
        var node = MemberNode.Primary(1, options: new LogEngineOptions { HistoryBytes = 0, CompactionDeadShare = 0.2 });
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 12; i++)
            {
                // Every other key stays where it was, so that compaction has something to move.
                node.Store.Submit(LogStore.SetOf("k" + (round == 0 ? i : i & ~1), round + new string('v', 200_000)));
                node.CommitAll();
            }
        }

        var expected = node.Store.Content();
        node.Store.Submit(LogStore.SetOf("pending", "1"));
        node.Run();
        var compaction = node.Store.Engine.CompactAsync(default);
        node.Run(); // the moves are applied in groups that wait behind the pending write
        Assert.False(compaction.IsCompleted);
        node.Follow();
        node.Store.Machine.Loops.RunUntilCompleted(compaction);
        node.Store.Advance(TimeSpan.FromSeconds(1)); // the old files go
        Assert.Equal(expected, node.Store.Content());
        node = node.Reopen();
        Assert.Equal(expected, node.Store.Content());
        node.Close();
    }
}

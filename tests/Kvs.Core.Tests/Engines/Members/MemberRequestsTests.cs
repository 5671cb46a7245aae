using Kvs.Core.Engines;
using Kvs.Core.Engines.Members;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Copies;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Tests.Engines.Log;
using Xunit;

namespace Kvs.Core.Tests.Engines.Members;

/// <summary>A write that is repeated under its number, while members lead, follow and step down.</summary>
public sealed class MemberRequestsTests
{
    private readonly NumberedClient _client = new(7);

    [Fact]
    public void A_repetition_waits_until_the_first_execution_is_committed()
    {
        var node = MemberNode.Primary(1);
        var first = node.Store.SubmitBurst(_client.New(NumberedClient.Increment("n")));
        node.Run();
        var again = node.Store.SubmitBurst(_client.Again(1, NumberedClient.Increment("n")));
        node.Run();
        Assert.Equal((false, false), (first.IsDone, again.IsDone));
        node.CommitAll();
        Assert.Equal((true, first.Request.Version, 1L), (again.Request.IsRepeated, again.Request.Version, again.Request.Results[0].Number));
        Assert.Equal("1", node.Store.Get("n"));
        node.Close();
    }

    [Fact]
    public void A_new_primary_knows_what_it_has_followed_and_what_was_in_its_log_uncommitted()
    {
        var (old, next) = (MemberNode.Primary(1), new MemberNode(2, "b"));
        Submit(old, _client.New(NumberedClient.Increment("n")));
        old.CommitAll();
        next.TakeFrom(old);
        next.Commit(old.Log.Last.Sequence);
        var pending = Submit(old, _client.New(NumberedClient.Increment("n")));
        next.TakeFrom(old);
        next.Lead(2);
        next.CommitAll();
        var applied = Submit(next, _client.Again(1, NumberedClient.Increment("n")));
        var unanswered = Submit(next, _client.Again(2, NumberedClient.Increment("n")));
        next.CommitAll();
        Assert.Equal((1L, 2L), (applied.Request.Results[0].Number, unanswered.Request.Results[0].Number));
        Assert.Equal((new KvsVersion(1, 3), true), (unanswered.Request.Version, unanswered.Request.IsRepeated));
        Assert.Equal("2", next.Store.Get("n"));

        // The old one learns of it: what it had applied is committed after all.
        old.Follow();
        Assert.Equal((ErrorCode.NotPrimary, WriteOutcome.Unknown), (pending.Request.Code, pending.Request.Outcome));
        old.TakeFrom(next);
        old.Commit(next.Log.Last.Sequence);
        old.Lead(3);
        old.CommitAll();
        Assert.True(Committed(old, _client.Again(2, NumberedClient.Increment("n"))).IsRepeated);
        Assert.Equal("2", old.Store.Get("n"));
        next.Close();
        old.Close();
    }

    [Fact]
    public void What_is_dropped_by_stepping_down_and_truncated_is_executed_when_it_is_repeated()
    {
        var (old, next) = (MemberNode.Primary(1), new MemberNode(2, "b"));
        next.TakeFrom(old);
        next.Commit(old.Log.Last.Sequence);
        var dropped = Submit(old, _client.New(NumberedClient.Increment("n")));
        old.Follow();
        Assert.Equal(WriteOutcome.Unknown, dropped.Request.Outcome);
        Assert.Equal(1, old.Store.Engine.Stats().RequestClients); // what it said stays; what it did does not
        next.Lead(2);
        next.CommitAll();
        var again = Committed(next, _client.Again(1, NumberedClient.Increment("n")));
        Assert.Equal((false, new KvsVersion(2, 3), 1L), (again.IsRepeated, again.Version, again.Results[0].Number));

        old.Log.Truncate(new KvsVersion(1, 1));
        old.Run();
        old.TakeFrom(next);
        old.Commit(next.Log.Last.Sequence);
        old.Lead(3);
        old.CommitAll();
        var third = Committed(old, _client.Again(1, NumberedClient.Increment("n")));
        Assert.Equal((true, new KvsVersion(2, 3)), (third.IsRepeated, third.Version));
        Assert.Equal(("1", "1"), (old.Store.Get("n"), next.Store.Get("n")));
        next.Close();
        old.Close();
    }

    [Fact]
    public void What_was_truncated_is_not_remembered_by_who_had_executed_it()
    {
        var node = MemberNode.Primary(1);
        var dropped = Submit(node, _client.New(NumberedClient.Increment("n")));
        node.Follow();
        Assert.Equal((WriteOutcome.Unknown, null), (dropped.Request.Outcome, node.Store.Get("n")));
        node.Log.Truncate(new KvsVersion(1, 1));
        node.Run();
        node.Lead(2);
        node.CommitAll();
        var again = Committed(node, _client.Again(1, NumberedClient.Increment("n")));
        Assert.Equal((false, new KvsVersion(2, 3), "1"), (again.IsRepeated, again.Version, node.Store.Get("n")));
        node.Close();
    }

    [Fact]
    public void A_repetition_that_is_refused_with_its_first_execution_is_unknown()
    {
        var node = MemberNode.Primary(1);
        Submit(node, _client.New(NumberedClient.Increment("n")));
        var again = Submit(node, _client.Again(1, NumberedClient.Increment("n")));
        var twin = Submit(node, _client.Again(1, attempt: 1, default, NumberedClient.Increment("n")));
        node.Follow();
        Assert.Equal((ErrorCode.NotPrimary, WriteOutcome.Unknown), (twin.Request.Code, twin.Request.Outcome));
        Assert.Equal((ErrorCode.NotPrimary, WriteOutcome.Unknown), (again.Request.Code, again.Request.Outcome));
        var third = Submit(node, _client.Again(1, attempt: 3, TimeSpan.FromSeconds(2), NumberedClient.Increment("n")));
        Assert.Equal((ErrorCode.NotPrimary, WriteOutcome.Unknown), (third.Request.Code, third.Request.Outcome));
        var fresh = Submit(node, _client.New(NumberedClient.Increment("n")));
        Assert.Equal((ErrorCode.NotPrimary, WriteOutcome.NotApplied), (fresh.Request.Code, fresh.Request.Outcome));
        node.Close();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_follower_keeps_it_over_sealing_compaction_and_restarts(bool isKilled)
    {
        var options = new LogEngineOptions { HistoryBytes = 0 };
        var (primary, follower) = (MemberNode.Primary(1, options: options), new MemberNode(2, "b", options));
        var first = Committed(primary, _client.New(NumberedClient.Increment("n")));
        for (var i = 0; i < 12; i++)
        {
            primary.Store.Submit(LogStore.SetOf("filler", new string((char)('a' + i), 300_000)));
            primary.CommitAll();
            follower.TakeFrom(primary);
            follower.Commit(primary.Log.Last.Sequence);
        }

        follower.Store.Machine.Loops.RunUntilCompleted(follower.Store.Engine.CompactAsync(default));
        follower.Store.Advance(TimeSpan.FromSeconds(1));
        Assert.True(follower.Log.FirstStreamable > first.Version.Sequence);
        follower = isKilled ? follower.ReopenKilled() : follower.Reopen();
        follower.Lead(2);
        follower.CommitAll();
        Assert.Equal(first.Version, Committed(follower, _client.Again(1, NumberedClient.Increment("n"))).Version);
        Assert.Equal("1", follower.Store.Get("n"));
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void A_base_copy_carries_it()
    {
        var options = new LogEngineOptions { HistoryBytes = 0 };
        var primary = MemberNode.Primary(1, options: options);
        var first = Committed(primary, _client.New(NumberedClient.Increment("n")));
        Fill(primary, 12);
        primary.Store.Machine.Loops.RunUntilCompleted(primary.Store.Engine.CompactAsync(default));
        primary.Store.Advance(TimeSpan.FromSeconds(1));
        var follower = new MemberNode(2, "b", options);
        using (var copy = primary.Log.OpenBaseCopy())
        {
            var requests = Assert.Single(copy.Files, file => file.Kind == CopiedFileKind.Requests);
            Fill(primary, 8); // its file is replaced meanwhile
            Assert.NotEqual(requests.Id, ManifestStore.Open(primary.Store.Device, "/store").Current.Requests!.Id);
            follower = BaseCopyTests.SwapIn(follower, copy);
            follower.TakeFrom(primary);
        }

        follower.Lead(2);
        follower.CommitAll();
        Assert.Equal(first.Version, Committed(follower, _client.Again(1, NumberedClient.Increment("n"))).Version);
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void A_damaged_request_file_in_a_base_copy_is_refused_and_nothing_of_it_is_left()
    {
        var primary = MemberNode.Primary(1);
        Committed(primary, _client.New(NumberedClient.Increment("n")));
        Fill(primary, 8);
        var follower = new MemberNode(2, "b");
        var before = follower.Store.Device.ListFiles("/store");
        using (var copy = primary.Log.OpenBaseCopy())
        {
            using var receiver = follower.Log.ReceiveBaseCopy(copy.Manifest.Span);
            foreach (var file in copy.Files)
            {
                var bytes = new byte[file.End];
                Assert.Equal(bytes.Length, copy.Read(file.Id, 0, bytes));
                bytes[^9] ^= (byte)(file.Kind == CopiedFileKind.Requests ? 1 : 0);
                receiver.Write(file.Id, receiver.Received(file.Id), bytes.AsSpan(0, 10));
                receiver.Write(file.Id, receiver.Received(file.Id), bytes.AsSpan(10));
            }

            Assert.Throws<KvsCorruptionException>(() => receiver.Complete());
        }

        Assert.Equal(before, follower.Store.Device.ListFiles("/store"));
        follower.Close();
        primary.Close();
    }

    private static LogStore.Submitted Submit(MemberNode node, WriteRequest request)
    {
        var submitted = node.Store.SubmitBurst(request);
        node.Run();
        return submitted;
    }

    private static WriteRequest Committed(MemberNode node, WriteRequest request)
    {
        var submitted = Submit(node, request);
        node.CommitAll();
        Assert.Equal((true, ErrorCode.None), (submitted.IsDone, request.Code));
        return request;
    }

    private static void Fill(MemberNode node, int writes)
    {
        for (var i = 0; i < writes; i++)
        {
            node.Store.Submit(LogStore.SetOf("filler", new string((char)('a' + i), 300_000)));
            node.CommitAll();
        }
    }
}

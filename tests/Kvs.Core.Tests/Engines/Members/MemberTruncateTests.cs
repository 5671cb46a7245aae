using Kvs.Core.Engines.Members;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Tests.Engines.Log;
using Xunit;

namespace Kvs.Core.Tests.Engines.Members;

/// <summary>Taking back what is not committed: what goes never comes back, what stays stays.</summary>
public sealed class MemberTruncateTests
{
    [Fact]
    public void What_was_truncated_is_gone_for_good_and_the_log_goes_on_there()
    {
        var node = PrimaryThatFollows(5);
        var kept = node.Frames(through: 3);
        Truncate(node, new KvsVersion(1, 3));
        Assert.Equal(new KvsVersion(1, 3), node.LastTold(MemberEventKind.Truncated).Version);
        Assert.Equal((new KvsVersion(1, 3), new KvsVersion(1, 3)), (node.Log.Last, node.Log.Durable));
        Assert.Equal(kept, node.Frames());

        var killed = node.ReopenKilled();
        Assert.Equal(kept, killed.Frames());
        killed.Close();

        var other = MemberNode.FrameOf(2, 4, node.Log.LogTimeMillis, "other", "1", begins: true);
        node.Log.AppendFrames(other);
        node.Commit(4);
        Assert.Equal(["k0", "k1", "other"], node.Store.Content().Keys);
        Assert.Equal<EpochEntry>([new EpochEntry(1, 1), new EpochEntry(2, 4)], node.Log.Epochs);
        node = node.ReopenAfterPowerCut();
        Assert.Equal((byte[])[.. kept, .. other], node.Frames());
        Assert.Equal<EpochEntry>([new EpochEntry(1, 1), new EpochEntry(2, 4)], node.Log.Epochs);
        node.Close();
    }

    [Fact]
    public void A_clean_close_right_after_a_truncation_does_not_write_on_over_what_was_cut()
    {
        var node = PrimaryThatFollows(5);
        Truncate(node, new KvsVersion(1, 3));
        var kept = node.Frames();
        node = node.Reopen();
        Assert.Equal(kept, node.Frames());
        var other = MemberNode.FrameOf(2, 4, node.Log.LogTimeMillis, "other", "1", begins: true);
        node.Log.AppendFrames(other);
        node.Run();
        node = node.ReopenKilled();
        Assert.Equal((byte[])[.. kept, .. other], node.Frames());
        node.Close();
    }

    [Fact]
    public void A_truncation_over_several_segments_drops_their_files()
    {
        var node = PrimaryThatFollows(30, bytes: 200_000);
        var files = LogFiles(node).Count;
        Truncate(node, new KvsVersion(1, 7));
        node.Store.Advance(TimeSpan.FromSeconds(1));
        Assert.InRange(LogFiles(node).Count, 2, files - 3);
        var kept = node.Frames();
        node.Commit(7);
        node.Store.Advance(TimeSpan.FromSeconds(1));
        var manifest = ManifestStore.Open(node.Store.Device, "/store").Current;
        Assert.Equal(7UL, manifest.SealedThrough.Sequence); // the cut segment too is sealed when it is committed
        node = node.ReopenKilled();
        Assert.Equal((7UL, 7UL), (node.Log.Last.Sequence, node.Log.Applied));
        Assert.Equal(kept, node.Frames());
        Assert.Equal(6, node.Store.Content().Count);
        node.Close();
    }

    [Fact]
    public void The_whole_log_can_go_while_nothing_is_committed()
    {
        var node = new MemberNode(1);
        node.Lead(1);
        node.Follow();
        Truncate(node, default);
        Assert.Equal(default, node.Log.Last);
        Assert.Empty(node.Log.Epochs);
        node = node.ReopenKilled();
        Assert.Equal(default, node.Log.Last);
        node.Lead(2);
        node.CommitAll();
        Assert.Equal(new KvsVersion(2, 1), node.Log.Last);
        node.Close();
    }

    [Fact]
    public void What_is_committed_is_never_truncated()
    {
        var node = PrimaryThatFollows(5, commits: 3);
        Truncate(node, new KvsVersion(1, 2));
        Assert.True(node.WasRefused(MemberOrder.Truncate));
        Assert.Contains("diverged", node.LastTold(MemberEventKind.Refused).Text, StringComparison.Ordinal);

        node.Log.Commit(4); // known to be, although not shown yet
        Truncate(node, new KvsVersion(1, 3));
        Assert.True(node.WasRefused(MemberOrder.Truncate));
        Assert.Equal(6UL, node.Log.Last.Sequence);
        node.Close();
    }

    [Theory]
    [InlineData(1UL, 9UL)] // behind the end
    [InlineData(2UL, 4UL)] // of another epoch
    [InlineData(1UL, 6UL)] // in the middle of a frame
    public void A_version_that_is_no_end_of_a_frame_of_this_log_is_refused(ulong epoch, ulong sequence)
    {
        var node = MemberNode.Primary(1);
        node.Store.SubmitBurst([.. Enumerable.Range(0, 6).Select(i =>
            LogStore.Request(Durability.Default, LogStore.SetOf("k" + i, "v")))]);
        node.Run();
        node.Follow();
        Assert.Equal([1UL, 7UL], node.Ends().Select(end => end.Sequence));
        var before = node.Frames();
        Truncate(node, new KvsVersion(epoch, sequence));
        Assert.True(node.WasRefused(MemberOrder.Truncate));
        Assert.Equal(before, node.Frames());
        node.Close();
    }

    [Fact]
    public void The_end_itself_is_truncated_to_at_once_and_durably()
    {
        var node = PrimaryThatFollows(3);
        Truncate(node, node.Log.Last);
        Assert.Equal(node.Log.Last, node.LastTold(MemberEventKind.Truncated).Version);
        node.Close();
    }

    [Fact]
    public void A_cursor_beyond_the_cut_is_void_and_one_before_it_goes_on_in_the_new_log()
    {
        var node = PrimaryThatFollows(5);
        var woken = 0;
        var before = node.Log.OpenCursor(1, () => { });
        var beyond = node.Log.OpenCursor(5, () => woken++);
        var atCut = node.Log.OpenCursor(3, () => { });
        Assert.Equal(LogMove.Frame, before.Move());
        Assert.Equal((LogMove.Frame, LogMove.AtEnd), (beyond.Move(), beyond.Move()));
        Truncate(node, new KvsVersion(1, 3));
        Assert.Equal(1, woken);
        node.Log.AppendFrames((byte[])[
            .. MemberNode.FrameOf(2, 4, node.Log.LogTimeMillis, "x", "1", begins: true),
            .. MemberNode.FrameOf(2, 5, node.Log.LogTimeMillis, "y", "1"),
            .. MemberNode.FrameOf(2, 6, node.Log.LogTimeMillis, "y", "1"),
            .. MemberNode.FrameOf(2, 7, node.Log.LogTimeMillis, "z", "1")]);
        node.Run();

        Assert.Equal(LogMove.Gone, beyond.Move());
        Assert.Equal(LogMove.Frame, atCut.Move());
        Assert.Equal((2UL, 4UL), (atCut.Frame.Epoch, atCut.Frame.FirstSequence));
        Assert.Equal(LogMove.Frame, before.Move());
        Assert.Equal((1UL, 3UL), (before.Frame.Epoch, before.Frame.FirstSequence));
        Assert.Equal(LogMove.Frame, before.Move());
        Assert.Equal((2UL, 4UL), (before.Frame.Epoch, before.Frame.FirstSequence));
        before.Dispose();
        beyond.Dispose();
        atCut.Dispose();
        node.Close();
    }

    /// <summary>A member with writes of an epoch that it led: the first batch is the epoch's, then one for each write.</summary>
    private static MemberNode PrimaryThatFollows(int writes, int bytes = 1, ulong commits = 1)
    {
        var node = MemberNode.Primary(1);
        for (var i = 0; i < writes; i++)
        {
            node.Store.Submit(LogStore.SetOf("k" + i, new string('v', bytes)));
            node.Run();
        }

        node.Commit(commits);
        node.Follow();
        return node;
    }

    private static void Truncate(MemberNode node, KvsVersion to)
    {
        node.Log.Truncate(to);
        node.Run();
    }

    private static List<string> LogFiles(MemberNode node) =>
        [.. node.Store.Device.ListFiles("/store").Where(name => name.EndsWith(".log", StringComparison.Ordinal))];
}

using Kvs.Core.Engines;
using Kvs.Core.Engines.Members;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Tests.Engines.Log;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Members;

/// <summary>A member that takes frames of a primary and shows what is committed.</summary>
public sealed class MemberFollowTests
{
    [Fact]
    public void A_new_member_has_an_empty_log_and_begins_no_epoch()
    {
        var node = new MemberNode(1);
        Assert.Equal((default, default, 0UL, 1UL), (node.Log.Last, node.Log.Durable, node.Log.Applied, node.Log.FirstStreamable));
        Assert.Empty(node.Log.Epochs);
        node = node.Reopen();
        Assert.Equal(default, node.Log.Last);
        Assert.NotEqual(default, node.Log.Incarnation);
        node.Close();
    }

    [Fact]
    public void Frames_are_taken_word_by_word_and_shown_when_they_are_committed()
    {
        var primary = MemberNode.Primary(1);
        primary.Store.Submit(LogStore.SetOf("a", "1"));
        primary.Run();
        primary.Store.Submit(LogStore.SetOf("b", "2"), LogStore.Of(OperationKind.Remove, "a"));
        primary.Run();

        var follower = new MemberNode(2, "b");
        follower.TakeFrom(primary);
        Assert.Equal(primary.Frames(), follower.Frames());
        Assert.Equal(primary.Log.Last, follower.Log.Durable);
        Assert.Equal<EpochEntry>(primary.Log.Epochs, follower.Log.Epochs);
        Assert.Equal(
            [MemberEventKind.Appended, MemberEventKind.Durable], follower.Told.Select(e => e.Kind));
        Assert.Equal(0UL, follower.Log.Applied);
        Assert.Empty(follower.Store.Content());

        follower.Commit(2);
        Assert.Equal(("1", null), (follower.Store.Get("a"), follower.Store.Get("b")));
        Assert.Equal(2UL, follower.LastTold(MemberEventKind.Applied).Version.Sequence);
        follower.Commit(100); // it may know of more than it has
        Assert.Equal((null, "2"), (follower.Store.Get("a"), follower.Store.Get("b")));
        Assert.Equal(3UL, follower.Log.Applied);
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void What_is_committed_and_not_synced_here_is_not_shown()
    {
        var primary = MemberNode.Primary(1);
        primary.Store.Submit(LogStore.SetOf("a", "1"));
        primary.Run();
        var follower = new MemberNode(2, "b");
        follower.Log.Commit(2);
        follower.Log.AppendFrames(primary.Frames());
        while (!follower.Told.Exists(e => e.Kind == MemberEventKind.Appended))
        {
            follower.Store.Machine.Loops.RunSteps(1);
        }

        follower.Store.Device.Fail(CallKinds.Sync, FaultKind.DeviceError, 1, where: path => path.EndsWith(".log", StringComparison.Ordinal));
        follower.Run();
        Assert.Null(follower.Store.Get("a"));
        Assert.Equal(MemberEventKind.Failed, follower.Told[^1].Kind);
        follower.Store.Device.ClearFaults();
        follower.Close();
        primary.Close();
    }

    [Theory]
    [InlineData(1UL, 3UL, "the next but one")]
    [InlineData(1UL, 1UL, "one that is there")]
    [InlineData(2UL, 2UL, "a later epoch that does not begin")]
    [InlineData(0UL, 2UL, "an earlier epoch")]
    public void A_frame_that_does_not_continue_the_log_is_refused_and_those_before_it_stay(ulong epoch, ulong sequence, string what)
    {
        Assert.NotEmpty(what);
        var node = new MemberNode(1);
        var first = MemberNode.FrameOf(1, 1, 1000, "a", "1", begins: true);
        node.Log.AppendFrames((byte[])[.. first, .. MemberNode.FrameOf(epoch, sequence, 1001, "b", "2")]);
        node.Run();
        Assert.True(node.WasRefused(MemberOrder.AppendFrames));
        Assert.Equal(first, node.Frames());
        node.Log.AppendFrames(MemberNode.FrameOf(1, 2, 1000, "c", "3"));
        node.Run();
        Assert.Equal(new KvsVersion(1, 2), node.LastTold(MemberEventKind.Appended).Version);
        node.Close();
    }

    [Fact]
    public void A_damaged_frame_is_refused()
    {
        var node = new MemberNode(1);
        var frame = MemberNode.FrameOf(1, 1, 1000, "a", "1", begins: true);
        frame[^9] ^= 1;
        node.Log.AppendFrames(frame);
        node.Run();
        Assert.True(node.WasRefused(MemberOrder.AppendFrames));
        Assert.Equal(default, node.Log.Last);
        node.Close();
    }

    [Fact]
    public void Writes_are_refused_with_the_primarys_address_and_reads_are_answered()
    {
        var primary = MemberNode.Primary(1);
        primary.Store.Submit(LogStore.SetOf("a", "1"));
        var follower = new MemberNode(2, "b");
        primary.Run();
        follower.TakeFrom(primary);
        follower.Commit(primary.Log.Last.Sequence);
        follower.Log.Follow("node a leads", "10.0.0.1:4000");

        var burst = follower.Store.SubmitBurst(
            LogStore.Request(Durability.Default, LogStore.Of(OperationKind.Get, "a")),
            LogStore.Request(Durability.Default, LogStore.SetOf("a", "2")));
        follower.Run();
        Assert.True(burst.IsDone);
        Assert.Equal("1", burst.ValueOf(0));
        var refused = burst.Item.Requests[1];
        Assert.Equal((ErrorCode.NotPrimary, WriteOutcome.NotApplied, "10.0.0.1:4000"), (refused.Code, refused.Outcome, refused.PrimaryAddress));
        Assert.Contains("10.0.0.1:4000", refused.Message, StringComparison.Ordinal);
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void Time_and_expiry_come_with_the_frames()
    {
        var primary = MemberNode.Primary(1);
        primary.Store.Submit(LogStore.SetOf("a", "1", ttlMillis: 500));
        primary.CommitAll();
        var follower = new MemberNode(2, "b", clockAhead: TimeSpan.FromDays(1));
        follower.TakeFrom(primary);
        follower.Commit(primary.Log.Last.Sequence);
        follower.Store.Advance(TimeSpan.FromHours(1));
        Assert.Equal("1", follower.Store.Get("a"));
        Assert.Equal(primary.Log.LogTimeMillis, follower.Log.LogTimeMillis);

        primary.Store.Advance(TimeSpan.FromSeconds(1));
        primary.CommitAll();
        Assert.Null(primary.Store.Get("a"));
        follower.TakeFrom(primary);
        Assert.Equal("1", follower.Store.Get("a"));
        follower.Commit(primary.Log.Last.Sequence);
        Assert.Null(follower.Store.Get("a"));
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void An_opening_shows_what_is_known_to_be_committed_and_keeps_all_that_is_in_the_log()
    {
        var primary = MemberNode.Primary(1);
        var follower = new MemberNode(2, "b");
        foreach (var key in (string[])["a", "b", "c"])
        {
            primary.Store.Submit(LogStore.SetOf(key, "1"));
            primary.Run();
        }

        follower.TakeFrom(primary);
        follower.Commit(3);
        follower = follower.Reopen(); // a clean close notes what was shown
        Assert.Equal((primary.Log.Last, primary.Log.Last, 3UL), (follower.Log.Last, follower.Log.Durable, follower.Log.Applied));
        Assert.Equal(["a", "b"], follower.Store.Content().Keys);

        follower.Commit(4);
        follower = follower.ReopenKilled(); // the frames know of 1, the manifest of 3
        Assert.Equal((primary.Log.Last, 3UL), (follower.Log.Last, follower.Log.Applied));
        Assert.Equal(primary.Frames(), follower.Frames());
        follower.Commit(4);
        Assert.Equal(["a", "b", "c"], follower.Store.Content().Keys);
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void The_header_of_a_later_frame_says_what_was_committed_before()
    {
        var primary = MemberNode.Primary(1);
        primary.Store.Submit(LogStore.SetOf("a", "1"));
        primary.CommitAll();
        primary.Store.Submit(LogStore.SetOf("b", "1"));
        primary.Run();
        var follower = new MemberNode(2, "b");
        follower.TakeFrom(primary);
        Assert.Equal(0UL, follower.Log.Applied);
        follower = follower.ReopenAfterPowerCut();
        Assert.Equal(2UL, follower.Log.Applied);
        Assert.Equal(["a"], follower.Store.Content().Keys);
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void A_file_is_sealed_when_all_in_it_is_committed_and_not_before()
    {
        var primary = MemberNode.Primary(1);
        for (var i = 0; i < 20; i++)
        {
            primary.Store.Submit(LogStore.SetOf("k" + i, new string('v', 200_000)));
            primary.CommitAll();
        }

        var follower = new MemberNode(2, "b");
        follower.TakeFrom(primary);
        follower.Store.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(primary.Frames(), follower.Frames());
        Assert.DoesNotContain(Manifest(follower).Files, file => file.State == FileState.Sealed);

        follower.Commit(12);
        var manifest = Manifest(follower);
        Assert.Contains(manifest.Files, file => file.State == FileState.Sealed);
        Assert.All(manifest.Files, file => Assert.True(file.LastSequence <= 12));
        Assert.Equal<EpochEntry>(primary.Log.Epochs, manifest.Epochs);

        follower = follower.ReopenKilled();
        Assert.Equal(primary.Log.Last, follower.Log.Last);
        Assert.InRange(follower.Log.Applied, manifest.SealedThrough.Sequence, primary.Log.Last.Sequence);
        follower.Commit(100);
        Assert.Equal(primary.Store.Content(), follower.Store.Content());
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void A_follower_on_a_full_disk_waits_and_goes_on_when_there_is_room()
    {
        var primary = MemberNode.Primary(1);
        for (var i = 0; i < 30; i++)
        {
            primary.Store.Submit(LogStore.SetOf("k" + i, new string('v', 200_000)));
            primary.CommitAll();
        }

        var follower = new MemberNode(2, "b");
        follower.Store.Device.CapacityBytes = follower.Store.Device.UsedBytes + 1_000_000;
        follower.Log.AppendFrames(primary.Frames());
        follower.Store.Advance(TimeSpan.FromSeconds(5));
        Assert.True(follower.Log.Last < primary.Log.Last);
        Assert.DoesNotContain(follower.Told, e => e.Kind is MemberEventKind.Failed or MemberEventKind.Refused);
        follower.Store.Device.CapacityBytes = long.MaxValue;
        follower.Store.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(primary.Log.Last, follower.Log.Durable);
        Assert.Equal(primary.Frames(), follower.Frames());
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void A_members_directory_opens_neither_alone_nor_for_another_cluster()
    {
        var node = new MemberNode(1);
        node.Close();
        var alone = Assert.Throws<KvsConfigurationException>(() => new LogStore(2, device: node.Store.Device));
        Assert.Contains("node 'a'", alone.Message, StringComparison.Ordinal);
        Assert.Throws<KvsConfigurationException>(() => new MemberNode(2, "b", device: node.Store.Device));
        new MemberNode(3, device: node.Store.Device).Close();
    }

    [Fact]
    public void A_store_that_becomes_a_member_has_committed_all_it_holds()
    {
        var store = new LogStore(1);
        store.Set("a", "1");
        var last = store.Engine.Stats().Version;
        store.Close();
        var node = new MemberNode(2, device: store.Device);
        Assert.Equal((last, last.Sequence), (node.Log.Last, node.Log.Applied));
        Assert.Equal("1", node.Store.Get("a"));
        node.Close();
    }

    private static Manifest Manifest(MemberNode node) => ManifestStore.Open(node.Store.Device, "/store").Current;
}

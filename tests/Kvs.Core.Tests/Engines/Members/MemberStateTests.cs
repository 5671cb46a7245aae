using Kvs.Core.Engines;
using Kvs.Core.Engines.Members;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Tests.Engines.Log;
using Xunit;

namespace Kvs.Core.Tests.Engines.Members;

/// <summary>The state of a member at exactly one sequence, which others are compared with.</summary>
public sealed class MemberStateTests
{
    private const int Parts = 1024;

    [Fact]
    public void A_follower_that_applies_many_frames_at_once_shows_the_marked_state_by_itself()
    {
        var primary = MemberNode.Primary(1);
        Write(primary, 0, 10);
        var (at, expected) = (primary.Log.Last.Sequence, DigestNow(primary));
        Write(primary, 5, 20);

        var follower = new MemberNode(2, "b");
        follower.TakeFrom(primary);
        MarkedState? state = null;
        follower.Log.MarkState(at, reached => state = reached);
        follower.CommitAll();

        Assert.Equal(at, state!.Sequence);
        Assert.True(expected.IsSame(state.Digest(Parts)));
        state.Dispose();
        Assert.True(DigestNow(primary).IsSame(DigestNow(follower)));
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void A_primary_shows_the_marked_state_when_it_is_committed_and_not_before()
    {
        var primary = MemberNode.Primary(1);
        primary.Store.Submit(LogStore.SetOf("a", "1"));
        primary.Run();
        var at = primary.Log.Last.Sequence;
        MarkedState? state = null;
        primary.Log.MarkState(at, reached => state = reached);
        primary.Store.Submit(LogStore.SetOf("b", "2"));
        primary.Run();
        Assert.Null(state);

        primary.CommitAll();
        Assert.Equal((at, 1UL), (state!.Sequence, state.Digest(Parts).Keys));
        state.Dispose();
        primary.Close();
    }

    [Fact]
    public void Removals_expiries_and_reopenings_leave_nothing_that_differs()
    {
        var primary = MemberNode.Primary(1);
        Write(primary, 0, 10);
        primary.Store.Submit(LogStore.Of(OperationKind.Remove, "k3"), LogStore.SetOf("short", "v", ttlMillis: 1000));
        primary.Store.Submit(LogStore.SetOf("long", "v", ttlMillis: 1_000_000));
        primary.CommitAll();
        var follower = new MemberNode(2, "b");
        follower.TakeFrom(primary);
        follower.CommitAll();
        Assert.True(DigestNow(primary).IsSame(DigestNow(follower)));

        primary.Store.Advance(TimeSpan.FromSeconds(2));
        primary.CommitAll();
        follower.TakeFrom(primary);
        follower.CommitAll();
        var digest = DigestNow(primary);
        Assert.Equal(10UL, digest.Keys);
        Assert.True(digest.IsSame(DigestNow(follower)));
        follower = follower.Reopen();
        Assert.True(digest.IsSame(DigestNow(follower)));
        follower.Close();
        primary.Close();
    }

    [Fact]
    public void One_write_that_differs_is_seen_in_its_part_alone()
    {
        var (one, other) = (new MemberNode(1), new MemberNode(2, "b"));
        one.Log.AppendFrames(Frames(valueOf: "v", key: "k"));
        other.Log.AppendFrames(Frames(valueOf: "v", key: "x"));
        one.CommitAll();
        other.CommitAll();
        var (left, right) = (DigestNow(one), DigestNow(other));
        Assert.False(left.IsSame(right));
        Assert.Equal(2, left.DifferingParts(right));
        Assert.Equal(0, left.DifferingParts(left));
        one.Close();
        other.Close();

        static byte[] Frames(string valueOf, string key) =>
        [
            .. MemberNode.FrameOf(1, 1, 1000, "first", "v", begins: true),
            .. MemberNode.FrameOf(1, 2, 1001, key, valueOf),
        ];
    }

    // A mark that no frame ends at is of a history that was dropped: it must hold nothing up.
    [Fact]
    public void A_mark_that_was_passed_or_lies_within_a_frame_comes_to_nothing()
    {
        var primary = MemberNode.Primary(1);
        Write(primary, 0, 3);
        primary.Store.Submit(LogStore.SetOf("p", "1"));
        primary.Store.Submit(LogStore.SetOf("q", "1"));
        primary.CommitAll();
        var last = primary.Log.Last.Sequence;
        var reached = new List<ulong>();
        primary.Log.MarkState(last - 3, state => reached.Add(state.Sequence));
        primary.Run();

        var follower = new MemberNode(2, "b");
        follower.TakeFrom(primary);
        follower.Log.MarkState(last - 1, state => reached.Add(state.Sequence));
        follower.CommitAll();
        Assert.Empty(reached);
        Assert.Equal(last, follower.Log.Applied);
        follower.Close();
        primary.Close();
    }

    private static void Write(MemberNode node, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            node.Store.Submit(LogStore.SetOf("k" + i, "v" + i));
            node.Run();
        }

        node.CommitAll();
    }

    private static StateDigest DigestNow(MemberNode node)
    {
        StateDigest? digest = null;
        node.Log.MarkState(node.Log.Applied, state =>
        {
            digest = state.Digest(Parts);
            state.Dispose();
        });
        node.Run();
        return digest!;
    }
}

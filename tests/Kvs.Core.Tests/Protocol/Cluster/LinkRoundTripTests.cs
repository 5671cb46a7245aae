using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Cluster;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Copies;
using Kvs.Core.Protocol.Cluster.Messages.Digests;
using Kvs.Core.Storage.Groups;
using Xunit;

namespace Kvs.Core.Tests.Protocol.Cluster;

/// <summary>What a node sends is what the other one reads.</summary>
public sealed class LinkRoundTripTests
{
    public static TheoryData<string> Names => [.. LinkExamples.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_message_comes_out_as_it_went_in(string name) => AssertSame(LinkExamples.All[name]);

    [Fact]
    public void Empty_texts_lists_and_numbers_and_the_largest_ones_come_out_as_they_went_in()
    {
        const ulong Max = ulong.MaxValue;
        var longest = new string('n', LinkLayout.NameBytesMax);
        var report = new LogReport { NodeId = "", StoreId = 0 };
        AssertSame(new LogState(0, report));
        AssertSame(new LogState(Max, new LogReport
        {
            NodeId = longest,
            StoreId = UInt128.MaxValue,
            Incarnation = UInt128.MaxValue,
            PromisedEpoch = Max,
            Candidate = longest,
            List = ListState.Other,
            Last = new KvsVersion(Max, Max),
            Commit = Max,
            TailCut = true,
            HearsPrimary = true,
        }));
        AssertSame(new LogStateRequest(0, 0, "", "", []));
        AssertSame(new LogStateRequest(0, 0, longest, longest, [.. Enumerable.Repeat(longest, 255)]));
        AssertSame(new Seal(1, "\u00FCber:1", UInt128.MaxValue, []));
        AssertSame(new Beacon(Max, Max, Max, long.MinValue, false, long.MinValue, long.MinValue));
        AssertSame(new BeaconAck(0, 0, 0, long.MaxValue, uint.MaxValue, NodeHealth.None));
        AssertSame(new ReplicaHello(0, 0, "", 0, default, 0, [], 0));
        AssertSame(new ReplicaHello(
            0, 0, "", 0, default, 0, [.. Enumerable.Repeat(new EpochSpan(Max, 1, Max), ReplicaHello.EpochTailMax)], uint.MaxValue));
        AssertSame(new ReplicaHelloAck(0, CatchUpVerdict.Refuse, default, Max, false, new string('r', LinkLayout.TextBytesMax)));
        AssertSame(new Append(1, default, new KvsVersion(1, 1), new KvsVersion(1, Max), Max, new byte[] { 1 }));
        AssertSame(new BaseCopyOffer(0, 0, default, []));
        AssertSame(new BaseCopyOffer(
            0, UInt128.MaxValue, default, [.. Enumerable.Repeat(new BaseCopyFile(Max, 255, Max, uint.MaxValue), 5000)]));
        AssertSame(new BaseCopyChunk(0, 0, 0, 0, 0, default));
        AssertSame(new Digest(Max, Max, Digest.PartsMax));
        AssertSame(new DigestAnswer(Max, Max, Max, [.. Enumerable.Repeat(Max, Digest.PartsMax)]));
        AssertSame(new Goodbye(0, (GoodbyeReason)200, 0)); // a reason of a later version is still a goodbye
    }

    [Fact]
    public void A_text_for_people_is_cut_where_it_is_too_long()
    {
        var sent = new ReplicaHelloAck(1, CatchUpVerdict.Refuse, default, 0, false, new string('r', LinkLayout.TextBytesMax + 1));
        var read = Assert.IsType<ReplicaHelloAck>(Links.Decode(Links.Encode(sent)));
        Assert.Equal(sent.Reason[1..], read.Reason);
    }

    [Fact]
    public void A_name_that_is_too_long_is_a_mistake_of_ours_and_never_cut() => Assert.Throws<KvsException>(
        () => Links.Encode(new Fenced(1, new string('n', LinkLayout.NameBytesMax + 1))));

    [Fact]
    public void The_payload_may_follow_the_head_from_where_it_is()
    {
        foreach (var name in (string[])["append", "base-copy-chunk"])
        {
            var message = LinkExamples.All[name];
            var payload = LinkEncoder.PayloadOf(message);
            var head = new FrameBuffer();
            LinkEncoder.WriteHead(head, message, payload.Length);
            byte[] sent = [.. head.Written.Span, .. payload.Span];
            Assert.Equal(Links.Encode(message), sent);
            Assert.NotEqual(0, payload.Length);
        }
    }

    [Fact]
    public void Group_frames_are_not_copied()
    {
        var bytes = Links.Encode(LinkExamples.All["append"]);
        var append = Assert.IsType<Append>(Links.Decode(bytes));
        Assert.True(bytes.AsSpan(LinkLayout.HeaderBytes + LinkLayout.AppendFieldBytes).Overlaps(append.Frames.Span, out var offset));
        Assert.Equal(0, offset);
    }

    [Fact]
    public void An_append_takes_the_largest_group_that_a_batch_can_make()
    {
        // The kept result of a batch is small beside this: a version and a few bytes for each operation.
        var largest = GroupBuilder.OverheadMax
            + GroupBuilder.BatchBytesMax(Limits.BatchOperationsMax, Limits.BatchBytesMax, resultBytes: 8 * 1024 * 1024);
        Assert.InRange(largest, Limits.BatchBytesMax, LinkLayout.AppendBytesMax);
    }

    private static void AssertSame(ClusterMessage message)
    {
        var bytes = Links.Encode(message);
        var read = Links.Decode(bytes);
        Assert.IsType(message.GetType(), read);
        Assert.Equal(Facts(message), Facts(read));
        Assert.Equal(bytes, Links.Encode(read));
    }

    /// <summary>Everything in a message, lists and bytes by what is in them, read from the type and not from the codec.</summary>
    private static List<string> Facts(object value) => [.. value.GetType()
        .GetProperties(System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic)
        .Where(property => property.Name != "EqualityContract")
        .Select(property => $"{property.Name}={Text(property.GetValue(value))}")];

    private static string Text(object? value) => value switch
    {
        ReadOnlyMemory<byte> bytes => Convert.ToHexString(bytes.Span),
        LogReport report => string.Join(';', Facts(report)),
        ImmutableArray<string> names => string.Join(',', names),
        ImmutableArray<ulong> numbers => string.Join(',', numbers),
        ImmutableArray<EpochSpan> spans => string.Join(',', spans),
        ImmutableArray<BaseCopyFile> files => string.Join(',', files),
        _ => value?.ToString() ?? "",
    };
}

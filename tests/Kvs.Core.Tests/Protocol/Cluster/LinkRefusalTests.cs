using System.Buffers.Binary;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Cluster;
using Kvs.Core.Protocol.Cluster.Messages;
using Xunit;

namespace Kvs.Core.Tests.Protocol.Cluster;

/// <summary>Whatever a peer sends: a message, or a fault that says why not.</summary>
public sealed class LinkRefusalTests
{
    private static readonly byte[] Fenced = Links.Encode(LinkExamples.All["fenced"]);

    public static TheoryData<string> Names => [.. LinkExamples.All.Keys];

    [Fact]
    public void A_frame_cut_anywhere_needs_more_and_tells_its_length_early()
    {
        for (var length = 0; length < Fenced.Length; length++)
        {
            Assert.Equal(FrameStatus.NeedMore, LinkFrameDecoder.TryRead(Fenced.AsMemory(0, length), out var frame, out _));
            Assert.Equal(length < LinkLayout.LengthBytes ? 0 : Fenced.Length, frame.Length);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_body_cut_anywhere_is_refused(string name)
    {
        var whole = Links.Encode(LinkExamples.All[name]);
        var payload = LinkEncoder.PayloadOf(LinkExamples.All[name]).Length;
        for (var length = LinkLayout.HeaderBytes; length < whole.Length - payload; length++)
        {
            Assert.Equal(ErrorCode.Protocol, Links.FaultOf(WithLength(whole[..length])).Code);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Bytes_behind_the_known_fields_are_skipped_so_that_messages_may_grow(string name)
    {
        var message = LinkExamples.All[name];
        if (LinkEncoder.PayloadOf(message).IsEmpty)
        {
            Assert.Equal(Links.Encode(message), Links.Encode(Links.Decode(WithLength([.. Links.Encode(message), 1, 2, 3]))!));
        }
    }

    [Theory]
    [InlineData("0F000000", ErrorCode.Protocol)]
    [InlineData("FFFFFFFF", ErrorCode.FrameTooLarge)]
    [InlineData("14000000 01", ErrorCode.UnknownOpcode)]
    [InlineData("14000000 3F", ErrorCode.UnknownOpcode)]
    [InlineData("14000000 53", ErrorCode.UnknownOpcode)]
    [InlineData("14000000 57", ErrorCode.UnknownOpcode)]
    [InlineData("14000000 60", ErrorCode.UnknownOpcode)]
    [InlineData("14000000 46 02", ErrorCode.UnsupportedVersion)]
    [InlineData("14000000 46 00", ErrorCode.UnsupportedVersion)]
    [InlineData("14000000 46 01 0100 00000000", ErrorCode.Protocol)]
    [InlineData("14000000 46 01 0000 01000000", ErrorCode.Protocol)]
    public void A_wrong_header_is_refused_as_soon_as_the_wrong_byte_is_there(string hex, ErrorCode code)
    {
        var bytes = Wire.Hex(hex);
        Assert.Equal(FrameStatus.Refused, LinkFrameDecoder.TryRead(bytes, out _, out var fault));
        Assert.Equal((code, true), (fault.Code, fault.ClosesConnection));
        if (bytes.Length > LinkLayout.LengthBytes)
        {
            var before = bytes.AsMemory(0, bytes.Length <= LinkLayout.FlagsOffset ? bytes.Length - 1 : LinkLayout.FlagsOffset);
            Assert.Equal(FrameStatus.NeedMore, LinkFrameDecoder.TryRead(before, out _, out _));
        }
    }

    [Theory]
    [InlineData((byte)LinkOpcode.Append, LinkLayout.HeaderBytes + LinkLayout.AppendFieldBytes + LinkLayout.AppendBytesMax)]
    [InlineData((byte)LinkOpcode.BaseCopyChunk, LinkLayout.HeaderBytes + LinkLayout.ChunkFieldBytes + LinkLayout.ChunkBytesMax)]
    [InlineData((byte)LinkOpcode.BaseCopyOffer, LinkLayout.HeaderBytes + LinkLayout.BodyBytesMax)]
    [InlineData(LinkLayout.SkippableMin, LinkLayout.HeaderBytes + LinkLayout.BodyBytesMax)]
    public void A_frame_may_have_its_limit_and_no_byte_more(byte opcode, int limit)
    {
        var header = new byte[LinkLayout.HeaderBytes];
        header[LinkLayout.OpcodeOffset] = opcode;
        header[LinkLayout.VersionOffset] = LinkLayout.Version;
        BinaryPrimitives.WriteInt32LittleEndian(header, limit - LinkLayout.LengthBytes);
        Assert.Equal(FrameStatus.NeedMore, LinkFrameDecoder.TryRead(header, out var frame, out _));
        Assert.Equal(limit, frame.Length);

        BinaryPrimitives.WriteInt32LittleEndian(header, limit - LinkLayout.LengthBytes + 1);
        Assert.Equal(FrameStatus.Refused, LinkFrameDecoder.TryRead(header, out _, out var fault));
        Assert.Equal(ErrorCode.FrameTooLarge, fault.Code);
    }

    [Fact]
    public void A_frame_of_a_newer_kind_is_skipped_where_its_number_says_so()
    {
        var bytes = (byte[])Fenced.Clone();
        bytes[LinkLayout.OpcodeOffset] = LinkLayout.SkippableMin;
        Assert.Null(Links.Decode(bytes));
    }

    [Fact]
    public void A_name_that_is_too_long_or_no_text_is_refused()
    {
        const int NameAt = LinkLayout.HeaderBytes + sizeof(ushort);
        var tooLong = WithLength([.. Fenced[..LinkLayout.HeaderBytes], 1, 2, .. new byte[LinkLayout.NameBytesMax + 1]]);
        Assert.Equal(ErrorCode.Protocol, Links.FaultOf(tooLong).Code);
        var noText = (byte[])Fenced.Clone();
        noText[NameAt] = 0xFF;
        Assert.Equal(ErrorCode.Protocol, Links.FaultOf(noText).Code);
    }

    [Fact]
    public void Values_without_a_meaning_are_refused()
    {
        AssertRefused("replica-hello-ack", at: 0, value: 4); // verdict
        AssertRefused("replica-hello-ack", at: 25, value: 2); // counts
        AssertRefused("beacon", at: 24, value: 2); // lease
        AssertRefused("transfer-ready", at: 8, value: 255); // accepted
        AssertRefused("log-state", at: 58, value: 4); // list
        AssertRefused("log-state", at: 83, value: 4); // flags
        AssertRefused("replica-hello", at: 69, value: 65); // epochs in the tail
        AssertRefused("append", at: 24, value: 12); // ends where it begins
        AssertRefused("digest", at: 8, value: 0); // no parts
        AssertRefused("digest", at: 9, value: 5); // more than 1,024 parts
        AssertRefused("digest-answer", at: 16, value: 0); // no parts
    }

    [Fact]
    public void An_append_without_frames_is_refused() => Assert.Equal(
        ErrorCode.Protocol,
        Links.FaultOf(WithLength(Links.Encode(LinkExamples.All["append"])[..(LinkLayout.HeaderBytes + LinkLayout.AppendFieldBytes)])).Code);

    [Fact]
    public void A_count_of_files_that_cannot_be_there_takes_no_memory()
    {
        var offer = Links.Encode(new BaseCopyOffer(1, 1, default, []));
        BinaryPrimitives.WriteUInt32LittleEndian(offer.AsSpan(LinkLayout.HeaderBytes + 32), uint.MaxValue);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(FrameStatus.Ready, LinkFrameDecoder.TryRead(offer, out var frame, out _));
        Assert.False(LinkDecoder.TryRead(in frame, out _, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
    }

    private static void AssertRefused(string name, int at, byte value)
    {
        var bytes = Links.Encode(LinkExamples.All[name]);
        Assert.NotNull(Links.Decode(bytes));
        Assert.NotEqual(value, bytes[LinkLayout.HeaderBytes + at]);
        bytes[LinkLayout.HeaderBytes + at] = value;
        Assert.Equal(ErrorCode.Protocol, Links.FaultOf(bytes).Code);
    }

    private static byte[] WithLength(byte[] frame)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length - LinkLayout.LengthBytes);
        return frame;
    }
}

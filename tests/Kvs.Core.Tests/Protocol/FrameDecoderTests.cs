using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Xunit;

namespace Kvs.Core.Tests.Protocol;

public sealed class FrameDecoderTests
{
    private static readonly byte[] Ping = Wire.Hex("08000000 02 00 0000 07000000");

    [Fact]
    public void A_whole_frame_is_read_and_what_follows_is_left()
    {
        byte[] received = [.. Ping, 0xAA];
        Assert.Equal(FrameStatus.Ready, FrameDecoder.TryRead(received, 64, out var frame, out _));
        Assert.Equal((Opcode.Ping, 7u, 12), (frame.Opcode, frame.RequestId, frame.Length));
        Assert.True(frame.Body.IsEmpty);
    }

    [Fact]
    public void A_frame_cut_anywhere_needs_more()
    {
        for (var length = 0; length < Ping.Length; length++)
        {
            Assert.Equal(FrameStatus.NeedMore, FrameDecoder.TryRead(Ping.AsMemory(0, length), 64, out var frame, out _));
            Assert.Equal(length < 4 ? 0 : 12, frame.Length);
        }
    }

    [Fact]
    public void A_length_over_the_limit_is_refused_before_the_frame_has_arrived()
    {
        Assert.Equal(FrameStatus.Ready, FrameDecoder.TryRead(Ping, 12, out _, out _));
        Assert.Equal(FrameStatus.Refused, FrameDecoder.TryRead(Ping.AsMemory(0, 4), 11, out _, out var fault));
        Assert.Equal(ErrorCode.FrameTooLarge, fault.Code);
        Assert.True(fault.ClosesConnection);
        Assert.Equal(FrameStatus.Refused, FrameDecoder.TryRead(Wire.Hex("FFFFFFFF"), int.MaxValue, out _, out fault));
        Assert.Equal(ErrorCode.FrameTooLarge, fault.Code);
    }

    [Theory]
    [InlineData("07000000")]
    [InlineData("00000000")]
    [InlineData("08000000 02 04 0000 07000000")]
    [InlineData("08000000 02 00 0100 07000000")]
    [InlineData("09000000 02 01 0000 07000000 00")]
    [InlineData("0A000000 02 01 0000 07000000 0100")]
    public void Bytes_that_are_no_frame_are_refused(string hex)
    {
        var received = Wire.Hex(hex);
        Assert.Equal(FrameStatus.Refused, FrameDecoder.TryRead(received, 64, out var frame, out var fault));
        Assert.Equal(ErrorCode.Protocol, fault.Code);
        Assert.Equal(received.Length < 12 ? 0u : 7u, frame.RequestId);
    }

    [Fact]
    public void Wrong_flags_are_refused_as_soon_as_the_header_is_there()
    {
        var received = Wire.Hex("40000000 02 80 0000 07000000");
        Assert.Equal(FrameStatus.Refused, FrameDecoder.TryRead(received, 128, out _, out _));
    }

    [Fact]
    public void Fields_and_body_are_told_apart()
    {
        var received = Wire.Hex("0D000000 02 01 0000 07000000 0200 AABB CC");
        Assert.Equal(FrameStatus.Ready, FrameDecoder.TryRead(received, 64, out var frame, out _));
        Assert.Equal("AABB", Convert.ToHexString(frame.Fields.Span));
        Assert.Equal("CC", Convert.ToHexString(frame.Body.Span));
    }
}

using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Xunit;

namespace Kvs.Core.Tests.Protocol;

public sealed class RequestRefusalTests
{
    [Theory]
    [InlineData(0x00)]
    [InlineData(0x0F)]
    [InlineData(0x16)]
    [InlineData(0x2A)]
    [InlineData(0x40)]
    [InlineData(0x91)]
    [InlineData(0xFF)]
    public void An_opcode_that_is_no_request_is_unknown(byte opcode)
    {
        var frame = new Frame { Opcode = (Opcode)opcode };
        Assert.False(RequestDecoder.TryReadHeader(in frame, out _, out var fault));
        Assert.Equal(ErrorCode.UnknownOpcode, fault.Code);
        Assert.True(fault.ClosesConnection);
    }

    [Fact]
    public void Unknown_fields_are_skipped_by_length()
    {
        Assert.True(RequestFields.TryRead(Wire.Hex("01 04 64000000  7F 03 AABBCC"), out var fields, out _));
        Assert.Equal(100u, fields.DeadlineMillis);
    }

    [Theory]
    [InlineData("83 00", ErrorCode.NotSupported)]
    [InlineData("08 01 02", ErrorCode.Protocol)]
    [InlineData("09 01 02", ErrorCode.Protocol)]
    [InlineData("81 08 0000000000000000", ErrorCode.Protocol)]
    [InlineData("82 01 02", ErrorCode.Protocol)]
    [InlineData("01", ErrorCode.Protocol)]
    [InlineData("01 03 000000", ErrorCode.Protocol)]
    [InlineData("02 01 04", ErrorCode.Protocol)]
    [InlineData("7F 05 00", ErrorCode.Protocol)]
    [InlineData("02 01 03 01 04 64000000", ErrorCode.Protocol)]
    [InlineData("02 01 03 02 01 03", ErrorCode.Protocol)]
    public void Fields_that_cannot_be_understood_are_refused(string hex, ErrorCode code)
    {
        Assert.False(RequestFields.TryRead(Wire.Hex(hex), out _, out var fault));
        Assert.Equal(code, fault.Code);
    }

    [Theory]
    [InlineData((byte)Opcode.Set, "40 01000000 01000000 6B 76")]
    [InlineData((byte)Opcode.Set, "00 01000000 02000000 6B 76")]
    [InlineData((byte)Opcode.Set, "00 FFFFFFFF 00000000 6B")]
    [InlineData((byte)Opcode.Set, "00 01000000 01000000 6B 76 00")]
    [InlineData((byte)Opcode.Get, "01 01000000 6B")]
    [InlineData((byte)Opcode.Persist, "10 01000000 6B")]
    [InlineData((byte)Opcode.Remove, "04 01000000 6B")]
    [InlineData((byte)Opcode.Increment, "00 01000000 6B")]
    [InlineData((byte)Opcode.Get, "")]
    public void A_body_that_does_not_fit_its_opcode_closes_the_connection(byte opcode, string hex)
    {
        var frame = new Frame { Opcode = (Opcode)opcode, Body = Wire.Hex(hex) };
        Assert.False(RequestDecoder.TryReadOperation(in frame, out _, out var fault));
        Assert.Equal(ErrorCode.Protocol, fault.Code);
    }

    [Theory]
    [InlineData((byte)Opcode.Set, "08 0000000000000000 01000000 00000000 6B")]
    [InlineData((byte)Opcode.Set, "08 FFFFFFFFFFFFFFFF 01000000 00000000 6B")]
    [InlineData((byte)Opcode.Expire, "04 01000000 6B")]
    [InlineData((byte)Opcode.Expire, "00 01000000 6B")]
    public void An_expiry_without_meaning_refuses_the_request_only(byte opcode, string hex)
    {
        var frame = new Frame { Opcode = (Opcode)opcode, Body = Wire.Hex(hex) };
        Assert.False(RequestDecoder.TryReadOperation(in frame, out _, out var fault));
        Assert.Equal(ErrorCode.InvalidArgument, fault.Code);
        Assert.False(fault.ClosesConnection);
    }

    [Theory]
    [InlineData("00 00 01000000 6B")]
    [InlineData("0D 00 01000000 6B")]
    [InlineData("09 10 01000000 01000000 6B 76")]
    [InlineData("09 40 01000000 01000000 6B 76")]
    [InlineData("09 00 01000000 6B")]
    [InlineData("0A 00 01000000 01000000 6B 76")]
    [InlineData("0B 04 01000000 01000000 6B 31")]
    [InlineData("0C 80 01000000 01000000 61 62")]
    [InlineData("09 80 01 74 01000000 01000000 6B 76")]
    [InlineData("01 80 05 74 01000000")]
    [InlineData("07 01 01000000 6B")]
    public void An_item_of_a_batch_that_does_not_fit_its_kind_closes_the_connection(string hex)
    {
        var frame = new Frame { Opcode = Opcode.Batch, Body = Wire.Hex("01000000" + hex) };
        Assert.False(RequestDecoder.TryReadBatch(in frame, [], out var fault));
        Assert.Equal(ErrorCode.Protocol, fault.Code);
    }

    [Fact]
    public void A_count_that_the_frame_cannot_hold_allocates_nothing()
    {
        var frame = new Frame { Opcode = Opcode.Batch, Body = Wire.Hex("FFFFFFFF 07 00 01000000 6B") };
        var operations = new List<Operation>();
        Assert.False(RequestDecoder.TryReadBatch(in frame, operations, out var fault));
        Assert.Equal((ErrorCode.Protocol, 0), (fault.Code, operations.Capacity));
    }

    [Fact]
    public void A_batch_over_the_limit_is_refused_before_its_operations_are_read()
    {
        var body = new byte[4 + ((Limits.BatchOperationsMax + 1) * OperationCodec.ItemBytesMin)];
        BitConverter.TryWriteBytes(body, Limits.BatchOperationsMax + 1);
        var frame = new Frame { Opcode = Opcode.Batch, Body = body };
        var operations = new List<Operation>();
        Assert.False(RequestDecoder.TryReadBatch(in frame, operations, out var fault));
        Assert.Equal((ErrorCode.BatchTooLarge, 0), (fault.Code, operations.Capacity));
    }

    [Theory]
    [InlineData("00 00000000 00000000 00000000")]
    [InlineData("00 01040000 00000000 00000000")]
    [InlineData("02 00000000 00000000 00000000")]
    [InlineData("00 01000000 00000000 01000000 01000000 61")]
    [InlineData("02 00000000 00000000 01000000 01000000 61")]
    [InlineData("00 00000000 01000000 61 01000000 01000000 61")]
    [InlineData("00 00000000 00000000 02000000 01000000 62 01000000 62")]
    [InlineData("01 00000000 00000000 01000000 62 01000000 01000000 62")]
    public void A_digest_without_meaning_refuses_the_request_only(string hex)
    {
        var frame = new Frame { Opcode = Opcode.ClusterDigest, Body = Wire.Hex(hex) };
        Assert.False(DigestRequest.TryRead(in frame, out _, out var fault));
        Assert.Equal(ErrorCode.InvalidArgument, fault.Code);
    }

    [Fact]
    public void A_digest_takes_no_more_sub_ranges_than_it_gives()
    {
        var frame = new Frame { Opcode = Opcode.ClusterDigest, Body = Wire.Hex("00 00000000 00000000 00040000") };
        Assert.False(DigestRequest.TryRead(in frame, out _, out var fault));
        Assert.Equal(ErrorCode.Protocol, fault.Code);
    }

    [Theory]
    [InlineData("00 0100 61 0100 62")]
    [InlineData("04 0000 0100 62")]
    [InlineData("01 0000 0100 62")]
    [InlineData("02 0100 61 0100 62")]
    [InlineData("01 0100 61 0000")]
    [InlineData("01 0100 61 0200 62")]
    [InlineData("01 0100 61 0100 62 00")]
    public void An_auth_that_proves_nothing_closes_the_connection(string hex)
    {
        var frame = new Frame { Opcode = Opcode.Auth, Body = Wire.Hex(hex) };
        Assert.False(AuthRequest.TryRead(in frame, out _, out var fault));
        Assert.Equal((ErrorCode.Protocol, true), (fault.Code, fault.ClosesConnection));
    }

    [Fact]
    public void The_text_of_an_auth_shows_no_secret()
    {
        var request = new AuthRequest(AuthKind.Password, "alice", "sesame"u8.ToArray());
        Assert.DoesNotContain("sesame", $"{request}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("08 00000000 00000000 00000000")] // an unknown flag
    [InlineData("04 00000000 00000000 00000000")] // no position
    [InlineData("04 00000000 00000000 0000000000000000 0000000000000000 00000080 00000000")] // more changes than there can be
    [InlineData("00 00000000 00000000 00000000 00")] // more than a watch
    public void A_malformed_watch_is_refused(string body)
    {
        var frame = new Frame { Opcode = Opcode.Watch, Body = Wire.Hex(body) };
        Assert.False(WatchRequest.TryRead(in frame, out _, out var fault));
        Assert.Equal(ErrorCode.Protocol, fault.Code);
    }

    [Fact]
    public void A_page_has_no_chunks_and_no_limit_is_negative()
    {
        var buffer = new FrameBuffer();
        foreach (var (opcode, request) in new[]
        {
            (Opcode.ScanPage, new ScanRequest { Credit = 1 }),
            (Opcode.ScanPage, new ScanRequest { ChunkBytes = 1 }),
            (Opcode.Scan, new ScanRequest { Limit = -1 }),
            (Opcode.Scan, new ScanRequest { LimitBytes = -1 }),
        })
        {
            buffer.Clear();
            RequestEncoder.WriteScan(buffer, opcode, 1, default, in request);
            var frame = Wire.Only(buffer);
            Assert.False(RequestDecoder.TryReadScan(in frame, out _, out var fault));
            Assert.Equal(ErrorCode.InvalidArgument, fault.Code);
        }
    }
}

using Kvs.Bench.Load;
using Kvs.Bench.Load.Wires;
using Kvs.Bench.Workloads;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Xunit;

namespace Kvs.Bench.Tests.Load;

/// <summary>Our own protocol as the load generator speaks it.</summary>
public sealed class KvsWireTests
{
    private const uint Id = 77;
    private static readonly BenchValue _value = new(20);
    private static readonly KvsWire _wire = new(_value);

    [Theory]
    [InlineData(nameof(RequestKind.Set))]
    [InlineData(nameof(RequestKind.Get))]
    public void Requests_are_what_the_server_decodes(string name)
    {
        var kind = Enum.Parse<RequestKind>(name);
        var template = _wire.Template(kind);
        var request = new byte[template.Bytes.Length];
        template.Write(request, Id, 5, BenchKeys.Mixed);

        Assert.Equal(FrameStatus.Ready, FrameDecoder.TryRead(request, Limits.FrameBytesMax, out var frame, out _));
        Assert.Equal((Id, request.Length), (frame.RequestId, frame.Length));
        Assert.Equal(BenchKeys.Key(5), KeyIn(frame.Body));
        if (kind == RequestKind.Set)
        {
            Assert.True(_value.IsOf(frame.Body.Span[^_value.Length..], BenchKeys.Key(5)));
        }
    }

    [Fact]
    public void A_reply_is_read_when_it_is_whole()
    {
        var reply = GetReply(Id, 5);

        for (var length = 0; length < reply.Length; length++)
        {
            Assert.Equal(0, Read(reply[..length]));
        }

        Assert.Equal(reply.Length, Read([.. reply, 1, 2, 3]));
    }

    [Fact]
    public void The_reply_to_another_request_is_refused() => Assert.Throws<LoadFaultException>(() => Read(GetReply(Id + 1, 5)));

    [Fact]
    public void The_value_of_another_key_is_refused() => Assert.Throws<LoadFaultException>(() => Read(GetReply(Id, 6)));

    [Fact]
    public void An_error_is_refused()
    {
        var reply = GetReply(Id, 5);
        reply[FrameLayout.HeaderBytes] = (byte)ErrorCode.Overloaded;

        Assert.Throws<LoadFaultException>(() => Read(reply));
    }

    private static int Read(byte[] received) => _wire.ReadReply(received, new PendingRequest(RequestKind.Get, Id, 5, 0), BenchKeys.Key(5));

    // Options, u32 key length, key; of a set with a u32 value length before the key.
    private static byte[] KeyIn(ReadOnlyMemory<byte> body) =>
        body.Slice(body.Length == 1 + 4 + BenchKeys.Bytes ? 5 : 9, BenchKeys.Bytes).ToArray();

    private static byte[] GetReply(uint id, long key)
    {
        const byte ThereWithVersionAndValue = 0x13;
        var buffer = new FrameBuffer();
        var start = buffer.BeginFrame((Opcode)((byte)Opcode.Get | Opcodes.ResponseBit), id);
        buffer.WriteUInt16(0);
        buffer.WriteByte(ThereWithVersionAndValue);
        buffer.WriteVersion(new KvsVersion(1, 2));
        buffer.WriteBlock([.. BenchKeys.Key(key), .. _value.Bytes[16..]]);
        buffer.EndFrame(start);
        return buffer.Written.ToArray();
    }
}

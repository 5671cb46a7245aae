using System.Text;
using Kvs.Bench.Load;
using Kvs.Bench.Load.Wires;
using Kvs.Bench.Workloads;
using Xunit;

namespace Kvs.Bench.Tests.Load;

/// <summary>The protocol of Redis as the load generator speaks it.</summary>
public sealed class RespWireTests
{
    private static readonly BenchValue _value = new(20);
    private static readonly RespWire _wire = new(_value);

    [Fact]
    public void A_set_has_its_key_twice_because_the_value_begins_with_it()
    {
        var template = _wire.Template(RequestKind.Set);
        var request = new byte[template.Bytes.Length];

        template.Write(request, 0, 5, BenchKeys.Mixed);

        var (key, rest) = (Encoding.ASCII.GetString(BenchKeys.Key(5)), Encoding.Latin1.GetString(_value.Bytes[16..]));
        Assert.Equal($"*3\r\n$3\r\nSET\r\n$16\r\n{key}\r\n$20\r\n{key}{rest}\r\n", Encoding.Latin1.GetString(request));
    }

    [Fact]
    public void A_reply_is_read_when_it_is_whole()
    {
        var reply = ValueOf(5);

        for (var length = 0; length < reply.Length; length++)
        {
            Assert.Equal(0, Read(RequestKind.Get, reply[..length]));
        }

        Assert.Equal(reply.Length, Read(RequestKind.Get, [.. reply, .. "+OK"u8]));
    }

    [Theory]
    [InlineData(nameof(RequestKind.Get), "$-1\r\n")]
    [InlineData(nameof(RequestKind.Get), "$21\r\n")]
    [InlineData(nameof(RequestKind.Set), "-ERR no\r\n")]
    [InlineData(nameof(RequestKind.Set), "+PONG\r\n")]
    [InlineData(nameof(RequestKind.Ping), "+OK\r\n")]
    public void Another_reply_is_refused(string kind, string reply) =>
        Assert.Throws<LoadFaultException>(() => Read(Enum.Parse<RequestKind>(kind), Encoding.ASCII.GetBytes(reply)));

    [Fact]
    public void The_value_of_another_key_is_refused() => Assert.Throws<LoadFaultException>(() => Read(RequestKind.Get, ValueOf(6)));

    private static int Read(RequestKind kind, byte[] received) =>
        _wire.ReadReply(received, new PendingRequest(kind, 1, 5, 0), BenchKeys.Key(5));

    private static byte[] ValueOf(long key) => [.. "$20\r\n"u8, .. BenchKeys.Key(key), .. _value.Bytes[16..], .. "\r\n"u8];
}

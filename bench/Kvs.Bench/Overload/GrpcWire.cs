using System.Buffers.Binary;

namespace Kvs.Bench.Overload;

/// <summary>gRPC on HTTP/2: a connection that has made one call, a health check.</summary>
internal sealed class GrpcWire() : DoorWire("grpc")
{
    private const int HeaderBytes = 9;
    private const byte Headers = 1;
    private const byte Settings = 4;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

    /// <inheritdoc/>
    internal override byte[] Opening { get; } =
    [
        .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8,
        .. Frame(Settings, 0, 0, []),
        .. Check(1),
    ];

    /// <inheritdoc/>
    internal override byte[] Again { get; } = Check(3);

    /// <inheritdoc/>
    internal override byte[]? Set(byte[] key, byte[] value) => null;

    /// <inheritdoc/>
    internal override int Read(ReadOnlySpan<byte> received, ref AnswerCount answers)
    {
        var at = 0;
        while (received.Length - at >= HeaderBytes)
        {
            var length = HeaderBytes + (BinaryPrimitives.ReadInt32BigEndian(received[at..]) >>> 8);
            if (received.Length - at < length)
            {
                break;
            }

            answers.Done += received[at + 3] == Headers && (received[at + 4] & EndStream) != 0 ? 1 : 0;
            at += length;
        }

        return at;
    }

    private static byte[] Check(byte stream) =>
    [
        .. Frame(Headers, EndHeaders, stream, Request("/grpc.health.v1.Health/Check"u8)),
        .. Frame(0, EndStream, stream, [0, 0, 0, 0, 0]),
    ];

    private static byte[] Frame(byte type, byte flags, byte stream, byte[] payload) =>
        [(byte)(payload.Length >> 16), (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, 0, 0, 0, stream, .. payload];

    // HPACK: POST and http by their numbers in the static table, the rest as literals that are not kept.
    private static byte[] Request(ReadOnlySpan<byte> path) =>
    [
        0x83, 0x86,
        0x04, .. Text(path),
        0x01, .. Text("localhost"u8),
        0x0F, 0x10, .. Text("application/grpc"u8),
        0x00, .. Text("te"u8), .. Text("trailers"u8),
    ];

    private static byte[] Text(ReadOnlySpan<byte> text) => [(byte)text.Length, .. text];
}

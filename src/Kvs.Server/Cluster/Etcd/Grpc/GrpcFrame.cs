using System.Buffers.Binary;
using Google.Protobuf;

namespace Kvs.Server.Cluster.Etcd.Grpc;

/// <summary>
/// The prefix of each message in a gRPC body.
/// <code>
/// offset 0  1 byte   1 when the message is compressed: never here, for we offer no compression
/// offset 1  4 bytes  length of the message, big-endian
/// offset 5           the message
/// </code>
/// A body ends between two messages. Anything else is a cut or no gRPC.
/// </summary>
internal static class GrpcFrame
{
    private const int PrefixBytes = 1 + sizeof(uint);

    /// <summary>A message with its prefix.</summary>
    /// <param name="message">The message.</param>
    internal static byte[] Encode(IMessage message)
    {
        var length = message.CalculateSize();
        var frame = new byte[PrefixBytes + length];
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), (uint)length);
        message.WriteTo(frame.AsSpan(PrefixBytes));
        return frame;
    }

    /// <summary>Reads the next message's bytes.</summary>
    /// <param name="body">The body, between two messages.</param>
    /// <param name="bytesMax">The longest message that is taken.</param>
    /// <param name="cancellationToken">Ends the wait; the body is then of no more use.</param>
    /// <returns>Null at the body's end.</returns>
    /// <exception cref="InvalidDataException">The bytes are no message that is taken; the text says why.</exception>
    /// <exception cref="IOException">The body was cut.</exception>
    internal static async Task<byte[]?> ReadAsync(Stream body, int bytesMax, CancellationToken cancellationToken)
    {
        var prefix = new byte[PrefixBytes];
        var read = await body.ReadAtLeastAsync(prefix, PrefixBytes, throwOnEndOfStream: false, cancellationToken);
        if (read == 0)
        {
            return null;
        }

        if (read < PrefixBytes)
        {
            throw new EndOfStreamException();
        }

        if (prefix[0] != 0)
        {
            throw new InvalidDataException("a message is compressed, which was not offered");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix.AsSpan(1));
        if (length > bytesMax)
        {
            throw new InvalidDataException($"a message of {length} bytes is longer than the limit of {bytesMax}");
        }

        var message = new byte[length];
        await body.ReadExactlyAsync(message, cancellationToken);
        return message;
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using Google.Protobuf;

namespace Kvs.Server.Doors.Grpc.Wire;

/// <summary>
/// Reads the one message of a request: <code>u8 compressed   u32 length, big-endian   message</code>
/// Source: gRPC over HTTP/2, "Length-Prefixed-Message".
/// </summary>
internal static class MessageReader
{
    /// <summary>Bytes before a message.</summary>
    internal const int PrefixBytes = 5;

    /// <summary>Reads the message and the end of the request.</summary>
    /// <typeparam name="TMessage">Its type.</typeparam>
    /// <param name="body">The request's body.</param>
    /// <param name="parser">Its parser.</param>
    /// <param name="bytesMax">Longest message.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The message.</returns>
    /// <exception cref="GrpcException">It is compressed, too long, cut off, not the only one, or no message.</exception>
    internal static async Task<TMessage> ReadSingleAsync<TMessage>(
        PipeReader body, MessageParser<TMessage> parser, int bytesMax, CancellationToken cancellationToken)
        where TMessage : IMessage<TMessage>
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            var length = TryReadLength(read.Buffer, bytesMax);
            if (length is { } all && read.Buffer.Length > all)
            {
                throw new GrpcException(StatusCode.Unimplemented, "The method takes one message, and there are more.");
            }

            if (!read.IsCompleted)
            {
                body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            if (read.Buffer.IsEmpty)
            {
                throw new GrpcException(StatusCode.Unimplemented, "The method takes one message, and there is none.");
            }

            if (read.Buffer.Length != length)
            {
                throw new GrpcException(StatusCode.Internal, "The request ends within its message.");
            }

            var message = Parse(parser, read.Buffer.Slice(PrefixBytes));
            body.AdvanceTo(read.Buffer.End);
            return message;
        }
    }

    // With the prefix; null while that is not whole.
    private static long? TryReadLength(in ReadOnlySequence<byte> bytes, int bytesMax)
    {
        Span<byte> prefix = stackalloc byte[PrefixBytes];
        if (bytes.Length < PrefixBytes)
        {
            return null;
        }

        bytes.Slice(0, PrefixBytes).CopyTo(prefix);
        if (prefix[0] != 0)
        {
            throw new GrpcException(StatusCode.Unimplemented, "The message is compressed; this server takes identity only.");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(prefix[1..]);
        return length <= bytesMax
            ? PrefixBytes + (long)length
            : throw new GrpcException(
                StatusCode.ResourceExhausted, $"The message has {length} bytes, the limit is {bytesMax}.");
    }

    private static TMessage Parse<TMessage>(MessageParser<TMessage> parser, in ReadOnlySequence<byte> bytes)
        where TMessage : IMessage<TMessage>
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException failure)
        {
            throw new GrpcException(StatusCode.Internal, $"The message cannot be parsed: {failure.Message}");
        }
    }
}

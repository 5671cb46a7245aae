using System.Buffers.Binary;
using Google.Protobuf;
using Kvs.Server.Doors.Web;

namespace Kvs.Server.Doors.Grpc.Wire;

/// <summary>
/// Writes the messages of a response, each with its prefix, and waits until the client takes them: HTTP/2's flow control
/// is the back-pressure of a stream. Threading: one thread at a time.
/// </summary>
/// <param name="sender">Where they go.</param>
internal sealed class MessageWriter(AnswerSender sender)
{
    /// <summary>Sends a message.</summary>
    /// <param name="message">The message.</param>
    internal async Task WriteAsync(IMessage message)
    {
        var length = message.CalculateSize();
        var framed = MessageReader.PrefixBytes + length;
        if (framed > StoreCalls.OwnBytes)
        {
            // In parts, of which each must be taken in time: else nobody could tell a client that is slow from one that is gone.
            var bytes = new byte[framed];
            WritePrefix(bytes, length);
            message.WriteTo(bytes.AsSpan(MessageReader.PrefixBytes));
            await sender.SendAsync(bytes);
            return;
        }

        WritePrefix(sender.Writer.GetSpan(MessageReader.PrefixBytes), length);
        sender.Writer.Advance(MessageReader.PrefixBytes);
        message.WriteTo(sender.Writer);
        await sender.FlushAsync();
    }

    private static void WritePrefix(Span<byte> target, int length)
    {
        target[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(target[1..], (uint)length);
    }
}

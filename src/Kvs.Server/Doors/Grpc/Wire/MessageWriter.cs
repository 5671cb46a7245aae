using System.Buffers.Binary;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Grpc.Wire;

/// <summary>
/// Writes the messages of a response, each with its prefix, and waits until the client takes them: HTTP/2's flow control
/// is the back-pressure of a stream. Threading: one thread at a time.
/// </summary>
/// <param name="response">The response.</param>
/// <param name="cancelled">The client is gone, or its deadline has passed.</param>
internal sealed class MessageWriter(HttpResponse response, CancellationToken cancelled)
{
    /// <summary>Sends a message.</summary>
    /// <param name="message">The message.</param>
    internal async Task WriteAsync(IMessage message)
    {
        var length = message.CalculateSize();
        var body = response.BodyWriter;
        var prefix = body.GetSpan(MessageReader.PrefixBytes);
        prefix[0] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(prefix[1..], (uint)length);
        body.Advance(MessageReader.PrefixBytes);
        message.WriteTo(body);
        var flushed = await body.FlushAsync(cancelled);
        if (flushed.IsCompleted || flushed.IsCanceled)
        {
            throw new OperationCanceledException("The client takes no more messages.", cancelled);
        }
    }
}

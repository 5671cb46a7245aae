using Kvs.Core.Platform;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Cluster;

namespace Kvs.Server.Cluster.Links;

/// <summary>
/// The sending half of a link. What waits leaves together: messages are encoded one behind the other into one buffer, and
/// only long pieces of a payload are sent from where they lie. Threading: <see cref="RunAsync"/> is one task; all else
/// any thread. Ownership: of what waits; the connection is the link's.
/// </summary>
/// <param name="connection">The connection.</param>
/// <param name="queue">What waits.</param>
internal sealed class LinkSender(IConnection connection, SendQueue queue)
{
    /// <summary>Encoded bytes with which a send begins although more waits.</summary>
    private const int SendAtBytes = 64 * 1024;

    /// <summary>Shorter pieces are copied: that costs less than a send of their own.</summary>
    private const int CopiedBytesMax = 8 * 1024;

    private readonly FrameBuffer _buffer = new();

    /// <summary>Sends what is queued until the queue is closed, then says that nothing more will come.</summary>
    /// <exception cref="IOException">The connection is broken. What waits is dropped.</exception>
    internal async Task RunAsync()
    {
        try
        {
            while (true)
            {
                if (queue.Take(out var isClosed) is { } next)
                {
                    await WriteAsync(next);
                    await FlushFromAsync(SendAtBytes);
                    continue;
                }

                await FlushFromAsync(1);
                if (isClosed)
                {
                    connection.FinishSending();
                    return;
                }

                await queue.WaitAsync();
            }
        }
        finally
        {
            queue.Drop();
        }
    }

    private async ValueTask WriteAsync(OutgoingMessage message)
    {
        try
        {
            LinkEncoder.WriteHead(_buffer, message.Message, message.PayloadBytes);
            for (var i = 0; i < message.Payload.Count; i++)
            {
                await WriteAsync(message.Payload[i]);
            }
        }
        finally
        {
            message.Release();
        }
    }

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> piece)
    {
        if (piece.Length <= CopiedBytesMax)
        {
            _buffer.WriteBytes(piece.Span);
            await FlushFromAsync(SendAtBytes);
            return;
        }

        await FlushFromAsync(1);
        await connection.SendAsync(piece, CancellationToken.None);
    }

    /// <summary>Sends what is encoded, if it is so many bytes.</summary>
    private async ValueTask FlushFromAsync(int bytes)
    {
        if (_buffer.Length >= bytes)
        {
            await connection.SendAsync(_buffer.Written, CancellationToken.None);
            _buffer.Clear();
        }
    }
}

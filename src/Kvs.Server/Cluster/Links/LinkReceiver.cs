using Kvs.Core.Buffers;
using Kvs.Core.Platform;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Cluster;
using Kvs.Core.Protocol.Cluster.Messages;

namespace Kvs.Server.Cluster.Links;

/// <summary>
/// The receiving half of a link: bytes to messages, handed out in their order, and no more of them at a time than may be
/// in the hands of those who were given them. Threading: one task; <see cref="Stop"/> from any thread. Ownership: of the
/// blocks, with the messages that point into them.
/// </summary>
/// <param name="connection">The connection; the link's.</param>
/// <param name="options">The limits.</param>
internal sealed class LinkReceiver(IConnection connection, LinkOptions options)
{
    private const int DiscardBytes = 4096;

    private readonly ReceiveBlocks _blocks = new(options.BlockBytes);
    private readonly ByteBudget _budget = new(options.HandedOutBytesMax);
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ReadOnlyMemory<byte> _first;

    /// <summary>Bytes that were handed out and not released.</summary>
    internal long HandedOutBytes => _budget.Held;

    /// <summary>Receives until the other side closes or sends what is no message, or it is stopped.</summary>
    /// <param name="first">Bytes of the connection that were received before.</param>
    /// <param name="handOut">Takes each message.</param>
    /// <returns>Why it ends.</returns>
    /// <exception cref="IOException">The connection is broken.</exception>
    internal async Task<LinkEnd> RunAsync(ReadOnlyMemory<byte> first, Action<LinkMessage> handOut)
    {
        _first = first;
        while (true)
        {
            var status = LinkFrameDecoder.TryRead(_blocks.Received, out var frame, out var fault);
            if (status == FrameStatus.NeedMore)
            {
                if (!await TryReceiveAsync(frame.Length))
                {
                    return _blocks.Received.IsEmpty ? LinkEnd.Closed : LinkEnd.ClosedWithinFrame;
                }
            }
            else if (status == FrameStatus.Refused || !LinkDecoder.TryRead(in frame, out var message, out fault))
            {
                return LinkEnd.Nonsense(in fault);
            }
            else if (message is null || await TryAcquireAsync(frame.Length))
            {
                _blocks.Consume(frame.Length);
                HandOut(message, frame.Length, handOut);
            }

            if (_stopped.Task.IsCompleted)
            {
                return LinkEnd.Stopped;
            }
        }
    }

    /// <summary>Hands out nothing any more, as soon as possible.</summary>
    internal void Stop() => _stopped.TrySetResult();

    /// <summary>
    /// Reads on, without looking, until the other side closes: closing with unread bytes would reset the connection, and
    /// the other side might never see what was sent last.
    /// </summary>
    /// <exception cref="IOException">The connection is broken, or was disposed.</exception>
    internal async Task DiscardAsync()
    {
        var sink = new byte[DiscardBytes];
        while (await connection.ReceiveAsync(sink, CancellationToken.None) > 0)
        {
        }
    }

    /// <summary>Lets go of the block, at the end; messages that point into it keep it.</summary>
    internal void Release() => _blocks.Release();

    private async ValueTask<bool> TryReceiveAsync(int frameBytes)
    {
        var room = _blocks.RoomFor(frameBytes);
        var count = Math.Min(_first.Length, room.Length);
        if (count > 0)
        {
            _first[..count].CopyTo(room);
            _first = _first[count..];
        }
        else
        {
            count = await connection.ReceiveAsync(room, CancellationToken.None);
        }

        _blocks.Add(count);
        return count > 0;
    }

    /// <summary>Waits until so many bytes may be handed out; false when it is stopped meanwhile.</summary>
    private async ValueTask<bool> TryAcquireAsync(int bytes)
    {
        // Once stopped, the budget is of no use to anybody: what it still gives may be lost.
        var acquired = _budget.AcquireAsync(bytes);
        if (!acquired.IsCompletedSuccessfully)
        {
            await Task.WhenAny(acquired.AsTask(), _stopped.Task);
        }

        return !_stopped.Task.IsCompleted;
    }

    private void HandOut(ClusterMessage? message, int bytes, Action<LinkMessage> handOut)
    {
        if (message is null)
        {
            return;
        }

        var block = LinkEncoder.PayloadOf(message).IsEmpty ? null : _blocks.Block;
        block?.Hold();
        handOut(new LinkMessage(message, bytes, _budget, block));
    }
}

using Kvs.Core.Platform;
using Kvs.Core.Protocol.Cluster.Messages;

namespace Kvs.Server.Cluster.Links;

/// <summary>
/// One connection to another node: messages in, in their order, messages out, in theirs. It knows no epochs and decides
/// nothing; a peer that sends what is no message is told so and left.
/// Threading: any thread. Ownership: of the connection, and of what is given to it to send.
/// </summary>
internal sealed class ClusterLink
{
    private const int Open = 0;
    private const int ClosedHere = 1;
    private const int Lost = 2;

    private readonly IConnection _connection;
    private readonly ILinkEvents _events;
    private readonly LinkOptions _options;
    private readonly SendQueue _queue;
    private readonly LinkReceiver _receiver;
    private readonly LinkLog _log;
    private readonly TimeProvider _time;
    private ITimer? _deadline; // set once, by who ends it
    private string? _failure; // first cause; Interlocked
    private int _state; // Interlocked

    /// <summary>Creates it; <see cref="RunAsync"/> runs it.</summary>
    /// <param name="number">Its number; no other link of this process has it.</param>
    /// <param name="connection">The connection. Ownership: this object's.</param>
    /// <param name="room">What links share.</param>
    internal ClusterLink(long number, IConnection connection, ClusterLinks room)
    {
        Number = number;
        _connection = connection;
        _events = room.Events;
        _options = room.Options;
        _log = room.Log;
        _queue = new SendQueue(_options.QueuedBytesMax);
        _receiver = new LinkReceiver(connection, _options);
        _time = room.Time;
    }

    /// <summary>Its number.</summary>
    internal long Number { get; }

    /// <summary>The other side, for logs.</summary>
    internal string RemoteAddress => _connection.RemoteAddress;

    /// <summary>Whether it was closed here; what was sent before may be under way.</summary>
    internal bool IsClosed => Volatile.Read(ref _state) == ClosedHere;

    /// <summary>Bytes of messages that were handed out and not released.</summary>
    internal long HandedOutBytes => _receiver.HandedOutBytes;

    /// <summary>Sends a message behind those that wait; see <see cref="SendQueue"/> for the exception.</summary>
    /// <param name="message">The message.</param>
    /// <param name="owner">
    /// Who owns its payload. Ownership: the link's, which disposes it once: when all was sent, or when it never will be.
    /// </param>
    /// <returns>False when the link has ended or ends by this: its peer takes nothing.</returns>
    internal bool Send(ClusterMessage message, IDisposable? owner = null) => Send(OutgoingMessage.Of(message, owner));

    /// <summary>Sends group frames from where they lie.</summary>
    /// <param name="head">The message; its own frames are left out.</param>
    /// <param name="frames">The frames, in pieces. Not changed until the owner is disposed.</param>
    /// <param name="owner">Who owns them; see the other overload.</param>
    /// <returns>False as above.</returns>
    internal bool Send(Append head, IReadOnlyList<ReadOnlyMemory<byte>> frames, IDisposable? owner) =>
        Send(new OutgoingMessage(head, frames, owner));

    /// <summary>
    /// Closes it behind what was sent; again without effect. There is no event for it, and nothing is received any more but
    /// a message that is being handed out at this moment.
    /// </summary>
    internal void Close()
    {
        if (TryLeave(ClosedHere))
        {
            EndBehindQueue();
        }
    }

    /// <summary>Ends it at once, whatever waits.</summary>
    internal void Abort()
    {
        _ = TryLeave(ClosedHere);
        _receiver.Stop();
        _queue.Drop();
        _connection.Dispose();
    }

    /// <summary>Ends it before it was run: its other side is not let in.</summary>
    internal void Discard()
    {
        Abort();
        _receiver.Release();
    }

    /// <summary>Serves the connection to its end. Never fails.</summary>
    /// <param name="peer">Who was dialled; null when the other side has dialled.</param>
    /// <param name="received">What was received before.</param>
    internal async Task RunAsync(string? peer, ReadOnlyMemory<byte> received)
    {
        var sending = SendAllAsync();
        try
        {
            var end = await ReceiveAllAsync(peer, received);
            if (TryLeave(Lost))
            {
                Leave(in end);
            }

            await DiscardAsync();
        }
        catch (Exception bug)
        {
            _log.Failed(bug, RemoteAddress);
            Abort();
        }

        await sending;
        _connection.Dispose();
        _receiver.Release();
        _deadline?.Dispose();
    }

    private bool Send(OutgoingMessage message)
    {
        var queueing = _queue.Add(message);
        if (queueing == Queueing.Queued)
        {
            return true;
        }

        message.Release();
        if (queueing == Queueing.Full)
        {
            Fail($"The other side does not take what is sent to it: {_options.QueuedBytesMax} bytes wait.");
        }

        return false;
    }

    private bool TryLeave(int state) => Interlocked.CompareExchange(ref _state, state, Open) == Open;

    /// <summary>The peer is gone, or is left because of what it sent.</summary>
    private void Leave(in LinkEnd end)
    {
        var reason = _failure ?? end.Reason;
        _log.Ended(RemoteAddress, reason);
        if (end.IsNonsense)
        {
            _queue.Add(OutgoingMessage.Of(new Goodbye(_events.Epoch, GoodbyeReason.Protocol, 0), owner: null));
            EndBehindQueue();
        }
        else
        {
            _queue.Drop();
            _connection.Dispose();
        }

        _events.Disconnected(this, reason);
    }

    private void EndBehindQueue()
    {
        _deadline = _time.CreateTimer(
            static connection => ((IConnection)connection!).Dispose(), _connection, _options.CloseTimeout, Timeout.InfiniteTimeSpan);
        _receiver.Stop();
        _queue.Close();
    }

    private void Fail(string reason)
    {
        Interlocked.CompareExchange(ref _failure, reason, null);
        _connection.Dispose();
    }

    private async Task<LinkEnd> ReceiveAllAsync(string? peer, ReadOnlyMemory<byte> received)
    {
        try
        {
            _events.Connected(this, peer);
            return await _receiver.RunAsync(received, message => _events.Received(this, message));
        }
        catch (IOException failure)
        {
            return new LinkEnd(failure.Message);
        }
        catch (Exception bug)
        {
            _log.Failed(bug, RemoteAddress);
            return new LinkEnd($"A bug: {bug.Message}");
        }
    }

    private async Task SendAllAsync()
    {
        try
        {
            await new LinkSender(_connection, _queue).RunAsync();
        }
        catch (IOException failure)
        {
            Fail(failure.Message);
        }
        catch (Exception bug)
        {
            _log.Failed(bug, RemoteAddress);
            Fail($"A bug: {bug.Message}");
        }
    }

    private async Task DiscardAsync()
    {
        try
        {
            await _receiver.DiscardAsync();
        }
        catch (IOException)
        {
            // It is gone: there is nothing to wait for.
        }
    }
}

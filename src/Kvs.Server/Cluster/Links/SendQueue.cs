using System.Diagnostics.CodeAnalysis;
using Kvs.Core.Protocol.Cluster.Messages;

namespace Kvs.Server.Cluster.Links;

/// <summary>What came of a message that was to be queued.</summary>
internal enum Queueing
{
    /// <summary>It waits its turn.</summary>
    Queued,

    /// <summary>There is no room for it.</summary>
    Full,

    /// <summary>Nothing is sent any more.</summary>
    Closed,
}

/// <summary>
/// Messages that wait to be sent, in order; but a beacon goes before the bulk that waits at the end. Leases and promises
/// rest on beacons that come in time, and a window of frames may take a slow network longer than they last. Nothing else
/// overtakes anything; and what a follower learns from a beacon holds for as much of the log as it has.
/// Threading: one short lock; one taker. Ownership: of what waits in it.
/// </summary>
/// <param name="bytesMax">Bytes that may wait; one larger message may wait alone.</param>
[SuppressMessage("Design", "CA1001",
    Justification = "The semaphore holds no handle unless asked for one; a late message must find it.")]
internal sealed class SendQueue(long bytesMax)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<OutgoingMessage> _waiting = new(); // guarded by _gate
    private readonly SemaphoreSlim _wake = new(0);
    private long _bytes; // guarded by _gate
    private bool _isClosed; // guarded by _gate
    private bool _isTakerIdle; // guarded by _gate

    /// <summary>Adds a message.</summary>
    /// <param name="message">The message. Ownership: the queue's if it is queued.</param>
    /// <returns>What came of it.</returns>
    internal Queueing Add(OutgoingMessage message)
    {
        lock (_gate)
        {
            if (_isClosed)
            {
                return Queueing.Closed;
            }

            if (_waiting.Count > 0 && _bytes + message.QueuedBytes > bytesMax)
            {
                return Queueing.Full;
            }

            _bytes += message.QueuedBytes;
            InsertLocked(message);
            WakeLocked();
            return Queueing.Queued;
        }
    }

    /// <summary>Takes the message to be sent next.</summary>
    /// <param name="isClosed">Whether none will come when none waits.</param>
    /// <returns>The message, or null when none waits. Ownership: the taker's.</returns>
    internal OutgoingMessage? Take(out bool isClosed)
    {
        lock (_gate)
        {
            isClosed = _isClosed;
            if (_waiting.First?.Value is not { } next)
            {
                _isTakerIdle = true;
                return null;
            }

            _waiting.RemoveFirst();
            _bytes -= next.QueuedBytes;
            return next;
        }
    }

    /// <summary>Waits, when none was there to be taken, until there is one or the queue is closed.</summary>
    internal Task WaitAsync() => _wake.WaitAsync();

    /// <summary>Takes no more; what waits is still sent.</summary>
    internal void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            WakeLocked();
        }
    }

    /// <summary>Takes no more, and drops what waits.</summary>
    internal void Drop()
    {
        Close();
        while (Take(out _) is { } message)
        {
            message.Release();
        }
    }

    private void InsertLocked(OutgoingMessage message)
    {
        var before = _waiting.Last;
        while (message.Message is Beacon && before?.Value.IsBulk == true)
        {
            before = before.Previous;
        }

        if (before is null)
        {
            _waiting.AddFirst(message);
        }
        else
        {
            _waiting.AddAfter(before, message);
        }
    }

    private void WakeLocked()
    {
        if (_isTakerIdle)
        {
            _isTakerIdle = false;
            _wake.Release();
        }
    }
}

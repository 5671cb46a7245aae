using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Core.Client.Connections;

/// <summary>
/// Frames on their way out: callers write into one buffer while another is being sent, so that what is written during a
/// send leaves with the next one.
/// Threading: members called <c>...Locked</c> under the gate that is given; <see cref="Flush"/> by any thread without it.
/// Ownership: of its buffers.
/// </summary>
/// <param name="gate">The gate of the connection.</param>
/// <param name="connection">Where frames go; not disposed here.</param>
/// <param name="broken">Told, once, when a send fails.</param>
internal sealed class Outbox(Lock gate, IConnection connection, Action<IOException> broken)
{
    private FrameBuffer _filling = new(); // guarded by the gate
    private FrameBuffer _sending = new(); // the flush's while _isFlushing
    private bool _isFlushing; // guarded by the gate
    private bool _isClosed; // guarded by the gate
    private ulong _sequence; // newest request written; guarded by the gate
    private Task _flushing = Task.CompletedTask;

    /// <summary>Frames that wait.</summary>
    internal FrameBuffer FramesLocked => _filling;

    /// <summary>Newest request whose bytes may have left this machine.</summary>
    internal ulong SentThroughLocked { get; private set; }

    /// <summary>Completes when no send runs any more, after a close.</summary>
    internal Task Flushing => _flushing;

    /// <summary>Numbers a request that the caller writes next.</summary>
    /// <returns>Its id.</returns>
    internal uint NextIdLocked() => (uint)++_sequence;

    /// <summary>Writes the request of a call, unless it is larger than the server takes.</summary>
    /// <typeparam name="TState">What it is about.</typeparam>
    /// <typeparam name="TResult">What it gives.</typeparam>
    /// <param name="call">The kind of call.</param>
    /// <param name="state">What it is about.</param>
    /// <param name="fields">Optional fields.</param>
    /// <param name="bytesMax">What the server takes; 0 while that is not known.</param>
    /// <param name="sequence">Its place on the connection.</param>
    /// <returns>Null when written; else why it cannot be, and no trace of it is left.</returns>
    internal KvsException? TryWriteLocked<TState, TResult>(
        Call<TState, TResult> call, in TState state, in RequestFields fields, uint bytesMax, out ulong sequence)
    {
        sequence = _sequence + 1;
        var start = _filling.Length;
        call.Write(_filling, (uint)sequence, in fields, in state);
        var length = _filling.Length - start;
        if (bytesMax != 0 && (uint)length > bytesMax)
        {
            _filling.Truncate(start);
            return new KvsException(ErrorCode.BatchTooLarge, $"The request has {length} bytes, the server takes {bytesMax}.");
        }

        _sequence = sequence;
        return null;
    }

    /// <summary>Sends nothing more.</summary>
    internal void CloseLocked() => _isClosed = true;

    /// <summary>Sends what waits, unless a send runs, which then takes it along.</summary>
    internal void Flush()
    {
        lock (gate)
        {
            if (_isFlushing || _isClosed)
            {
                return;
            }

            _isFlushing = true;
        }

        _flushing = FlushAsync();
    }

    private async Task FlushAsync()
    {
        try
        {
            while (TryTakeFilled())
            {
                await connection.SendAsync(_sending.Written, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (IOException failure)
        {
            broken(failure);
        }
    }

    private bool TryTakeFilled()
    {
        lock (gate)
        {
            _sending.Clear();
            if (_filling.Length == 0 || _isClosed)
            {
                _isFlushing = false;
                return false;
            }

            // From here on the bytes may leave: a write among them that is not answered is unknown.
            (_filling, _sending) = (_sending, _filling);
            SentThroughLocked = _sequence;
            return true;
        }
    }
}

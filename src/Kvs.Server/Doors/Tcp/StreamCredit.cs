namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// How many chunks a stream may send, as its client allows. Threading: <see cref="TakeAsync"/> by the stream; the rest by
/// the session.
/// </summary>
/// <param name="chunks">Chunks that may be sent unasked.</param>
internal sealed class StreamCredit(uint chunks)
{
    private const uint CreditMax = 1_000_000;

    private readonly Lock _gate = new();
    private uint _credit = Math.Min(chunks, CreditMax); // guarded by _gate
    private bool _cancelled; // guarded by _gate
    private TaskCompletionSource? _waiter; // guarded by _gate

    /// <summary>Allows more chunks.</summary>
    /// <param name="more">How many.</param>
    internal void Add(uint more)
    {
        lock (_gate)
        {
            _credit = (uint)Math.Min((ulong)_credit + more, CreditMax);
            WakeLocked();
        }
    }

    /// <summary>Ends the stream: no chunk is allowed any more.</summary>
    internal void Cancel()
    {
        lock (_gate)
        {
            _cancelled = true;
            WakeLocked();
        }
    }

    /// <summary>Waits until a chunk may be sent.</summary>
    /// <param name="rest">Called before it waits: nothing is kept for a client that may never ask for more.</param>
    /// <returns>False when the stream is cancelled.</returns>
    internal async ValueTask<bool> TakeAsync(Action rest)
    {
        while (true)
        {
            Task wait;
            lock (_gate)
            {
                if (_cancelled)
                {
                    return false;
                }

                if (_credit > 0)
                {
                    _credit--;
                    return true;
                }

                _waiter ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                wait = _waiter.Task;
            }

            rest();
            await wait;
        }
    }

    private void WakeLocked()
    {
        _waiter?.SetResult();
        _waiter = null;
    }
}

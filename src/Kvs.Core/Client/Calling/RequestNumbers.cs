namespace Kvs.Core.Client.Calling;

/// <summary>
/// The numbers of a client's writes, from 1. A server keeps what it answered to each number until it hears that the client
/// is done with it; so no more than <see cref="InFlightMax"/> numbers are used beyond the newest with which, and with all
/// before it, the client is done. Whoever wants one more waits.
/// Threading: any thread. No caller's code runs under the lock.
/// </summary>
#pragma warning disable CA1001 // The semaphore's wait handle is never asked for, so it holds nothing.
internal sealed class RequestNumbers
#pragma warning restore CA1001
{
    /// <summary>Most numbers that a server must remember for one client.</summary>
    internal const int InFlightMax = 1024;

    private readonly Lock _gate = new();
    private readonly bool[] _isDone = new bool[InFlightMax]; // by number modulo its length; guarded by _gate
    private readonly SemaphoreSlim _room = new(InFlightMax);
    private ulong _newest; // guarded by _gate
    private ulong _doneThrough; // guarded by _gate

    /// <summary>The client is done with all numbers up to this one: they are answered, or given up for good.</summary>
    internal ulong DoneThrough
    {
        get
        {
            lock (_gate)
            {
                return _doneThrough;
            }
        }
    }

    /// <summary>Takes the next number, when there is room for one.</summary>
    /// <param name="number">The number.</param>
    /// <returns>False when there is none: wait by <see cref="TakeAsync"/>.</returns>
    internal bool TryTake(out ulong number)
    {
        var isRoom = _room.Wait(0, CancellationToken.None);
        number = isRoom ? Next() : 0;
        return isRoom;
    }

    /// <summary>Takes the next number, as soon as there is room for one.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    internal async Task<ulong> TakeAsync(CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        return Next();
    }

    /// <summary>The client is done with a number: nobody will repeat its request.</summary>
    /// <param name="number">The number; once.</param>
    internal void Finish(ulong number)
    {
        var freed = 0;
        lock (_gate)
        {
            _isDone[number % InFlightMax] = true;
            while (_doneThrough < _newest && _isDone[(_doneThrough + 1) % InFlightMax])
            {
                _doneThrough++;
                _isDone[_doneThrough % InFlightMax] = false;
                freed++;
            }
        }

        if (freed > 0)
        {
            _room.Release(freed);
        }
    }

    private ulong Next()
    {
        lock (_gate)
        {
            return ++_newest;
        }
    }
}

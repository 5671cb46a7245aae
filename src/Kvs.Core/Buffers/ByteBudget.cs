using Kvs.Core.Primitives;

namespace Kvs.Core.Buffers;

/// <summary>
/// A number of bytes that several share; who finds too few left waits in line, which is how a door or a link stops
/// reading. More than the whole budget is given to one alone. Threading: any thread; one short lock.
/// </summary>
/// <param name="bytesMax">The budget.</param>
internal sealed class ByteBudget(long bytesMax)
{
    private readonly Lock _gate = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Given)> _line = new(); // guarded by _gate
    private long _held; // guarded by _gate

    /// <summary>The budget.</summary>
    internal long BytesMax => bytesMax;

    /// <summary>Bytes that are held now.</summary>
    internal long Held
    {
        get
        {
            lock (_gate)
            {
                return _held;
            }
        }
    }

    /// <summary>Takes bytes; in line behind those that wait.</summary>
    /// <param name="bytes">How many.</param>
    /// <returns>Completed when they are held, which is at once unless there are too few.</returns>
    internal ValueTask AcquireAsync(long bytes)
    {
        lock (_gate)
        {
            if (_line.Count == 0 && FitsLocked(bytes))
            {
                _held += bytes;
                return ValueTask.CompletedTask;
            }

            var given = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _line.Enqueue((bytes, given));
            return new ValueTask(given.Task);
        }
    }

    /// <summary>Takes bytes if that is possible at once.</summary>
    /// <param name="bytes">How many.</param>
    /// <returns>False when others hold too many, or wait for some.</returns>
    internal bool TryAcquire(long bytes)
    {
        lock (_gate)
        {
            if (_line.Count > 0 || !FitsLocked(bytes))
            {
                return false;
            }

            _held += bytes;
            return true;
        }
    }

    /// <summary>Gives bytes back. Whoever goes on because of it does so on the thread pool.</summary>
    /// <param name="bytes">How many.</param>
    internal void Release(long bytes)
    {
        lock (_gate)
        {
            _held -= bytes;
            Check.That(_held >= 0);
            while (_line.TryPeek(out var next) && FitsLocked(next.Bytes))
            {
                _held += next.Bytes;
                _line.Dequeue();
                next.Given.SetResult();
            }
        }
    }

    private bool FitsLocked(long bytes) => _held == 0 || bytes <= bytesMax - _held;
}

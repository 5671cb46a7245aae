using System.Diagnostics.CodeAnalysis;

namespace Kvs.Server.Telemetry.Operations;

/// <summary>
/// Counters of which each thread has a set of its own, so that counting is a plain addition: no lock, no interlocked
/// instruction, no cache line that two processors write. Sums are exact, those of ended threads included: the set of a
/// thread that has ended goes to the next new one, with what it has counted. Needs 64-bit reads that do not tear.
/// Threading: <see cref="Own"/> gives what only the calling thread may write, and only until it waits for something;
/// <see cref="Sum"/> any thread.
/// </summary>
/// <param name="count">Counters in a set.</param>
[SuppressMessage("Design", "CA1001", Justification = "An engine that closes counts to its end; the collector frees the slots.")]
internal sealed class ThreadCells(int count)
{
    private readonly ThreadLocal<Lease?> _own = new();
    private readonly Lock _gate = new();
    private readonly List<long[]> _all = []; // guarded by _gate
    private readonly Stack<long[]> _free = new(); // guarded by _gate: sets of threads that have ended

    /// <summary>Sets that were made: as many as threads have counted at the same time.</summary>
    internal int Sets
    {
        get
        {
            lock (_gate)
            {
                return _all.Count;
            }
        }
    }

    /// <summary>Those of them that wait for a new thread.</summary>
    internal int FreeSets
    {
        get
        {
            lock (_gate)
            {
                return _free.Count;
            }
        }
    }

    /// <summary>The counters of this thread.</summary>
    internal long[] Own() => (_own.Value ??= Rent()).Cells;

    /// <summary>Adds up all threads.</summary>
    /// <returns>One number for each counter.</returns>
    internal long[] Sum()
    {
        var sum = new long[count];
        lock (_gate)
        {
            foreach (var cells in _all)
            {
                for (var i = 0; i < count; i++)
                {
                    sum[i] += Volatile.Read(ref cells[i]);
                }
            }
        }

        return sum;
    }

    private Lease Rent()
    {
        lock (_gate)
        {
            if (!_free.TryPop(out var cells))
            {
                cells = new long[count];
                _all.Add(cells);
            }

            return new Lease(this, cells);
        }
    }

    private void Return(long[] cells)
    {
        lock (_gate)
        {
            _free.Push(cells);
        }
    }

    /// <summary>Lives as long as its thread; its finalizer gives the set back. The lock hands over what was counted.</summary>
    private sealed class Lease(ThreadCells owner, long[] cells)
    {
#pragma warning disable MA0055 // A thread tells nobody that it ends: what only it refers to is all that does.
        ~Lease() => owner.Return(cells);
#pragma warning restore MA0055

        internal long[] Cells => cells;
    }
}

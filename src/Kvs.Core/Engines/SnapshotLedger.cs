namespace Kvs.Core.Engines;

/// <summary>
/// How many snapshots are held, and since when: what statistics say of them. It keeps nothing alive.
/// Threading: any thread; a short lock, never held over other work.
/// </summary>
/// <param name="time">Monotonic clock.</param>
internal sealed class SnapshotLedger(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<long> _takenAt = []; // guarded by _gate; oldest first

    /// <summary>Snapshots that are held now.</summary>
    internal int Count
    {
        get
        {
            lock (_gate)
            {
                return _takenAt.Count;
            }
        }
    }

    /// <summary>Age of the oldest one that is held; zero when none is.</summary>
    internal TimeSpan OldestAge
    {
        get
        {
            lock (_gate)
            {
                return _takenAt.First is { } oldest ? time.GetElapsedTime(oldest.Value) : TimeSpan.Zero;
            }
        }
    }

    /// <summary>A snapshot is taken.</summary>
    /// <returns>Its line in the ledger. Ownership: the snapshot's, which disposes it, once.</returns>
    internal IDisposable Add()
    {
        lock (_gate)
        {
            return new Line(this, _takenAt.AddLast(time.GetTimestamp()));
        }
    }

    private sealed class Line(SnapshotLedger ledger, LinkedListNode<long> node) : IDisposable
    {
        public void Dispose()
        {
            lock (ledger._gate)
            {
                if (node.List is not null)
                {
                    ledger._takenAt.Remove(node);
                }
            }
        }
    }
}

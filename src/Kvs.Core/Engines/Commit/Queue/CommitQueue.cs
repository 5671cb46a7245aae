using Kvs.Core.Operations;

namespace Kvs.Core.Engines.Commit.Queue;

/// <summary>
/// Work on its way from any number of doors to the commit thread: an intrusive stack that producers push to with one
/// compare-and-swap and that the consumer takes whole with one exchange and turns round, so that each caller's items
/// come out in the order of its calls. Bounded in bytes, counted from the hand-over until the answer.
/// Threading: <see cref="TryEnqueue"/> and <see cref="Release"/> any thread; <see cref="TakeAll"/> commit thread only.
/// Why this is safe: only whole lists are taken, so a node can never be popped and pushed again between a producer's
/// read of the top and its swap (no ABA); the swap publishes the item's fields, the exchange acquires them.
/// </summary>
/// <param name="bytesMax">Bytes at which items are refused. An empty queue takes one item of any size.</param>
internal sealed class CommitQueue(long bytesMax)
{
    private WorkItem? _newest; // published: Interlocked
    private long _bytes; // Interlocked
    private long _lastWaitTicks; // published: Volatile

    /// <summary>How long the item waited that was begun last; zero when nothing waits. Set by the commit thread.</summary>
    internal TimeSpan LastWait
    {
        get => new(Volatile.Read(ref _lastWaitTicks));
        set => Volatile.Write(ref _lastWaitTicks, value.Ticks);
    }

    /// <summary>Bytes handed over and not yet answered.</summary>
    internal long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Whether nothing waits to be taken.</summary>
    internal bool IsEmpty => Volatile.Read(ref _newest) is null;

    /// <summary>Hands an item over.</summary>
    /// <param name="item">The item, with its bytes counted.</param>
    /// <returns>False when the queue is full: the item is still the caller's.</returns>
    internal bool TryEnqueue(WorkItem item)
    {
        var bytes = Interlocked.Add(ref _bytes, item.QueuedBytes);
        if (bytes > bytesMax && bytes != item.QueuedBytes)
        {
            Interlocked.Add(ref _bytes, -item.QueuedBytes);
            return false;
        }

        var newest = Volatile.Read(ref _newest);
        while (true)
        {
            item.Next = newest;
            var seen = Interlocked.CompareExchange(ref _newest, item, newest);
            if (ReferenceEquals(seen, newest))
            {
                return true;
            }

            newest = seen;
        }
    }

    /// <summary>Takes everything that was handed over.</summary>
    /// <returns>The first item, linked by <see cref="WorkItem.Next"/> in the order of arrival; null when empty.</returns>
    internal WorkItem? TakeAll()
    {
        var newest = Interlocked.Exchange(ref _newest, null);
        WorkItem? oldest = null;
        while (newest is { } item)
        {
            newest = item.Next;
            item.Next = oldest;
            oldest = item;
        }

        return oldest;
    }

    /// <summary>Gives room back when an item is answered.</summary>
    /// <param name="bytes">The item's bytes.</param>
    internal void Release(long bytes) => Interlocked.Add(ref _bytes, -bytes);
}

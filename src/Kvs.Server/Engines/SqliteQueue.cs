using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Engines;

/// <summary>
/// What waits for the writer of a sqlite engine: work items, bounded in bytes, and compactions. Threading: any thread
/// enqueues; the writer's loop takes. One short lock.
/// </summary>
/// <param name="bytesMax">Bytes of items that may wait; one item is taken whatever its size.</param>
internal sealed class SqliteQueue(long bytesMax)
{
    private readonly Lock _gate = new();
    private readonly Queue<WorkItem> _items = []; // guarded by _gate
    private readonly List<TaskCompletionSource> _compactions = []; // guarded by _gate
    private long _bytes; // guarded by _gate
    private bool _closed; // guarded by _gate

    /// <summary>Whether nothing more is taken in.</summary>
    internal bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _closed;
            }
        }
    }

    /// <summary>Puts an item behind the others.</summary>
    /// <param name="item">The item, with its bytes counted.</param>
    /// <returns>None, or why it is refused.</returns>
    internal ErrorCode TryEnqueue(WorkItem item)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return ErrorCode.ShuttingDown;
            }

            if (_items.Count > 0 && _bytes + item.QueuedBytes > bytesMax)
            {
                return ErrorCode.Overloaded;
            }

            _items.Enqueue(item);
            _bytes += item.QueuedBytes;
            return ErrorCode.None;
        }
    }

    /// <summary>Asks for a compaction.</summary>
    /// <param name="done">Completed by the writer. Its continuations run elsewhere.</param>
    /// <returns>False when the queue is closed.</returns>
    internal bool TryEnqueue(TaskCompletionSource done)
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _compactions.Add(done);
            }

            return !_closed;
        }
    }

    /// <summary>Takes the items of one group: as many as wait, up to the group's bytes.</summary>
    /// <param name="group">Filled; empty when nothing waits.</param>
    internal void Take(List<WorkItem> group)
    {
        group.Clear();
        var bytes = 0L;
        lock (_gate)
        {
            while (bytes < Limits.CommitGroupBytesMax && _items.TryDequeue(out var item))
            {
                bytes += item.QueuedBytes;
                group.Add(item);
            }

            _bytes -= bytes;
        }
    }

    /// <summary>Takes all compactions that were asked for: one run serves them all.</summary>
    internal TaskCompletionSource[] TakeCompactions()
    {
        lock (_gate)
        {
            TaskCompletionSource[] taken = [.. _compactions];
            _compactions.Clear();
            return taken;
        }
    }

    /// <summary>Takes nothing in any more; what waits is still done.</summary>
    internal void Close()
    {
        lock (_gate)
        {
            _closed = true;
        }
    }
}

using Kvs.Server.Cluster.Store;

namespace Kvs.Server.Cluster.Reads;

/// <summary>
/// Waits until readers of this node see a sequence. Threading: any thread; <see cref="Advanced"/> by the driver.
/// </summary>
/// <param name="store">The store.</param>
internal sealed class AppliedPositions(MemberStore store)
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<TaskCompletionSource, ulong> _waiting = new(); // guarded by _gate

    /// <summary>Waits for a sequence.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal Task ReachAsync(ulong sequence, CancellationToken cancellationToken)
    {
        if (IsReached(sequence))
        {
            return Task.CompletedTask;
        }

        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _waiting.Enqueue(reached, sequence);
        }

        // It may have been reached between the look and the queue; the next advance would tell, but there may be none.
        if (IsReached(sequence))
        {
            reached.TrySetResult();
        }

        return reached.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Readers see more.</summary>
    /// <param name="sequence">Through where.</param>
    internal void Advanced(ulong sequence)
    {
        lock (_gate)
        {
            while (_waiting.TryPeek(out var reached, out var wanted) && (wanted <= sequence || reached.Task.IsCompleted))
            {
                _waiting.Dequeue();
                reached.TrySetResult();
            }
        }
    }

    private bool IsReached(ulong sequence) => store.Member is { } log && log.Applied >= sequence;
}

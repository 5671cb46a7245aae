namespace Kvs.Server.Cluster.Etcd;

/// <summary>Waits for a task that goes on when the wait ends.</summary>
internal static class Arrival
{
    /// <summary>Waits until the task has ended, or the time is up.</summary>
    /// <param name="task">The task; its failure stays with it.</param>
    /// <param name="limit">The time.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether the task has ended.</returns>
    internal static async Task<bool> InTimeAsync(
        Task task, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        await task.WaitAsync(limit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return task.IsCompleted;
    }
}

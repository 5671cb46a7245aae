namespace Kvs.Core.Engines.Watch;

/// <summary>
/// Tells whoever waits for it that readers see more than before. However many wait, the sync thread only puts one item
/// into the thread pool, and only when somebody waits.
/// Threading: any thread. Why nothing is missed: who waits takes the task, then says so, then looks at what is published;
/// who publishes does it in the other order, with a full fence between the two on both sides.
/// </summary>
internal sealed class PublicationSignal : IThreadPoolWorkItem
{
    private TaskCompletionSource _next = New(); // Interlocked
    private int _isAwaited; // Interlocked
    private bool _isClosed; // published: Volatile

    /// <summary>Whether the engine has closed.</summary>
    internal bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>Begins to wait. Look at what is published after this call, before the task is awaited.</summary>
    /// <returns>Completes at the next publication, or a little early.</returns>
    internal Task Await()
    {
        var next = Volatile.Read(ref _next).Task;
        Interlocked.Exchange(ref _isAwaited, 1);
        return next;
    }

    /// <summary>Something was published. Never blocks.</summary>
    internal void Published()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isAwaited) != 0 && Interlocked.Exchange(ref _isAwaited, 0) != 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    /// <summary>The engine has closed: nothing is published any more.</summary>
    internal void Close()
    {
        Volatile.Write(ref _isClosed, true);
        Published();
    }

    void IThreadPoolWorkItem.Execute() => Interlocked.Exchange(ref _next, New()).SetResult();

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

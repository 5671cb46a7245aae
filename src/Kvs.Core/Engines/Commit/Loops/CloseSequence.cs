namespace Kvs.Core.Engines.Commit.Loops;

/// <summary>
/// The order in which the loops of an engine end, each in a step of its own and none waiting for another: compaction
/// gives up what it is at, the commit loop answers and syncs all that was taken, the prepare loop writes the manifest of
/// a clean close. After that no loop touches a file any more. Threading: any thread.
/// </summary>
/// <param name="threads">The loops.</param>
internal sealed class CloseSequence(EngineThreads threads)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isRequested; // published: Volatile
    private bool _hasCompactionEnded; // published: Volatile
    private bool _hasCommitEnded; // published: Interlocked

    /// <summary>Whether the engine is closing: no more work is taken.</summary>
    internal bool IsRequested => Volatile.Read(ref _isRequested);

    /// <summary>Whether compaction has ended.</summary>
    internal bool HasCompactionEnded => Volatile.Read(ref _hasCompactionEnded);

    /// <summary>Whether the commit loop has ended: it answers nothing any more.</summary>
    internal bool HasCommitEnded => Volatile.Read(ref _hasCommitEnded);

    /// <summary>Completes when all loops have ended; fails when the manifest could not be written.</summary>
    internal Task Done => _done.Task;

    /// <summary>Begins to close.</summary>
    internal void Request()
    {
        Volatile.Write(ref _isRequested, true);
        threads.Compaction.Wake();
    }

    /// <summary>Compaction has ended.</summary>
    internal void CompactionEnded()
    {
        Volatile.Write(ref _hasCompactionEnded, true);
        threads.Commit.Wake();
    }

    /// <summary>The commit loop has ended. A full fence: whoever queues an item afterwards sees it.</summary>
    internal void CommitEnded()
    {
        Interlocked.Exchange(ref _hasCommitEnded, true);
        threads.Prepare.Wake();
    }

    /// <summary>The manifest is written, or need not be.</summary>
    internal void Finish() => _done.TrySetResult();

    /// <summary>The manifest could not be written.</summary>
    /// <param name="cause">Why.</param>
    internal void Fail(Exception cause) => _done.TrySetException(cause);
}

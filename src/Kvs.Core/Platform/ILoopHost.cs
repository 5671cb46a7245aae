namespace Kvs.Core.Platform;

/// <summary>
/// The seam to threads: the engine's background work is written as loops of short steps. The real host runs each loop
/// on a named thread of its own; the tests' host runs steps one at a time, in a seeded order, on the caller's thread,
/// so that a crash test is the same run each time.
/// </summary>
internal interface ILoopHost
{
    /// <summary>Starts a loop. It runs its first step at once.</summary>
    /// <param name="name">Name of the thread, for example <c>kvs-commit</c>.</param>
    /// <param name="step">
    /// One step of work, which must not throw (a step that does takes the process down: catch and fault instead).
    /// Returns how long to wait for the next step: zero to go on at once, <see cref="Timeout.InfiniteTimeSpan"/> to
    /// wait for <see cref="ILoop.Wake"/>; a wake ends any wait.
    /// </param>
    /// <returns>The running loop. Ownership: the caller stops it.</returns>
    ILoop Start(string name, Func<TimeSpan> step);
}

/// <summary>A running loop. Threading: any thread.</summary>
internal interface ILoop
{
    /// <summary>Makes the loop run another step soon. A wake during a step is not lost. Cheap when awake.</summary>
    void Wake();

    /// <summary>Ends the loop after the step that runs, and waits for that. Not from within the loop itself.</summary>
    void Stop();
}

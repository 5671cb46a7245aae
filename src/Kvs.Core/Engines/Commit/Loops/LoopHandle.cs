using Kvs.Core.Platform;

namespace Kvs.Core.Engines.Commit.Loops;

/// <summary>
/// A loop that others wake, from before it is started: the loops of an engine know each other, and each runs its first
/// step as soon as it starts. Threading: <see cref="Wake"/> any thread; start and stop once, by the engine.
/// </summary>
internal sealed class LoopHandle
{
    private ILoop? _loop; // published: Volatile

    /// <summary>Makes the loop run another step soon; before the start nothing needs to happen.</summary>
    internal void Wake() => Volatile.Read(ref _loop)?.Wake();

    /// <summary>Starts the loop.</summary>
    /// <param name="host">Runs it.</param>
    /// <param name="name">Name of the thread.</param>
    /// <param name="step">One step.</param>
    internal void Start(ILoopHost host, string name, Func<TimeSpan> step)
    {
        Volatile.Write(ref _loop, host.Start(name, step));

        // Whoever woke it between its first step and this line found no loop.
        Wake();
    }

    /// <summary>Ends the loop after its step.</summary>
    internal void Stop() => Volatile.Read(ref _loop)?.Stop();
}

using System.Diagnostics.CodeAnalysis;
using Kvs.Core.Primitives;

namespace Kvs.Core.Platform;

/// <summary>
/// Runs each loop on a named thread of its own. The threads are background threads: a process that ends without closing
/// its store is a crash, which the store survives, not a hang.
/// </summary>
internal sealed class ThreadLoopHost : ILoopHost
{
    /// <inheritdoc/>
    public ILoop Start(string name, Func<TimeSpan> step) => new ThreadLoop(name, step);
}

/// <summary>
/// One loop and its thread. Threading: a wake sets the event after the waker has made its work visible, the loop resets
/// it before it looks for work, and both are full fences; so either the step sees the work, or the event is still set
/// when the loop comes to wait. An unhandled exception of a step ends the process, as the seam says.
/// </summary>
[SuppressMessage(
    "Design",
    "CA1001",
    Justification = "The event holds no handle unless asked for one, and a late wake must stay harmless.")]
file sealed class ThreadLoop : ILoop
{
    // Longest wait that the event takes; a longer one only costs a step that finds nothing to do.
    private static readonly TimeSpan s_waitMax = TimeSpan.FromMilliseconds(int.MaxValue);

    // A loop that finds nothing sleeps at once: spinning takes the processor from whoever brings the next work
    // (docs/decisions/0005-commit-pipeline.md).
    private const int SpinCount = 0;

    private readonly ManualResetEventSlim _awake = new(initialState: true, SpinCount);
    private readonly Func<TimeSpan> _step;
    private readonly Thread _thread;
    private bool _stopping; // Volatile: set by whoever stops, read by the loop

    internal ThreadLoop(string name, Func<TimeSpan> step)
    {
        _step = step;
        _thread = new Thread(Run) { Name = name, IsBackground = true };
        _thread.Start();
    }

    public void Wake() => _awake.Set();

    public void Stop()
    {
        Check.That(Thread.CurrentThread != _thread);
        Volatile.Write(ref _stopping, true);
        _awake.Set();
        _thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            // Reset first: a stop or a wake from here on sets it again, so the wait below returns at once.
            _awake.Reset();
            if (Volatile.Read(ref _stopping))
            {
                return;
            }

            var wait = _step();
            if (wait != TimeSpan.Zero)
            {
                _awake.Wait(wait > s_waitMax ? s_waitMax : wait);
            }
        }
    }
}

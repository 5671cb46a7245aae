using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.TestKit;

/// <summary>
/// Runs loops on the caller's thread, one step at a time, choosing among those that are ready by seed: the same seed
/// gives the same interleaving. Nothing runs unless a test says so.
/// Threading: one thread runs steps; wakes and stops may come from any. Locks are nested in the order _stepGate, _gate.
/// </summary>
/// <param name="time">The clock by which loops wait.</param>
/// <param name="random">Chooses the next loop. Ownership: this host's alone.</param>
internal sealed class ManualLoopHost(ManualTimeProvider time, Random random) : ILoopHost
{
    private const int StepsMax = 1_000_000;
    private static readonly TimeSpan s_simulatedWaitMax = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_continuationWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_realWaitMax = TimeSpan.FromSeconds(20);

    private readonly Lock _stepGate = new(); // held during a step: who stops a loop waits for it
    private readonly Lock _gate = new();
    private readonly List<ManualLoop> _loops = []; // guarded by _gate
    private readonly List<ManualLoop> _ready = []; // running thread only
    private ManualLoop? _running; // guarded by _stepGate

    /// <summary>Called after each step with the loop's name: the place for a checker.</summary>
    internal Action<string>? AfterStep { get; set; }

    /// <summary>Name of the loop whose step runs; null between steps. Running thread only.</summary>
    internal string? RunningLoop => _running?.Name;

    /// <summary>Names of the loops that have not been stopped.</summary>
    internal IReadOnlyList<string> LoopNames
    {
        get
        {
            lock (_gate)
            {
                return [.. _loops.Select(loop => loop.Name)];
            }
        }
    }

    /// <inheritdoc/>
    public ILoop Start(string name, Func<TimeSpan> step)
    {
        var loop = new ManualLoop(this, name, step) { DueAt = time.GetTimestamp() };
        lock (_gate)
        {
            _loops.Add(loop);
        }

        return loop;
    }

    /// <summary>Runs up to so many steps of loops that are ready.</summary>
    /// <param name="count">How many at most.</param>
    /// <returns>Steps done; fewer than asked when nothing was ready.</returns>
    internal int RunSteps(int count)
    {
        Check.That(_running is null); // a step must not run other steps
        for (var done = 0; done < count; done++)
        {
            var loop = NextReady();
            if (loop is null)
            {
                return done;
            }

            RunStep(loop);
        }

        return count;
    }

    /// <summary>Runs steps until no loop is ready. The clock stands still.</summary>
    internal void RunUntilIdle()
    {
        if (RunSteps(StepsMax) == StepsMax)
        {
            throw new InvalidOperationException(
                $"Still busy after {StepsMax} steps without time passing: {Describe()}.");
        }
    }

    /// <summary>Lets time pass: runs until idle, goes to the next moment when something is due, and so on.</summary>
    /// <param name="by">How much time.</param>
    internal void Advance(TimeSpan by)
    {
        var end = time.GetTimestamp() + by.Ticks;
        RunUntilIdle();
        while (NextDue() is { } due && due <= end)
        {
            time.AdvanceTo(due);
            RunUntilIdle();
        }

        time.AdvanceTo(end);
        RunUntilIdle();
    }

    /// <summary>Runs steps, and lets time pass when nothing is ready, until the task has completed.</summary>
    /// <param name="task">For example the closing of a store.</param>
    internal void RunUntilCompleted(Task task)
    {
        var end = time.GetTimestamp() + s_simulatedWaitMax.Ticks;
        RunUntilIdle();
        while (!task.IsCompleted)
        {
            // A continuation of the task may be on its way on a pool thread: it goes first, or the clock would run on
            // by chance. Where nothing is due, nothing but such a continuation can complete the task.
            var due = NextDue() is { } next && next <= end ? next : (long?)null;
            if (!((IAsyncResult)task).AsyncWaitHandle.WaitOne(due is null ? s_realWaitMax : s_continuationWait))
            {
                time.AdvanceTo(due ?? throw new InvalidOperationException(
                    $"Nothing left to do, but the task is not complete: {Describe()}."));
            }

            RunUntilIdle();
        }

        task.GetAwaiter().GetResult();
    }

    private void RunStep(ManualLoop loop)
    {
        lock (_stepGate)
        {
            if (loop.IsStopped)
            {
                return; // since it was chosen
            }

            _running = loop;
            try
            {
                var wait = loop.Step();
                lock (_gate)
                {
                    loop.DueAt = wait == Timeout.InfiniteTimeSpan ? long.MaxValue : time.GetTimestamp() + wait.Ticks;
                }
            }
            finally
            {
                _running = null;
            }
        }

        AfterStep?.Invoke(loop.Name);
    }

    private ManualLoop? NextReady()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            _ready.Clear();
            foreach (var loop in _loops)
            {
                if (loop.Woken || loop.DueAt <= now)
                {
                    _ready.Add(loop);
                }
            }

            if (_ready.Count == 0)
            {
                return null;
            }

            var next = _ready[random.Next(_ready.Count)];
            next.Woken = false;
            return next;
        }
    }

    private long? NextDue()
    {
        lock (_gate)
        {
            var next = time.NextDue ?? long.MaxValue;
            foreach (var loop in _loops)
            {
                next = Math.Min(next, loop.DueAt);
            }

            return next == long.MaxValue ? null : next;
        }
    }

    private string Describe() => string.Join(", ", LoopNames);

    private sealed class ManualLoop(ManualLoopHost host, string name, Func<TimeSpan> step) : ILoop
    {
        public string Name => name;

        public Func<TimeSpan> Step => step;

        public bool Woken { get; set; } // guarded by the host's gate

        public long DueAt { get; set; } // guarded by the host's gate

        public bool IsStopped { get; private set; } // guarded by the host's step gate

        public void Wake()
        {
            lock (host._gate)
            {
                Woken = true;
            }
        }

        public void Stop()
        {
            lock (host._stepGate)
            {
                Check.That(host._running != this); // the real host would wait for itself for ever
                IsStopped = true;
                lock (host._gate)
                {
                    host._loops.Remove(this);
                }
            }
        }
    }
}

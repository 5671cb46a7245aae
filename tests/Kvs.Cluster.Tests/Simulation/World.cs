using Kvs.Core.Primitives;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>
/// The one thread of a simulated cluster: its time, its randomness, and what is going to happen. The same seed gives
/// the same run, event by event.
/// </summary>
/// <param name="seed">The seed.</param>
internal sealed class World(int seed)
{
    private readonly PriorityQueue<Action, (TimeSpan At, long Order)> _events = new();
    private long _order;

    /// <summary>All randomness of the run.</summary>
    internal Random Random { get; } = new(seed);

    /// <summary>True time, which no node sees.</summary>
    internal TimeSpan Now { get; private set; } = TimeSpan.FromHours(1);

    /// <summary>What has gone wrong.</summary>
    internal FaultCounts Faults { get; } = new();

    /// <summary>What has happened lately.</summary>
    internal Trace Trace { get; } = new();

    /// <summary>Lets something happen later; what is due at one time happens in the order in which it was asked for.</summary>
    /// <param name="delay">How much later.</param>
    /// <param name="action">What.</param>
    internal void After(TimeSpan delay, Action action)
    {
        Check.That(delay >= TimeSpan.Zero);
        _events.Enqueue(action, (Now + delay, _order++));
    }

    /// <summary>Lets something happen at a time that is drawn.</summary>
    /// <param name="minMicros">Earliest, in microseconds from now.</param>
    /// <param name="maxMicros">Latest.</param>
    /// <param name="action">What.</param>
    internal void Soon(int minMicros, int maxMicros, Action action) => After(Between(minMicros, maxMicros), action);

    /// <summary>A time that is drawn.</summary>
    /// <param name="minMicros">Shortest, in microseconds.</param>
    /// <param name="maxMicros">Longest.</param>
    internal TimeSpan Between(int minMicros, int maxMicros) => TimeSpan.FromMicroseconds(Random.Next(minMicros, maxMicros + 1));

    /// <summary>True with a chance.</summary>
    /// <param name="chance">0 to 1.</param>
    internal bool Happens(double chance) => Random.NextDouble() < chance;

    /// <summary>One of several.</summary>
    /// <param name="of">Them; not empty.</param>
    internal T Pick<T>(IReadOnlyList<T> of) => of[Random.Next(of.Count)];

    /// <summary>Notes something for the trace.</summary>
    /// <param name="who">Where it happened.</param>
    /// <param name="what">What; turned into text only when a run fails.</param>
    internal void Note(string who, object what) => Trace.Add(Now, who, what);

    /// <summary>Lets the next thing happen.</summary>
    /// <returns>False when nothing is left.</returns>
    internal bool Step()
    {
        if (!_events.TryDequeue(out var action, out var due))
        {
            return false;
        }

        Now = due.At;
        action();
        return true;
    }
}

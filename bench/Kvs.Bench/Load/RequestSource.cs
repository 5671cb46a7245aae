using Kvs.Bench.Workloads;

namespace Kvs.Bench.Load;

/// <summary>What is asked next: keys by chance until the time is over, or each key of a range once. Threading: one thread.</summary>
internal sealed class RequestSource
{
    private readonly LoadPlan _plan;
    private readonly long _until;
    private readonly long _keysEnd;
    private BenchRandom _random;
    private long _keysNext;

    /// <summary>For one of the threads of a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="window">Its times.</param>
    /// <param name="thread">Which thread it is, 0-based.</param>
    internal RequestSource(LoadPlan plan, LoadWindow window, int thread)
    {
        _plan = plan;
        _until = window.Until;
        _random = new BenchRandom((1000L * plan.Seed) + thread);
        var keys = plan.Keys - plan.FirstKey;
        _keysNext = plan.FirstKey + (keys * thread / plan.Threads);
        _keysEnd = plan.FirstKey + (keys * (thread + 1) / plan.Threads);
    }

    /// <summary>Whether there is nothing more to ask.</summary>
    /// <param name="now">The time.</param>
    internal bool IsOver(long now) => _plan.EachKeyOnce ? _keysNext == _keysEnd : now >= _until;

    /// <summary>Sends the next request on a connection.</summary>
    /// <param name="connection">The connection; it has room.</param>
    /// <param name="start">When the request is sent, or should have been.</param>
    internal void Send(LoadConnection connection, long start)
    {
        var kind = _plan.Mix.Next(ref _random);
        var key = _plan.EachKeyOnce ? _keysNext++ : _random.Below(_plan.Keys);
        connection.Enqueue(kind, key, start);
    }
}

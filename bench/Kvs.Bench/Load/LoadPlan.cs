using System.Net;
using Kvs.Bench.Load.Wires;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Load;

/// <summary>What is asked of a server, by whom, and for how long. Threading: immutable.</summary>
internal sealed record LoadPlan
{
    /// <summary>The server.</summary>
    public required EndPoint Address { get; init; }

    /// <summary>The protocol.</summary>
    public required IWire Wire { get; init; }

    /// <summary>Which requests.</summary>
    public required RequestMix Mix { get; init; }

    /// <summary>Connections.</summary>
    public int Clients { get; init; } = 1;

    /// <summary>
    /// Closed loop: requests that a client sends at once, and whose replies it awaits before it sends the next ones, as in
    /// redis-benchmark. Open loop: most requests that a connection may have on the way.
    /// </summary>
    public int Pipeline { get; init; } = 1;

    /// <summary>Requests a second of an open loop; null for a closed loop.</summary>
    public double? Rate { get; init; }

    /// <summary>Threads that carry the clients.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>How many keys there are; which one is asked for next is left to chance.</summary>
    public required long Keys { get; init; }

    /// <summary>Each key once, in order, instead of for a time: a load.</summary>
    public bool EachKeyOnce { get; init; }

    /// <summary>Where a load begins: the keys before are there.</summary>
    public long FirstKey { get; init; }

    /// <summary>How keys look.</summary>
    public KeyWriter KeyWriter { get; init; } = BenchKeys.Mixed;

    /// <summary>Seconds before the measured part.</summary>
    public double WarmUpSeconds { get; init; }

    /// <summary>Seconds of the measured part; of a closed loop it goes on until there is a reply.</summary>
    public double Seconds { get; init; }

    /// <summary>What the choice of keys begins with.</summary>
    public int Seed { get; init; }

    /// <summary>The plan that sets every key once before another plan is measured.</summary>
    /// <param name="plan">That plan.</param>
    internal static LoadPlan LoadOf(LoadPlan plan) => plan with
    {
        Mix = RequestMix.Of("set"),
        Clients = 16,
        Pipeline = 64,
        Rate = null,
        EachKeyOnce = true,
    };
}

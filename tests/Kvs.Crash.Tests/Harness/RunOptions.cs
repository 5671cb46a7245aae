using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.TestKit.Device;

namespace Kvs.Crash.Tests.Harness;

/// <summary>How a crash run goes.</summary>
internal sealed record RunOptions
{
    /// <summary>From which the whole run follows.</summary>
    internal required int Seed { get; init; }

    /// <summary>How many things happen.</summary>
    internal int Actions { get; init; } = 40;

    /// <summary>Over how many keys, so that they collide.</summary>
    internal int Keys { get; init; } = 24;

    /// <summary>Length of huge values, which fill segments; 0 for none.</summary>
    internal int HugeBytes { get; init; }

    /// <summary>One value in so many is huge.</summary>
    internal int HugeValueEvery { get; init; } = 8;

    /// <summary>Whether writes are numbered, and some of them repeated under their numbers.</summary>
    internal bool Numbered { get; init; }

    /// <summary>Whether it closes and opens the store now and then, as long as nothing has failed.</summary>
    internal bool Restarts { get; init; }

    /// <summary>
    /// How far the wall clock is set forward or back between two openings at most; zero leaves it alone. A store on
    /// which calls fail must not have it: log time is then learned from what it publishes.
    /// </summary>
    internal TimeSpan ClockStepMax { get; init; }

    /// <summary>A version that was given before: all that are given in this run must be later.</summary>
    internal KvsVersion VersionsAbove { get; init; }

    /// <summary>Whether cut points are kept only once a fault has struck; else from the begin.</summary>
    internal bool KeepsCutsAfterFaultOnly { get; init; }

    /// <summary>What the device holds at the begin.</summary>
    internal ImmutableSortedDictionary<string, ModelEntry> Initial { get; init; } = ModelBatchState.Empty;

    /// <summary>The wall clock at the begin, unix milliseconds; null for that of the simulated machine.</summary>
    internal long? StartsAtMillis { get; init; }

    /// <summary>Prepares the device, for example for a fault.</summary>
    internal Action<SimulatedFileSystem>? Prepare { get; init; }
}

using Kvs.Bench.Workloads;

namespace Kvs.Bench.Engines;

/// <summary>What is measured of engines in this process. One cell is one of each list.</summary>
internal sealed record EnginePlan
{
    /// <summary>Engines.</summary>
    public required IReadOnlyList<EngineKind> Engines { get; init; }

    /// <summary>Whether each set is synced, or not, or both in turn.</summary>
    public required IReadOnlyList<bool> IsDurable { get; init; }

    /// <summary>Workloads.</summary>
    public required IReadOnlyList<Workload> Workloads { get; init; }

    /// <summary>Threads at once.</summary>
    public required IReadOnlyList<int> Threads { get; init; }

    /// <summary>Lengths of values.</summary>
    public required IReadOnlyList<ValueSize> Values { get; init; }

    /// <summary>Keys that are there before.</summary>
    public required int Keys { get; init; }

    /// <summary>Seconds of the measured part of a cell in a round; a quarter of it goes before as warm-up.</summary>
    public required double Seconds { get; init; }

    /// <summary>How often all cells are measured, in turn.</summary>
    public required int Rounds { get; init; }

    /// <summary>Directory for the stores; each gets a fresh one below it.</summary>
    public required string Directory { get; init; }
}

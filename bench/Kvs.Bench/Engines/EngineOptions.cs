namespace Kvs.Bench.Engines;

/// <summary>What is measured. One cell of the result is one of each list.</summary>
internal sealed record EngineOptions
{
    /// <summary>Engines: kvs, sqlite, memory.</summary>
    public required string[] Engines { get; init; }

    /// <summary>Durability modes, by name.</summary>
    public required string[] Durabilities { get; init; }

    /// <summary>Workloads: set, get, scan.</summary>
    public required string[] Workloads { get; init; }

    /// <summary>Clients at once.</summary>
    public required int[] Clients { get; init; }

    /// <summary>Keys that are there before the measured part.</summary>
    public required int Keys { get; init; }

    /// <summary>Bytes of a value.</summary>
    public required int ValueBytes { get; init; }

    /// <summary>Seconds of the measured part of one cell in one round; a quarter of it goes before as warm-up.</summary>
    public required double Seconds { get; init; }

    /// <summary>How often all cells are measured, in turn.</summary>
    public required int Rounds { get; init; }

    /// <summary>Directory for the stores; each gets a fresh one below it.</summary>
    public required string Directory { get; init; }

    /// <summary>File for JSON lines, or null.</summary>
    public string? Output { get; init; }
}

/// <summary>What one cell is.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Durability">The durability mode.</param>
/// <param name="Workload">set, get or scan.</param>
/// <param name="Clients">Clients at once.</param>
internal sealed record EngineCell(string Engine, string Durability, string Workload, int Clients);

/// <summary>What one cell gave in one round. Latencies in microseconds.</summary>
internal sealed record EngineResult(
    EngineCell Cell, int Round, double OperationsPerSecond, double P50, double P90, double P99, double P999, double Max, double SyncP50);

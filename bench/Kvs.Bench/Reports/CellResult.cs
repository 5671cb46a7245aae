using Kvs.Bench.Figures;

namespace Kvs.Bench.Reports;

/// <summary>What one side gave in one cell and round. Latencies in microseconds; what a driver does not tell is null.</summary>
internal sealed record CellResult
{
    /// <summary>The cell.</summary>
    public required string Cell { get; init; }

    /// <summary>The side.</summary>
    public required string Side { get; init; }

    /// <summary>What the side promises when it answers a write.</summary>
    public required string Durability { get; init; }

    /// <summary>The round, from 1.</summary>
    public required int Round { get; init; }

    /// <summary>Replies a second.</summary>
    public required double Rate { get; init; }

    /// <summary>The middle latency.</summary>
    public required double P50 { get; init; }

    /// <summary>What 90 % do not exceed.</summary>
    public double? P90 { get; init; }

    /// <summary>What 99 % do not exceed.</summary>
    public required double P99 { get; init; }

    /// <summary>What 99.9 % do not exceed.</summary>
    public double? P999 { get; init; }

    /// <summary>The longest.</summary>
    public required double Max { get; init; }

    /// <summary>What 99 % of the reads do not exceed.</summary>
    public double? ReadP99 { get; init; }

    /// <summary>Processor time of the server for one request.</summary>
    public double? ServerMicros { get; init; }

    /// <summary>Cores that the load generator kept busy.</summary>
    public double? ClientCores { get; init; }

    /// <summary>Cores that neither server nor load generator kept busy.</summary>
    public double? ForeignCores { get; init; }

    /// <summary>Requests that had no reply, of an open loop: the rate is not carried.</summary>
    public long Unanswered { get; init; }

    /// <summary>Batches that one write and sync of our server carried.</summary>
    public double? GroupSize { get; init; }

    /// <summary>Bytes of our index for each key, beyond those of the key itself.</summary>
    public double? IndexBytes { get; init; }

    /// <summary>Memory of a server for each key, just after it has opened the store; no file stands behind it.</summary>
    public double? MemoryBytes { get; init; }

    /// <summary>Bytes on the disk for each byte of a record that is live.</summary>
    public double? DiskRatio { get; init; }

    /// <summary>Middle latency of a write and sync on the disk itself, just before.</summary>
    public required double SyncP50 { get; init; }

    /// <summary>What was measured; where and when is the caller's to add.</summary>
    /// <param name="rate">Replies a second.</param>
    /// <param name="latencies">All latencies.</param>
    internal static CellResult Of(double rate, LatencyHistogram latencies) => new()
    {
        Cell = "",
        Side = "",
        Durability = "",
        Round = 0,
        Rate = rate,
        P50 = latencies.Micros(0.5),
        P90 = latencies.Micros(0.9),
        P99 = latencies.Micros(0.99),
        P999 = latencies.Micros(0.999),
        Max = latencies.Micros(1),
        SyncP50 = 0,
    };
}

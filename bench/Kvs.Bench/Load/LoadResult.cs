using Kvs.Bench.Figures;

namespace Kvs.Bench.Load;

/// <summary>What a load gave.</summary>
internal sealed record LoadResult
{
    /// <summary>Replies a second in the measured part.</summary>
    public required double Rate { get; init; }

    /// <summary>Latencies of all requests.</summary>
    public required LatencyHistogram All { get; init; }

    /// <summary>Latencies of reads and pings.</summary>
    public required LatencyHistogram Reads { get; init; }

    /// <summary>Latencies of writes.</summary>
    public required LatencyHistogram Writes { get; init; }

    /// <summary>Requests of an open loop that had no reply when it gave up: the server does not carry the rate.</summary>
    public required long Unanswered { get; init; }

    /// <summary>Cores that the server kept busy; 0 when it is not known.</summary>
    public required double ServerCores { get; init; }

    /// <summary>Cores that this program kept busy.</summary>
    public required double ClientCores { get; init; }

    /// <summary>Cores that everything else kept busy: above a tenth or so the figures are disturbed.</summary>
    public required double ForeignCores { get; init; }

    /// <summary>Microseconds of processor time that the server spends on one request.</summary>
    public double ServerMicros => Rate > 0 ? ServerCores * 1e6 / Rate : 0;
}

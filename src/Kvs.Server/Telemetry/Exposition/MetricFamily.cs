namespace Kvs.Server.Telemetry.Exposition;

/// <summary>What the numbers of a metric mean.</summary>
internal enum MetricKind
{
    /// <summary>A number that only grows.</summary>
    Counter,

    /// <summary>A number that goes up and down.</summary>
    Gauge,

    /// <summary>How often values fell into each bucket.</summary>
    Histogram,
}

/// <summary>A metric with all its points, at one moment. Immutable.</summary>
/// <param name="Name">Its OpenTelemetry name.</param>
/// <param name="Unit">Its unit in UCUM; empty for none.</param>
/// <param name="Help">What it says.</param>
/// <param name="Kind">What its numbers mean.</param>
/// <param name="Points">Its points.</param>
internal sealed record MetricFamily(string Name, string Unit, string Help, MetricKind Kind, IReadOnlyList<MetricPoint> Points);

/// <summary>One point. Immutable.</summary>
/// <param name="Labels">Its attributes as <see cref="PrometheusNames.Labels"/> writes them; empty for none.</param>
/// <param name="Value">Its value; the sum of a histogram.</param>
internal sealed record MetricPoint(string Labels, double Value)
{
    /// <summary>Upper bounds of the buckets of a histogram.</summary>
    internal IReadOnlyList<double> Bounds { get; init; } = [];

    /// <summary>How many fell into each bucket, the one without a bound last.</summary>
    internal IReadOnlyList<long> Buckets { get; init; } = [];
}

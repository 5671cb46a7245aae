using System.Diagnostics.Metrics;

namespace Kvs.Server.Telemetry.Exposition;

/// <summary>
/// What one instrument has told. Threading: any thread; one short lock, for instruments that are told to rarely: operations
/// are not counted here.
/// </summary>
internal sealed class InstrumentRecord
{
    private static readonly double[] _defaultBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Instrument _instrument;
    private readonly MetricKind _kind;
    private readonly bool _adds;
    private readonly double[] _bounds;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Cell> _cells = new(StringComparer.Ordinal); // guarded by _gate

    /// <summary>Creates it, with nothing told.</summary>
    /// <param name="instrument">The instrument.</param>
    internal InstrumentRecord(Instrument instrument)
    {
        _instrument = instrument;
        var type = instrument.GetType().Name;
        _kind = type.Contains("Histogram", StringComparison.Ordinal) ? MetricKind.Histogram
            : type.Contains("Counter", StringComparison.Ordinal) && !type.Contains("UpDown", StringComparison.Ordinal) ? MetricKind.Counter
            : MetricKind.Gauge;
        _adds = !instrument.IsObservable && _kind != MetricKind.Histogram && !type.StartsWith("Gauge", StringComparison.Ordinal);
        _bounds = _kind == MetricKind.Histogram ? BoundsOf(instrument) : [];
    }

    /// <summary>Notes a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="tags">Its attributes.</param>
    internal void Note(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = PrometheusNames.Labels(tags);
        lock (_gate)
        {
            if (!_cells.TryGetValue(labels, out var cell))
            {
                _cells[labels] = cell = new Cell { Buckets = _kind == MetricKind.Histogram ? new long[_bounds.Length + 1] : [] };
            }

            if (_kind == MetricKind.Histogram)
            {
                var found = Array.BinarySearch(_bounds, value);
                cell.Buckets[found >= 0 ? found : ~found]++;
                cell.Value += value;
            }
            else
            {
                cell.Value = _adds ? cell.Value + value : value;
            }
        }
    }

    /// <summary>Forgets what was observed, before it is observed anew: what is not told again is not there any more.</summary>
    internal void ForgetObserved()
    {
        if (_instrument.IsObservable)
        {
            lock (_gate)
            {
                _cells.Clear();
            }
        }
    }

    /// <summary>What it has told.</summary>
    internal MetricFamily ToFamily()
    {
        lock (_gate)
        {
            return new MetricFamily(
                _instrument.Name,
                _instrument.Unit ?? "",
                _instrument.Description ?? "",
                _kind,
                [.. _cells.Select(cell => PointOf(cell.Key, cell.Value))]);
        }
    }

    private MetricPoint PointOf(string labels, Cell cell) => new(labels, cell.Value)
    {
        Bounds = _bounds,
        Buckets = [.. cell.Buckets],
    };

    private static double[] BoundsOf(Instrument instrument) => instrument switch
    {
        Instrument<long> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds.Select(static bound => (double)bound)],
        Instrument<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
        _ => _defaultBounds,
    };

    private sealed class Cell
    {
        internal required long[] Buckets { get; init; }

        internal double Value { get; set; }
    }
}

using System.Diagnostics.Metrics;
using Kvs.Server.Telemetry.Operations;

namespace Kvs.Server.Telemetry.Exposition;

/// <summary>
/// Listens to the instruments of meters, adds up what they tell, and gives it when asked. Threading: any thread.
/// </summary>
internal sealed class MetricReader : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly Lock _turn = new();
    private readonly List<InstrumentRecord> _records = []; // guarded by _gate
    private readonly OperationMeter _operations;

    /// <summary>Begins to listen.</summary>
    /// <param name="own">The server's meter: of a process that has several servers, this one's.</param>
    /// <param name="names">Names of other meters.</param>
    /// <param name="operations">Has the durations of operations added up already.</param>
    internal MetricReader(Meter own, IReadOnlyCollection<string> names, OperationMeter operations)
    {
        _operations = operations;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name != ServerMeter.DurationName && (instrument.Meter == own || names.Contains(instrument.Meter.Name)))
            {
                var record = new InstrumentRecord(instrument);
                lock (_gate)
                {
                    _records.Add(record);
                }

                listener.EnableMeasurementEvents(instrument, record);
            }
        };
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, state) => Note(state, value, tags));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, state) => Note(state, value, tags));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, state) => Note(state, value, tags));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, state) => Note(state, value, tags));
        _listener.SetMeasurementEventCallback<short>(static (_, value, tags, state) => Note(state, value, tags));
        _listener.SetMeasurementEventCallback<byte>(static (_, value, tags, state) => Note(state, value, tags));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, state) => Note(state, (double)value, tags));
        _listener.Start();
    }

    /// <summary>Reads all metrics. May take a while: on the thread pool only.</summary>
    internal IReadOnlyList<MetricFamily> Read()
    {
        lock (_turn)
        {
            InstrumentRecord[] records;
            lock (_gate)
            {
                records = [.. _records];
            }

            foreach (var record in records)
            {
                record.ForgetObserved();
            }

            _listener.RecordObservableInstruments();
            return [.. records.Select(static record => record.ToFamily()), Durations()];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private static void Note(object? state, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        ((InstrumentRecord)state!).Note(value, tags);

    private MetricFamily Durations()
    {
        var totals = _operations.Totals();
        var points = new List<MetricPoint>();
        for (var operation = 0; operation < MeasuredNames.OperationsMax; operation++)
        {
            if (MeasuredNames.Operations[operation] is not null && totals.Duration(operation) is { Count: > 0 } durations)
            {
                points.Add(new MetricPoint(PrometheusNames.Labels([MetricTags.Operation(operation)]), durations.Seconds)
                {
                    Bounds = OperationMeter.Bounds,
                    Buckets = durations.Buckets,
                });
            }
        }

        var instrument = _operations.Duration;
        return new MetricFamily(
            ServerMeter.DurationName, instrument?.Unit ?? "", instrument?.Description ?? "", MetricKind.Histogram, points);
    }
}

using System.Diagnostics;
using System.Diagnostics.Metrics;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Telemetry.Operations;

/// <summary>
/// Counts every operation by kind and result, exactly, and how long writes took, all of them, and point reads, one of
/// sixteen: reading the clock twice costs a tenth of such a read. Each thread counts for itself; see
/// <see cref="ThreadCells"/>. Threading: any thread, also those of the engine: it never blocks.
/// </summary>
internal sealed class OperationMeter : IWorkItemWitness
{
    /// <summary>Of so many point reads that may not wait for a disk one is timed.</summary>
    internal const int ReadsPerSample = 16;

    private static readonly double[] _seconds =
    [
        0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ];

    private static readonly int _results = MeasuredNames.Results.Count;
    private static readonly int _durationsAt = MeasuredNames.OperationsMax * _results;
    private static readonly int _perDuration = _seconds.Length + 2; // buckets, the one without a bound, the sum
    private static readonly int _turnAt = _durationsAt + (MeasuredNames.OperationsMax * _perDuration);

    private readonly ThreadCells _cells = new(_turnAt + 1);
    private readonly TimeProvider _time;
    private readonly long[] _bounds;
    private Histogram<double>? _duration; // published: Volatile

    /// <summary>Creates it with all counts at zero.</summary>
    /// <param name="time">The clock.</param>
    internal OperationMeter(TimeProvider time)
    {
        _time = time;
        _bounds = [.. _seconds.Select(bound => (long)(bound * time.TimestampFrequency))];
    }

    /// <summary>Upper bounds of the buckets of durations, seconds.</summary>
    internal static IReadOnlyList<double> Bounds => _seconds;

    /// <summary>The timestamp now.</summary>
    internal long Now => _time.GetTimestamp();

    /// <summary>Told how long things took.</summary>
    internal SlowLog SlowLog { get; init; } = SlowLog.Off;

    /// <summary>
    /// An instrument that gets every duration besides, while somebody listens to it. Threading: set at any time, once.
    /// </summary>
    internal Histogram<double>? Duration
    {
        get => Volatile.Read(ref _duration);
        set => Volatile.Write(ref _duration, value);
    }

    /// <summary>Watches an item that is handed to the engine.</summary>
    /// <param name="item">The item.</param>
    internal void Begin(WorkItem item)
    {
        item.Witness = this;
        item.SubmittedAt = _time.GetTimestamp();
        if (ServerActivities.Source.HasListeners())
        {
            item.Activity = Activity.Current?.Context ?? default;
        }
    }

    /// <inheritdoc/>
    public void Saw(WorkItem item)
    {
        var elapsed = _time.GetTimestamp() - item.SubmittedAt;
        var cells = _cells.Own();
        var bucket = BucketOf(elapsed);
        var requests = item.Requests;
        var judged = item.Judged;
        for (var i = 0; i < judged; i++)
        {
            var request = requests[i];
            if (Count(cells, request, out var operation))
            {
                AddDuration(cells, operation, bucket, elapsed);
            }
        }

        if (judged > 0)
        {
            SlowLog.Saw(item, elapsed);
            ServerActivities.Saw(item, _time.GetElapsedTime(item.SubmittedAt), _time);
        }
    }

    /// <summary>Begins a point read; on the same thread it must be ended.</summary>
    /// <param name="kind">Get or stat.</param>
    /// <param name="mayWait">Whether it may wait for a disk: then it is timed in any case.</param>
    internal ReadProbe BeginRead(OperationKind kind, bool mayWait)
    {
        var cells = _cells.Own();
        var isTimed = mayWait || ++cells[_turnAt] % ReadsPerSample == 0;
        return new ReadProbe(this, cells, kind, isTimed ? _time.GetTimestamp() : ReadProbe.NotTimed);
    }

    /// <summary>Counts something that is no item and no point read.</summary>
    /// <param name="operation">What it was.</param>
    /// <param name="code">Its error, or none.</param>
    /// <param name="startedAt">Timestamp of its beginning.</param>
    /// <param name="origin">Where it comes from; null when that is not known.</param>
    internal void Count(MeasuredOperation operation, ErrorCode code, long startedAt, WorkOrigin? origin = null)
    {
        var elapsed = _time.GetTimestamp() - startedAt;
        var cells = _cells.Own();
        cells[((int)operation * _results) + MeasuredNames.PlaceOf(code)]++;
        AddDuration(cells, (int)operation, BucketOf(elapsed), elapsed);
        SlowLog.Saw(
            new SlowOperation(MeasuredNames.Operations[(int)operation]!, MeasuredNames.PlaceOf(code)) { Origin = origin }, elapsed);
    }

    /// <summary>What was counted up to now.</summary>
    internal OperationTotals Totals() => new(_cells.Sum(), _results, _durationsAt, _perDuration, _time.TimestampFrequency);

    /// <summary>Ends a point read.</summary>
    /// <param name="probe">From its beginning.</param>
    /// <param name="place">The place of its result.</param>
    /// <param name="key">Its key.</param>
    /// <param name="origin">Where it comes from; null when that is not known.</param>
    internal void EndRead(in ReadProbe probe, int place, ReadOnlySpan<byte> key, WorkOrigin? origin)
    {
        probe.Cells[((int)probe.Kind * _results) + place]++;
        if (probe.StartedAt != ReadProbe.NotTimed)
        {
            var elapsed = _time.GetTimestamp() - probe.StartedAt;
            AddDuration(probe.Cells, (int)probe.Kind, BucketOf(elapsed), elapsed);
            SlowLog.Saw(
                new SlowOperation(MeasuredNames.Operations[(int)probe.Kind]!, place) { Key = key, Origin = origin }, elapsed);
        }
    }

    /// <summary>Counts the operations of a request.</summary>
    /// <returns>False when it can change nothing: how long it took says how long it waited for writes before it.</returns>
    private static bool Count(long[] cells, WriteRequest request, out int operation)
    {
        var isWrite = false;
        var operations = request.Operations;
        var failure = request.Code == ErrorCode.None ? -1 : MeasuredNames.PlaceOf(request.Code);
        for (var i = 0; i < operations.Count; i++)
        {
            var kind = operations[i].Kind;
            var place = failure >= 0 ? failure
                : NeedsKey(kind) && i < request.Results.Count && !request.Results[i].Existed ? MeasuredNames.Missing
                : MeasuredNames.Ok;
            cells[((int)kind * _results) + place]++;
            isWrite |= operations[i].IsWrite;
        }

        operation = operations.Count == 1 ? (int)operations[0].Kind : (int)MeasuredOperation.Batch;
        return isWrite;
    }

    private static bool NeedsKey(OperationKind kind) => kind
        is OperationKind.Get or OperationKind.Stat or OperationKind.Remove or OperationKind.Expire or OperationKind.Persist;

    private int BucketOf(long elapsed)
    {
        var found = Array.BinarySearch(_bounds, elapsed);
        return found >= 0 ? found : ~found;
    }

    private void AddDuration(long[] cells, int operation, int bucket, long elapsed)
    {
        var at = _durationsAt + (operation * _perDuration);
        cells[at + bucket]++;
        cells[at + _perDuration - 1] += elapsed;
        if (Duration is { Enabled: true } instrument)
        {
            instrument.Record((double)elapsed / _time.TimestampFrequency, MetricTags.Operation(operation));
        }
    }
}

/// <summary>A point read that is under way. Threading: of the thread that began it.</summary>
/// <param name="Meter">Who counts it.</param>
/// <param name="Cells">Where.</param>
/// <param name="Kind">Get or stat.</param>
/// <param name="StartedAt">Timestamp of its beginning, or <see cref="NotTimed"/>.</param>
internal readonly record struct ReadProbe(OperationMeter Meter, long[] Cells, OperationKind Kind, long StartedAt)
{
    /// <summary>It is not timed.</summary>
    internal const long NotTimed = -1;

    /// <summary>It is answered.</summary>
    /// <param name="isFound">Whether the key was there.</param>
    /// <param name="key">The key.</param>
    /// <param name="origin">Where it comes from; null when that is not known.</param>
    internal void End(bool isFound, ReadOnlySpan<byte> key, WorkOrigin? origin = null) =>
        Meter.EndRead(in this, isFound ? MeasuredNames.Ok : MeasuredNames.Missing, key, origin);

    /// <summary>It failed.</summary>
    /// <param name="code">Why.</param>
    /// <param name="key">The key.</param>
    /// <param name="origin">Where it comes from; null when that is not known.</param>
    internal void Fail(ErrorCode code, ReadOnlySpan<byte> key, WorkOrigin? origin = null) =>
        Meter.EndRead(in this, MeasuredNames.PlaceOf(code), key, origin);
}

using System.Diagnostics.Metrics;

namespace Kvs.Core.Diagnostics;

/// <summary>
/// What engines measure as they work: once for each commit group, sync and compaction, never for an operation. While nobody
/// listens nothing is measured. Shared by all stores of a process. Threading: any thread.
/// </summary>
internal static class StoreMeter
{
    /// <summary>Name of the meter.</summary>
    internal const string Name = "Kvs.Core";

    private static readonly Meter _meter = new(Name);

    private static readonly Histogram<long> _groupSize = _meter.CreateHistogram(
        "kvs.commit.group.size",
        "{batch}",
        "Batches that shared one sync and one publication.",
        tags: null,
        new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096] });

    private static readonly Histogram<double> _syncDuration = _meter.CreateHistogram(
        "kvs.commit.sync.duration",
        "s",
        "Time of one sync of the log.",
        tags: null,
        new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries =
                [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
        });

    private static readonly Histogram<double> _compactionDuration = _meter.CreateHistogram(
        "kvs.compaction.duration",
        "s",
        "Time of one compaction, from its choice of files to their end.",
        tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300] });

    private static readonly Counter<long> _compactionIo = _meter.CreateCounter<long>(
        "kvs.compaction.io", "By", "Bytes of the files that compactions replaced (read) and of those that they made (write).");

    private static readonly KeyValuePair<string, object?> _read = new("kvs.io.direction", "read");
    private static readonly KeyValuePair<string, object?> _write = new("kvs.io.direction", "write");

    /// <summary>Timestamp at which a sync begins.</summary>
    /// <param name="time">The clock.</param>
    /// <returns>0 when nobody wants to know.</returns>
    internal static long BeginSync(TimeProvider time) => _syncDuration.Enabled ? time.GetTimestamp() : 0;

    /// <summary>A sync is done.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="startedAt">From <see cref="BeginSync"/>.</param>
    internal static void EndSync(TimeProvider time, long startedAt)
    {
        if (startedAt != 0)
        {
            _syncDuration.Record(time.GetElapsedTime(startedAt).TotalSeconds);
        }
    }

    /// <summary>A commit group is published.</summary>
    /// <param name="batches">Batches in it; a group without any only moved entries.</param>
    internal static void CountGroup(int batches)
    {
        if (batches > 0 && _groupSize.Enabled)
        {
            _groupSize.Record(batches);
        }
    }

    /// <summary>A compaction is done.</summary>
    /// <param name="elapsed">How long it took.</param>
    /// <param name="bytesBefore">Bytes of the files that it replaced.</param>
    /// <param name="bytesAfter">Bytes of those that it made.</param>
    internal static void CountCompaction(TimeSpan elapsed, long bytesBefore, long bytesAfter)
    {
        _compactionDuration.Record(elapsed.TotalSeconds);
        _compactionIo.Add(bytesBefore, _read);
        _compactionIo.Add(bytesAfter, _write);
    }
}

using Kvs.Bench.Workloads;
using Kvs.Core.Platform;

namespace Kvs.Bench.Figures;

/// <summary>
/// What one durable append costs on this disk now: 128 bytes written and synced on a zero-filled file, through the
/// same calls as the engine. Durable figures mean nothing without it.
/// </summary>
internal static class SyncProbe
{
    private const int FileBytes = 4 * 1024 * 1024;
    private const double SecondsMax = 0.2;

    /// <summary>Measures for a moment.</summary>
    /// <param name="directory">A directory on the disk in question.</param>
    /// <param name="seconds">How long what follows is measured: no longer than that.</param>
    /// <returns>The middle latency of write plus sync, in microseconds.</returns>
    internal static double MicrosP50(string directory, double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Min(SecondsMax, seconds));
        var files = KvsEnvironment.Real().Files;
        var path = Path.Combine(directory, "sync-probe.tmp");
        using var file = files.Create(path);
        file.Write(0, new byte[FileBytes]);
        file.SyncData();
        var record = BenchKeys.Value(128, 1);
        var histogram = new LatencyHistogram();
        var clock = TimeProvider.System;
        var start = clock.GetTimestamp();
        for (long offset = 0; clock.GetElapsedTime(start) < time; offset = (offset + record.Length) % FileBytes)
        {
            var before = clock.GetTimestamp();
            file.Write(offset, record);
            file.SyncData();
            histogram.Record((long)clock.GetElapsedTime(before).TotalNanoseconds);
        }

        files.Delete(path);
        return histogram.Micros(0.5);
    }
}

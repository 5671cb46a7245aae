using System.Globalization;
using Kvs.Bench.Figures;
using Kvs.Bench.Workloads;
using Kvs.Core.Engines;
using Kvs.Core.Operations;

namespace Kvs.Bench.Stores;

/// <summary>
/// A store with many keys, embedded: time to load, to reopen after a clean close, memory, disk, reads beside a busy
/// writer, and the longest pause that the reader saw.
/// </summary>
internal static class BigStoreRun
{
    private const int LoadBatch = 1000;
    private const int LoadersAtOnce = 8;

    /// <summary>Runs it and prints a line for each figure.</summary>
    /// <param name="directory">An empty directory.</param>
    /// <param name="keys">How many keys.</param>
    /// <param name="valueBytes">Bytes of a value.</param>
    /// <param name="seconds">Seconds of the reader beside the writer.</param>
    /// <param name="output">Where lines go.</param>
    internal static async Task RunAsync(string directory, int keys, int valueBytes, double seconds, TextWriter output)
    {
        var clock = TimeProvider.System;
        var start = clock.GetTimestamp();
        await using (var store = await KvStore.OpenAsync(directory))
        {
            await BenchLoad.RunAsync(store, keys, valueBytes, LoadBatch, LoadersAtOnce);
            Print(output, "load", $"{clock.GetElapsedTime(start).TotalSeconds:F1} s, {keys / clock.GetElapsedTime(start).TotalSeconds:N0} keys/s");
            var loaded = await store.StatsAsync();
            Print(output, "disk", $"{loaded.DiskBytes / 1048576.0:N0} MiB, {(double)loaded.DiskBytes / loaded.LiveBytes:F2} bytes a live byte");
            start = clock.GetTimestamp();
        }

        Print(output, "close", $"{clock.GetElapsedTime(start).TotalSeconds:F2} s");
        GC.Collect();
        var before = AnonymousBytes();
        start = clock.GetTimestamp();
        await using var again = await KvStore.OpenAsync(directory);
        Print(output, "reopen", $"{clock.GetElapsedTime(start).TotalSeconds:F2} s");
        GC.Collect();
        Print(output, "memory", $"{(double)(AnonymousBytes() - before) / keys:F1} bytes a key (anonymous, {AnonymousBytes() / 1048576.0:N0} MiB in all)");
        var count = await again.CountAsync();
        if (count != keys)
        {
            throw new InvalidOperationException($"The bench is void: {count} keys after reopening, {keys} were set.");
        }

        await ReadBesideWriterAsync(again, keys, valueBytes, seconds, output);
        var stats = await again.StatsAsync();
        Print(output, "index", $"{(double)stats.IndexBytes / stats.Keys:F1} bytes a key after the writes");
    }

    private static async Task ReadBesideWriterAsync(KvStore store, int keys, int valueBytes, double seconds, TextWriter output)
    {
        foreach (var writers in new[] { 0, 1 })
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
            var writer = writers == 0 ? Task.FromResult(0L) : Task.Run(() => WriteAsync(store, keys, valueBytes, stop.Token));
            var reads = await Task.Run(() => ReadAsync(store, keys, valueBytes, stop.Token));
            var written = await writer;
            Print(
                output,
                writers == 0 ? "reads alone" : "reads beside a writer",
                $"{reads.Count / seconds:N0}/s, p50 {reads.Micros(0.5):F1}, p99 {reads.Micros(0.99):F1}, p99.9 {reads.Micros(0.999):F1} us, longest {reads.Micros(1) / 1000:F2} ms; {written / seconds:N0} writes/s");
        }
    }

    private static async Task<LatencyHistogram> ReadAsync(KvStore store, int keys, int valueBytes, CancellationToken stop)
    {
        var clock = TimeProvider.System;
        var random = new Random(7);
        var histogram = new LatencyHistogram();
        while (!stop.IsCancellationRequested)
        {
            var key = BenchKeys.Key(random.Next(keys));
            var before = clock.GetTimestamp();
            var entry = await store.GetAsync(key, CancellationToken.None);
            histogram.Record((long)clock.GetElapsedTime(before).TotalNanoseconds);
            if (entry?.Value.Bytes.Length != valueBytes)
            {
                throw new InvalidOperationException("The bench is void: a key is missing or has another length.");
            }
        }

        return histogram;
    }

    private static async Task<long> WriteAsync(KvStore store, int keys, int valueBytes, CancellationToken stop)
    {
        var random = new Random(8);
        var value = BenchKeys.Value(valueBytes, 9);
        long written = 0;
        while (!stop.IsCancellationRequested)
        {
            var batch = new KvsBatch();
            for (var i = 0; i < 100; i++)
            {
                batch.Set(BenchKeys.Key(random.Next(keys)), value);
            }

            await store.ApplyAsync(batch, cancellationToken: CancellationToken.None);
            written += batch.Count;
        }

        return written;
    }

    private static void Print(TextWriter output, string figure, string text) =>
        output.WriteLine($"{figure,-22} {text}");

    /// <summary>Memory of this process that no file backs: mapped segments do not count.</summary>
    private static long AnonymousBytes()
    {
        const string Status = "/proc/self/status";
        if (!File.Exists(Status))
        {
            return Environment.WorkingSet;
        }

        var line = File.ReadLines(Status).First(text => text.StartsWith("RssAnon:", StringComparison.Ordinal));
        return 1024 * long.Parse(line["RssAnon:".Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture);
    }
}

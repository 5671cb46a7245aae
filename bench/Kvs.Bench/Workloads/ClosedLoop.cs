using Kvs.Bench.Engines;
using Kvs.Bench.Figures;
using Kvs.Core.Operations;

namespace Kvs.Bench.Workloads;

/// <summary>
/// Clients that each send the next request when the last one was answered: saturation. Each answer is checked, so that a
/// figure cannot come from failures.
/// </summary>
internal static class ClosedLoop
{
    private const int ScanLength = 100;

    /// <summary>Runs one workload.</summary>
    /// <param name="stores">A store for each client; may repeat one store.</param>
    /// <param name="workload">set, get or scan.</param>
    /// <param name="options">Keys, value size.</param>
    /// <param name="time">How long.</param>
    /// <param name="seed">For the choice of keys.</param>
    /// <returns>All latencies, and how long it really took.</returns>
    internal static Task<(LatencyHistogram Latencies, TimeSpan Elapsed)> RunAsync(
        IReadOnlyList<IKvStore> stores, string workload, EngineOptions options, TimeSpan time, int seed) =>
        MeasureAsync(stores.Count, options.Keys, time, i => seed + i, i =>
        {
            var value = BenchKeys.Value(options.ValueBytes, seed + i);
            return key => OneAsync(stores[i], workload, key, value);
        });

    /// <summary>Runs clients, each with keys of its own choice.</summary>
    /// <param name="clients">How many.</param>
    /// <param name="keys">How many keys there are.</param>
    /// <param name="time">How long.</param>
    /// <param name="seedOf">For the choice of a client's keys.</param>
    /// <param name="requestOf">What a client asks for with a key. Only that is measured.</param>
    /// <returns>All latencies, and how long it really took.</returns>
    internal static async Task<(LatencyHistogram Latencies, TimeSpan Elapsed)> MeasureAsync(
        int clients, int keys, TimeSpan time, Func<int, int> seedOf, Func<int, Func<byte[], ValueTask>> requestOf)
    {
        var clock = TimeProvider.System;
        var start = clock.GetTimestamp();
        var histograms = await Task.WhenAll(Enumerable.Range(0, clients).Select(i => Task.Run(async () =>
        {
            var histogram = new LatencyHistogram();
            var random = new Random(seedOf(i));
            var request = requestOf(i);
            while (clock.GetElapsedTime(start) < time)
            {
                var key = BenchKeys.Key(random.Next(keys));
                var before = clock.GetTimestamp();
                await request(key);
                histogram.Record((long)clock.GetElapsedTime(before).TotalNanoseconds);
            }

            return histogram;
        })));

        var elapsed = clock.GetElapsedTime(start);
        var all = new LatencyHistogram();
        foreach (var histogram in histograms)
        {
            all.Add(histogram);
        }

        return (all, elapsed);
    }

    private static async ValueTask OneAsync(IKvStore store, string workload, byte[] key, byte[] value)
    {
        switch (workload)
        {
            case "set":
                Require((await store.SetAsync(key, value)).Applied, "a set was not applied");
                break;
            case "get":
                Require((await store.GetAsync(key))?.Value.Bytes.Length == value.Length, "a get found nothing, or another length");
                break;
            case "scan":
                var page = await store.ScanPageAsync(new ScanOptions { Range = new KeyRange(key, null), Limit = ScanLength });
                Require(page.Entries.Count > 0, "a scan found nothing");
                break;
            default:
                throw new ArgumentException($"No workload '{workload}'; there are set, get and scan.", nameof(workload));
        }
    }

    private static void Require(bool condition, string failure)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"The bench is void: {failure}.");
        }
    }
}

using Kvs.Bench.Figures;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Clusters;

/// <summary>
/// Clients of clusters that each send the next request when the last one was answered, by the client libraries of their servers.
/// </summary>
internal static class ClosedLoop
{
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
}

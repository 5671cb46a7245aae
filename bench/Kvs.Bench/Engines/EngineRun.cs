using Kvs.Bench.Figures;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Engines;

/// <summary>Measures all cells in turn, round by round, so that a drift of the machine meets all of them.</summary>
internal static class EngineRun
{
    private const int LoadBatch = 500;

    /// <summary>Runs everything.</summary>
    /// <param name="options">What is measured.</param>
    /// <param name="progress">Told of each result.</param>
    /// <returns>All results.</returns>
    internal static async Task<IReadOnlyList<EngineResult>> RunAsync(EngineOptions options, Action<EngineResult> progress)
    {
        var results = new List<EngineResult>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var durability in options.Durabilities)
            {
                foreach (var engine in options.Engines)
                {
                    results.AddRange(await MeasureAsync(options, new EngineCell(engine, durability, "", 0), round, progress));
                }
            }
        }

        return results;
    }

    private static async Task<List<EngineResult>> MeasureAsync(
        EngineOptions options, EngineCell target, int round, Action<EngineResult> progress)
    {
        var results = new List<EngineResult>();
        await using var host = await EngineTarget.OpenAsync(options, target);
        var sync = SyncProbe.Measure(host.Directory, TimeSpan.FromSeconds(Math.Min(0.5, options.Seconds))).Micros(0.5);
        await BenchLoad.RunAsync(host.Store, options.Keys, options.ValueBytes, LoadBatch, loaders: 1);
        foreach (var workload in options.Workloads)
        {
            foreach (var clients in options.Clients)
            {
                var cell = target with { Workload = workload, Clients = clients };
                var stores = Enumerable.Repeat(host.Store, clients).ToList();
                await ClosedLoop.RunAsync(stores, workload, options, TimeSpan.FromSeconds(options.Seconds / 4), seed: round);
                var (latencies, elapsed) = await ClosedLoop.RunAsync(
                    stores, workload, options, TimeSpan.FromSeconds(options.Seconds), seed: 1000 * round);
                var result = new EngineResult(
                    cell, round, latencies.Count / elapsed.TotalSeconds,
                    latencies.Micros(0.5), latencies.Micros(0.9), latencies.Micros(0.99), latencies.Micros(0.999), latencies.Micros(1), sync);
                results.Add(result);
                progress(result);
            }
        }

        return results;
    }
}

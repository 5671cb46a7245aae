namespace Kvs.Bench;

/// <summary>Measures all cells in turn, round by round, so that a drift of the machine meets all of them.</summary>
internal static class BenchRun
{
    private const int LoadBatch = 500;

    /// <summary>Runs everything.</summary>
    /// <param name="options">What is measured.</param>
    /// <param name="progress">Told of each result.</param>
    /// <returns>All results.</returns>
    internal static async Task<IReadOnlyList<BenchResult>> RunAsync(BenchOptions options, Action<BenchResult> progress)
    {
        var results = new List<BenchResult>();
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var durability in options.Durabilities)
            {
                foreach (var mode in options.Modes)
                {
                    foreach (var engine in options.Engines)
                    {
                        var measured = await MeasureAsync(options, new BenchCell(mode, engine, durability, "", 0), round, progress);
                        results.AddRange(measured);
                    }
                }
            }
        }

        return results;
    }

    private static async Task<List<BenchResult>> MeasureAsync(
        BenchOptions options, BenchCell target, int round, Action<BenchResult> progress)
    {
        var results = new List<BenchResult>();
        await using var host = await BenchTarget.OpenAsync(options, target);
        var sync = SyncProbe.Measure(host.Directory, TimeSpan.FromSeconds(Math.Min(0.5, options.Seconds))).Micros(0.5);
        await BenchLoad.RunAsync((await host.ClientsAsync(1))[0], options.Keys, options.ValueBytes, LoadBatch, loaders: 1);
        foreach (var workload in options.Workloads)
        {
            foreach (var clients in options.Clients)
            {
                var cell = target with { Workload = workload, Clients = clients };
                var stores = await host.ClientsAsync(clients);
                await ClosedLoop.RunAsync(stores, workload, options, TimeSpan.FromSeconds(options.Seconds / 4), seed: round);
                var (latencies, elapsed) = await ClosedLoop.RunAsync(
                    stores, workload, options, TimeSpan.FromSeconds(options.Seconds), seed: 1000 * round);
                var result = new BenchResult(
                    cell, round, latencies.Count / elapsed.TotalSeconds,
                    latencies.Micros(0.5), latencies.Micros(0.9), latencies.Micros(0.99), latencies.Micros(0.999), latencies.Micros(1), sync);
                results.Add(result);
                progress(result);
            }
        }

        return results;
    }
}

using Kvs.Bench.Figures;
using Kvs.Bench.Reports;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Engines;

/// <summary>
/// Measures engines in turn, round by round, each in a fresh directory: how fast it is loaded, all workloads, how fast it is
/// opened again.
/// </summary>
/// <param name="plan">What is measured.</param>
/// <param name="progress">Told line by line.</param>
internal sealed class EngineRun(EnginePlan plan, Action<string> progress)
{
    private const int LoadBatch = 500;
    private const double WarmUpShare = 0.25;

    /// <summary>Name of the cell of the loading.</summary>
    internal const string Load = "load";

    /// <summary>Name of the cell of the opening.</summary>
    internal const string Reopen = "reopen";

    /// <summary>Name of a cell.</summary>
    /// <param name="isDurable">Whether each set is synced.</param>
    /// <param name="workload">The workload.</param>
    /// <param name="threads">How many threads.</param>
    internal static string CellOf(bool isDurable, Workload workload, int threads) =>
        $"{(workload.Writes ? isDurable ? "durable-" : "os-" : "")}{workload.Name}-{threads}";

    /// <summary>Runs everything.</summary>
    /// <returns>All results.</returns>
    internal async Task<IReadOnlyList<CellResult>> RunAsync()
    {
        var results = new List<CellResult>();
        for (var round = 1; round <= plan.Rounds; round++)
        {
            foreach (var isDurable in plan.IsDurable)
            {
                foreach (var values in plan.Values)
                {
                    for (var i = 0; i < plan.Engines.Count; i++)
                    {
                        var place = new Place(plan.Engines[(i + round) % plan.Engines.Count], isDurable, values, round);
                        await MeasureAsync(place, results); // another one begins each round
                    }
                }
            }
        }

        return results;
    }

    private async Task MeasureAsync(Place place, List<CellResult> results)
    {
        var directory = Path.Combine(plan.Directory, place.Engine.Name);
        Directory.CreateDirectory(directory);
        place.SyncP50 = SyncProbe.MicrosP50(plan.Directory, plan.Seconds);
        await using (var engine = await place.Engine.OpenAsync(directory, place.IsDurable))
        {
            Add(place, $"{(place.IsDurable ? "durable" : "os")}-{Load}", await LoadAsync(engine, place.Values), results);
            var keys = new KeyCount(plan.Keys);
            foreach (var workload in plan.Workloads.Where(workload => workload.Writes || place.IsDurable == plan.IsDurable[0]))
            {
                foreach (var threads in plan.Threads)
                {
                    var loop = new EngineLoop(engine, workload, place.Values, keys);
                    await loop.RunAsync(threads, WarmUpShare * plan.Seconds, place.Round);
                    Add(place, CellOf(place.IsDurable, workload, threads), await loop.RunAsync(threads, plan.Seconds, 100 + place.Round), results);
                }
            }
        }

        if (place.Engine.Name != EngineKind.Memory)
        {
            Add(place, $"{(place.IsDurable ? "durable" : "os")}-{Reopen}", await ReopenAsync(place, directory), results);
        }

        Directory.Delete(directory, recursive: true);
    }

    private async Task<(LatencyHistogram, double)> LoadAsync(IEngine engine, ValueSize values)
    {
        var (latencies, random, start) = (new LatencyHistogram(), new BenchRandom(1), Clock.Nanos);
        for (long first = 0; first < plan.Keys; first += LoadBatch)
        {
            var count = (int)Math.Min(LoadBatch, plan.Keys - first);
            var pairs = new EnginePair[count];
            for (var i = 0; i < count; i++)
            {
                pairs[i] = new EnginePair(BenchKeys.Key(first + i), values.Next(ref random));
            }

            var before = Clock.Nanos;
            await engine.SetManyAsync(pairs);
            latencies.Record(Clock.Nanos - before);
        }

        return (latencies, plan.Keys / Clock.ToSeconds(Clock.Nanos - start));
    }

    private async Task<(LatencyHistogram, double)> ReopenAsync(Place place, string directory)
    {
        var (latencies, start) = (new LatencyHistogram(), Clock.Nanos);
        await using var engine = await place.Engine.OpenAsync(directory, place.IsDurable);
        latencies.Record(Clock.Nanos - start);
        using var client = engine.Connect();
        return await client.GetAsync(BenchKeys.Key(0)) == IEngineClient.Missing
            ? throw new InvalidOperationException($"The bench is void: {place.Engine.Name} has lost a key.")
            : (latencies, plan.Keys / (latencies.Micros(1) / 1e6));
    }

    private void Add(Place place, string cell, (LatencyHistogram Latencies, double Rate) measured, List<CellResult> results)
    {
        var result = CellResult.Of(measured.Rate, measured.Latencies) with
        {
            Cell = plan.Values.Count > 1 ? $"{cell}-v{place.Values}" : cell,
            Side = place.Engine.Name,
            Durability = place.Engine.Name == EngineKind.Memory ? "none" : place.IsDurable ? "synced before the answer" : "given to the system",
            Round = place.Round,
            SyncP50 = place.SyncP50,
        };
        results.Add(result);
        progress($"round {place.Round} {result.Cell} {result.Side}: {result.Rate:N0}/s, p50 {result.P50:N1}, p99 {result.P99:N1} us; sync {result.SyncP50:N0} us");
    }

    /// <summary>One engine in one round.</summary>
    private sealed record Place(EngineKind Engine, bool IsDurable, ValueSize Values, int Round)
    {
        /// <summary>Latency of the disk just before.</summary>
        internal double SyncP50 { get; set; }
    }
}

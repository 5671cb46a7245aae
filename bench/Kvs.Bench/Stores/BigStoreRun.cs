using Kvs.Bench.Figures;
using Kvs.Bench.Load;
using Kvs.Bench.Reports;
using Kvs.Bench.Servers;
using Kvs.Bench.Workloads;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.TestKit.Processes;

namespace Kvs.Bench.Stores;

/// <summary>
/// Stores with many keys, in this process: how fast one is loaded, and opened again after a clean close and after a kill, its
/// memory and disk, reads beside a writer and a compaction. To be killed it is opened by a server, which takes writes until then.
/// </summary>
/// <param name="plan">What is measured.</param>
/// <param name="progress">Told line by line.</param>
internal sealed class BigStoreRun(BigPlan plan, Action<string> progress)
{
    /// <summary>Name of the side.</summary>
    internal const string Side = "kvs";

    /// <summary>Name of the cell of the loading.</summary>
    internal const string Load = "load";

    /// <summary>Name of the cell of the opening after a clean close.</summary>
    internal const string ReopenClosed = "reopen-closed";

    /// <summary>Name of the cell of the opening after a kill.</summary>
    internal const string ReopenKilled = "reopen-killed";

    /// <summary>Name of the cell of reads while nothing else happens.</summary>
    internal const string Reads = "reads";

    /// <summary>Name of the cell of reads beside a writer.</summary>
    internal const string ReadsBesideWriter = "reads-beside-writer";

    /// <summary>Name of the cell of reads beside a writer and a compaction of everything, at full speed.</summary>
    internal const string ReadsBesideCompaction = "reads-beside-compaction";

    /// <summary>Name of the cell of the writer beside those reads; its latencies are of batches.</summary>
    internal const string Writer = "writer-of-";

    private const int LoadBatch = 1000;
    private const int LoadersAtOnce = 8;
    private const int WriterBatch = 100;
    private const int KilledClients = 50;
    private const double WarmUpShare = 0.25;

    private readonly List<CellResult> _results = [];

    /// <summary>Name of a cell.</summary>
    /// <param name="name">What it is about.</param>
    /// <param name="keys">How many keys there are.</param>
    internal static string CellOf(string name, int keys) => $"{name}-{keys}";

    /// <summary>Runs it.</summary>
    /// <returns>All results.</returns>
    /// <exception cref="InvalidOperationException">A key was missing: the figures are void.</exception>
    internal async Task<IReadOnlyList<CellResult>> RunAsync()
    {
        foreach (var keys in plan.Keys)
        {
            var below = Path.Combine(plan.Directory, $"{keys}");
            var directory = Path.Combine(below, Side); // where a server of ours looks for it
            await LoadAsync(directory, new Place(keys, 1, SyncP50()));
            for (var round = 1; round <= plan.Rounds; round++)
            {
                var place = new Place(keys, round, SyncP50());
                await ReopenAsync(directory, ReopenClosed, place, store => ReadAllWaysAsync(store, place));
                var memory = await KillAsync(below, keys);
                await ReopenAsync(directory, ReopenKilled, place, static _ => Task.CompletedTask, memory);
            }

            Directory.Delete(below, recursive: true);
        }

        return _results;
    }

    private double SyncP50() => SyncProbe.MicrosP50(plan.Directory, plan.Seconds);

    private async Task LoadAsync(string directory, Place place)
    {
        var start = Clock.Nanos;
        await using var store = await KvStore.OpenAsync(directory);
        await BenchLoad.RunAsync(store, place.Keys, plan.ValueBytes, LoadBatch, LoadersAtOnce);
        var loading = Whole(start);
        Add(Load, place, loading, place.Keys / SecondsOf(loading), await store.StatsAsync());
    }

    private async Task ReopenAsync(string directory, string cell, Place place, Func<KvStore, Task> work, double? memory = null)
    {
        var start = Clock.Nanos;
        await using var store = await KvStore.OpenAsync(directory);
        var opening = Whole(start);
        var count = await store.CountAsync();
        if (count != place.Keys)
        {
            throw new InvalidOperationException($"The bench is void: {count} keys after reopening, {place.Keys} were set.");
        }

        Add(cell, place, opening, place.Keys / SecondsOf(opening), await store.StatsAsync(), memory);
        await work(store);
    }

    // Bytes for each key of all memory of a server that has just opened the store: this process keeps what it had before.
    private async Task<double> KillAsync(string below, int keys)
    {
        var kind = ServerKinds.Of(Side);
        var server = await RunningServer.StartAsync(kind, kind.Program()!, below);
        try
        {
            var memory = (double)ProcessStatus.AnonymousBytes(server.ProcessId) / keys;
            var writes = new LoadPlan
            {
                Address = server.AddressOf(ServerKinds.KvsWire),
                Wire = RunningServer.WireOf(ServerKinds.KvsWire, new BenchValue(plan.ValueBytes)),
                Mix = RequestMix.Of("set"),
                Clients = KilledClients,
                Keys = keys,
                Seconds = plan.Seconds,
            };
            LoadRun.Run(writes, server.ProcessId);
            return memory;
        }
        finally
        {
            await server.KillAsync();
        }
    }

    private async Task ReadAllWaysAsync(KvStore store, Place place)
    {
        using (var warm = new CancellationTokenSource(TimeSpan.FromSeconds(WarmUpShare * plan.Seconds)))
        {
            await Task.Run(() => ReadAsync(store, place.Keys, warm.Token));
        }

        await ReadAsync(store, place, Reads, writes: false, compacts: false);
        await ReadAsync(store, place, ReadsBesideWriter, writes: true, compacts: false);
        await ReadAsync(store, place, ReadsBesideCompaction, writes: true, compacts: true);
    }

    private async Task ReadAsync(KvStore store, Place place, string cell, bool writes, bool compacts)
    {
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(plan.Seconds));
        var start = Clock.Nanos;
        var writer = Task.Run(() => writes ? WriteAsync(store, place.Keys, stop.Token) : Task.FromResult(new LatencyHistogram()));
        var compaction = Task.Run(() => compacts ? CompactAsync(store, stop.Token) : Task.CompletedTask);
        var reads = await Task.Run(() => ReadAsync(store, place.Keys, stop.Token));
        var seconds = Clock.ToSeconds(Clock.Nanos - start);
        Add(cell, place, reads, reads.Count / seconds);
        if (await writer is { Count: > 0 } batches)
        {
            Add(Writer + cell, place, batches, WriterBatch * batches.Count / seconds);
        }

        await compaction;
    }

    private async Task<LatencyHistogram> ReadAsync(KvStore store, int keys, CancellationToken stop)
    {
        var random = new Random(7);
        var histogram = new LatencyHistogram();
        while (!stop.IsCancellationRequested)
        {
            var key = BenchKeys.Key(random.Next(keys));
            var before = Clock.Nanos;
            var entry = await store.GetAsync(key, CancellationToken.None);
            histogram.Record(Clock.Nanos - before);
            if (entry?.Value.Bytes.Length != plan.ValueBytes)
            {
                throw new InvalidOperationException("The bench is void: a key is missing or has another length.");
            }
        }

        return histogram;
    }

    private async Task<LatencyHistogram> WriteAsync(KvStore store, int keys, CancellationToken stop)
    {
        var random = new Random(8);
        var value = BenchKeys.Value(plan.ValueBytes, 9);
        var histogram = new LatencyHistogram();
        while (!stop.IsCancellationRequested)
        {
            var batch = new KvsBatch();
            for (var i = 0; i < WriterBatch; i++)
            {
                batch.Set(BenchKeys.Key(random.Next(keys)), value);
            }

            var before = Clock.Nanos;
            await store.ApplyAsync(batch, cancellationToken: CancellationToken.None);
            histogram.Record(Clock.Nanos - before);
        }

        return histogram;
    }

    private static async Task CompactAsync(KvStore store, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await store.CompactAsync(stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The reads are over; what is left of the compaction ends with the store.
        }
    }

    private static LatencyHistogram Whole(long start)
    {
        var histogram = new LatencyHistogram();
        histogram.Record(Clock.Nanos - start);
        return histogram;
    }

    private static double SecondsOf(LatencyHistogram one) => Clock.ToSeconds(one.MaxNanos);

    private void Add(string cell, Place place, LatencyHistogram latencies, double rate, StoreStats? stats = null, double? memory = null)
    {
        var result = CellResult.Of(rate, latencies) with
        {
            Cell = CellOf(cell, place.Keys),
            Side = Side,
            Durability = "synced before the answer",
            Round = place.Round,
            SyncP50 = place.SyncP50,
            IndexBytes = ((double?)stats?.IndexBytes / place.Keys) - BenchKeys.Bytes,
            MemoryBytes = memory,
            DiskRatio = (double?)stats?.DiskBytes / stats?.LiveBytes,
        };
        _results.Add(result);
        progress($"round {place.Round} {result.Cell}: {result.Rate:N0}/s, "
            + $"p50 {result.P50:N1}, p99.9 {result.P999:N1}, max {result.Max:N0} us");
    }

    /// <summary>One store in one round.</summary>
    private sealed record Place(int Keys, int Round, double SyncP50);
}

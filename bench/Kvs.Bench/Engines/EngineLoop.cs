using Kvs.Bench.Figures;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Engines;

/// <summary>
/// Clients in this process, each with a thread of its own to begin with, that take the next step when the last one is done.
/// Each answer is checked, so that a figure cannot come from failures.
/// </summary>
/// <param name="engine">The engine.</param>
/// <param name="workload">The workload.</param>
/// <param name="values">Lengths of values.</param>
/// <param name="keys">Keys that are there; inserts add to them.</param>
internal sealed class EngineLoop(IEngine engine, Workload workload, ValueSize values, KeyCount keys)
{
    private readonly long _keysBefore = keys.Value;

    /// <summary>Runs for a while.</summary>
    /// <param name="clients">How many clients.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="seed">For the choice of keys.</param>
    /// <returns>All latencies; and steps a second.</returns>
    internal async Task<(LatencyHistogram Latencies, double Rate)> RunAsync(int clients, double seconds, int seed)
    {
        var law = LawOf(workload.Law, _keysBefore);
        var start = Clock.Nanos;
        var end = start + Clock.FromSeconds(seconds);
        var histograms = await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Factory.StartNew(
            () => RunClientAsync(law, end, (1000L * seed) + client),
            CancellationToken.None,
            TaskCreationOptions.LongRunning, // a thread of its own: some engines block
            TaskScheduler.Default).Unwrap()));
        var elapsed = Clock.ToSeconds(Clock.Nanos - start);
        var all = new LatencyHistogram();
        Array.ForEach(histograms, all.Add);
        return (all, all.Count / elapsed);
    }

    private async Task<LatencyHistogram> RunClientAsync(IKeyChoice law, long end, long seed)
    {
        using var client = engine.Connect();
        var histogram = new LatencyHistogram();
        var random = new BenchRandom(seed);
        var key = new byte[BenchKeys.Bytes];
        var now = Clock.Nanos;
        while (now < end)
        {
            var step = workload.Next(ref random);
            var index = step == Step.Insert ? keys.Next() : law.Next(ref random, keys.Value);
            BenchKeys.Mixed(index, key);
            var value = values.Next(ref random);
            var count = workload.IsYcsb ? 1 + (int)random.Below(Workload.ScanKeys) : Workload.ScanKeys;
            var before = Clock.Nanos;
            await TakeAsync(client, step, index, key, value, count);
            now = Clock.Nanos;
            histogram.Record(now - before);
        }

        return histogram;
    }

    private async ValueTask TakeAsync(IEngineClient client, Step step, long index, byte[] key, ReadOnlyMemory<byte> value, int count)
    {
        if (step is Step.Read or Step.ReadThenUpdate)
        {
            var length = await client.GetAsync(key);
            var isInserted = index >= _keysBefore && length == IEngineClient.Missing; // by another client, just now
            Require(values.Has(length) || isInserted, "a get found nothing, or another length");
        }

        if (step is Step.Update or Step.Insert or Step.ReadThenUpdate)
        {
            await client.SetAsync(key, value);
        }

        if (step == Step.Scan)
        {
            Require(await client.ScanAsync(key, count) > 0, "a scan found nothing");
        }
    }

    private static IKeyChoice LawOf(KeyLaw law, long keys) => law switch
    {
        KeyLaw.Zipfian => new ScrambledZipfianKeys(new Zipfian(keys)),
        KeyLaw.Latest => new LatestKeys(new Zipfian(keys)),
        _ => new UniformKeys(),
    };

    private static void Require(bool condition, string failure)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"The bench is void: {failure}.");
        }
    }
}

/// <summary>How many keys there are. Threading: any thread.</summary>
/// <param name="count">At the beginning.</param>
internal sealed class KeyCount(long count)
{
    private long _count = count;

    /// <summary>How many.</summary>
    internal long Value => Volatile.Read(ref _count);

    /// <summary>Index of one more.</summary>
    internal long Next() => Interlocked.Increment(ref _count) - 1;
}

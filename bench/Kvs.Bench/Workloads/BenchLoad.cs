using Kvs.Core.Operations;

namespace Kvs.Bench.Workloads;

/// <summary>Fills a store with the keys that a run works on.</summary>
internal static class BenchLoad
{
    /// <summary>Sets all keys, in batches.</summary>
    /// <param name="store">The store.</param>
    /// <param name="keys">How many keys.</param>
    /// <param name="valueBytes">Bytes of a value.</param>
    /// <param name="batchSize">Keys of a batch.</param>
    /// <param name="loaders">Batches under way at once.</param>
    internal static Task RunAsync(IKvStore store, int keys, int valueBytes, int batchSize, int loaders) =>
        Task.WhenAll(Enumerable.Range(0, loaders).Select(loader => Task.Run(async () =>
        {
            var value = BenchKeys.Value(valueBytes, loader);
            for (var first = loader * batchSize; first < keys; first += loaders * batchSize)
            {
                var batch = new KvsBatch();
                for (var i = first; i < Math.Min(first + batchSize, keys); i++)
                {
                    batch.Set(BenchKeys.Key(i), value);
                }

                await store.ApplyAsync(batch);
            }
        })));
}

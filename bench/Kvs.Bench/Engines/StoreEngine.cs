using Kvs.Core.Operations;

namespace Kvs.Bench.Engines;

/// <summary>One of our engines (kvs, sqlite, memory) by the interface that programs use.</summary>
/// <param name="store">The store. Ownership: passes here.</param>
internal sealed class StoreEngine(IKvStore store) : IEngine, IEngineClient
{
    /// <inheritdoc/>
    public IEngineClient Connect() => this;

    /// <inheritdoc/>
    public async ValueTask SetAsync(byte[] key, ReadOnlyMemory<byte> value)
    {
        if (!(await store.SetAsync(key, value)).Applied)
        {
            throw new InvalidOperationException("The bench is void: a set was not applied.");
        }
    }

    /// <inheritdoc/>
    public ValueTask<int> GetAsync(byte[] key)
    {
        var read = store.GetAsync(key);
        return read.IsCompletedSuccessfully ? new ValueTask<int>(LengthOf(read.Result)) : WaitAsync(read);

        static async ValueTask<int> WaitAsync(ValueTask<KvsEntry?> read) => LengthOf(await read);
    }

    /// <inheritdoc/>
    public async ValueTask<int> ScanAsync(byte[] from, int count) =>
        (await store.ScanPageAsync(new ScanOptions { Range = new KeyRange(from, null), Limit = count })).Entries.Count;

    /// <inheritdoc/>
    public async ValueTask SetManyAsync(IReadOnlyList<EnginePair> pairs)
    {
        var batch = new KvsBatch();
        foreach (var (key, value) in pairs)
        {
            batch.Set(key, value);
        }

        await store.ApplyAsync(batch);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Clients have nothing of their own.
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => store.DisposeAsync();

    private static int LengthOf(KvsEntry? entry) => entry?.Value.Bytes.Length ?? IEngineClient.Missing;
}

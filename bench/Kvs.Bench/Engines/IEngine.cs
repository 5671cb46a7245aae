namespace Kvs.Bench.Engines;

/// <summary>An engine in this process, opened in a directory. Threading: any thread, many at once.</summary>
internal interface IEngine : IAsyncDisposable
{
    /// <summary>A client of it, for one thread or task.</summary>
    IEngineClient Connect();

    /// <summary>Sets many keys at once.</summary>
    /// <param name="pairs">Keys and values.</param>
    ValueTask SetManyAsync(IReadOnlyList<EnginePair> pairs);
}

/// <summary>A key with its value.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
internal readonly record struct EnginePair(byte[] Key, ReadOnlyMemory<byte> Value);

/// <summary>
/// One that uses an engine, and calls it again when the last call has completed: an engine that blocks keeps the client's thread,
/// one that does not lets it go. What is read is copied out, as a program would have to. Threading: one call at a time.
/// </summary>
internal interface IEngineClient : IDisposable
{
    /// <summary>Sets a key, durable as the engine was opened.</summary>
    /// <param name="key">The key; not kept.</param>
    /// <param name="value">The value; not kept.</param>
    ValueTask SetAsync(byte[] key, ReadOnlyMemory<byte> value);

    /// <summary>Reads a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Bytes of its value; <see cref="Missing"/> when it is not there.</returns>
    ValueTask<int> GetAsync(byte[] key);

    /// <summary>Reads keys in order, with their values.</summary>
    /// <param name="from">Where to begin.</param>
    /// <param name="count">How many at most.</param>
    /// <returns>How many there were.</returns>
    ValueTask<int> ScanAsync(byte[] from, int count);

    /// <summary>What a get gives of a key that is not there.</summary>
    const int Missing = -1;
}

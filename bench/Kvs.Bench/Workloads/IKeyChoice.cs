namespace Kvs.Bench.Workloads;

/// <summary>Which key is asked for next. Threading: one thread.</summary>
internal interface IKeyChoice
{
    /// <summary>Index of the next key.</summary>
    /// <param name="random">The random numbers.</param>
    /// <param name="keys">How many keys there are now.</param>
    long Next(ref BenchRandom random, long keys);
}

/// <summary>Each key as often as any other.</summary>
internal sealed class UniformKeys : IKeyChoice
{
    /// <inheritdoc/>
    public long Next(ref BenchRandom random, long keys) => random.Below(keys);
}

/// <summary>Few keys very often, scattered over all of them (YCSB's scrambled zipfian).</summary>
/// <param name="ranks">The law.</param>
internal sealed class ScrambledZipfianKeys(Zipfian ranks) : IKeyChoice
{
    /// <inheritdoc/>
    public long Next(ref BenchRandom random, long keys) =>
        (long)(BenchKeys.Mix((ulong)ranks.Next(ref random) + 1) % (ulong)keys);
}

/// <summary>The newest keys most often (YCSB's latest).</summary>
/// <param name="ranks">The law.</param>
internal sealed class LatestKeys(Zipfian ranks) : IKeyChoice
{
    /// <inheritdoc/>
    public long Next(ref BenchRandom random, long keys) => Math.Max(0, keys - 1 - ranks.Next(ref random));
}

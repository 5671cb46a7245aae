namespace Kvs.Bench.Workloads;

/// <summary>Seeded random numbers for a few nanoseconds each (splitmix64). Threading: one thread.</summary>
/// <param name="seed">Anything.</param>
internal struct BenchRandom(long seed)
{
    private ulong _state = BenchKeys.Mix((ulong)seed + 1);

    /// <summary>The next number.</summary>
    internal ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        return BenchKeys.Mix(_state);
    }

    /// <summary>A number from 0 up to 1.</summary>
    internal double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A number from 0 up to a bound.</summary>
    /// <param name="bound">The bound, which is not among them.</param>
    internal long Below(long bound) => (long)Math.BigMul(Next(), (ulong)bound, out _);
}

namespace Kvs.Bench.Workloads;

/// <summary>
/// Ranks from 0, of which the i-th is drawn in proportion to 1 / (i + 1)^0.99: the method of Gray et al., "Quickly generating
/// billion-record synthetic databases", as in YCSB. Threading: immutable.
/// </summary>
internal sealed class Zipfian
{
    private const double Theta = 0.99;
    private readonly long _count;
    private readonly double _zeta;
    private readonly double _alpha = 1 / (1 - Theta);
    private readonly double _eta;
    private readonly double _half = 1 + Math.Pow(0.5, Theta);

    /// <summary>For a number of ranks.</summary>
    /// <param name="count">How many; it takes a moment for each million.</param>
    internal Zipfian(long count)
    {
        _count = count;
        for (long i = 1; i <= count; i++)
        {
            _zeta += Math.Pow(i, -Theta);
        }

        _eta = (1 - Math.Pow(2.0 / count, 1 - Theta)) / (1 - (_half / _zeta));
    }

    /// <summary>Draws one.</summary>
    /// <param name="random">The random numbers.</param>
    internal long Next(ref BenchRandom random)
    {
        var u = random.NextDouble();
        var scaled = u * _zeta;
        return scaled switch
        {
            < 1 => 0,
            _ when scaled < _half => Math.Min(1, _count - 1),
            _ => Math.Min(_count - 1, (long)(_count * Math.Pow((_eta * u) - _eta + 1, _alpha))),
        };
    }
}

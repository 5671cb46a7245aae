using System.Globalization;

namespace Kvs.Bench.Workloads;

/// <summary>How long values are: all alike, or any length of a range. Threading: immutable.</summary>
/// <param name="Least">The shortest.</param>
/// <param name="Most">The longest.</param>
internal sealed record ValueSize(int Least, int Most)
{
    private readonly byte[] _bytes = BenchKeys.Value(Most, seed: 1);

    /// <summary>Reads "100" or "1-100000".</summary>
    /// <param name="text">The text.</param>
    internal static ValueSize Parse(string text)
    {
        var ends = text.Split('-').Select(static end => int.Parse(end, CultureInfo.InvariantCulture)).ToArray();
        return new ValueSize(ends[0], ends[^1]);
    }

    /// <summary>A value of some length.</summary>
    /// <param name="random">The random numbers.</param>
    internal ReadOnlyMemory<byte> Next(ref BenchRandom random) =>
        Least == Most ? _bytes : _bytes.AsMemory(0, Least + (int)random.Below(Most - Least + 1));

    /// <summary>Whether a value may be that long.</summary>
    /// <param name="length">Its length.</param>
    internal bool Has(int length) => length >= Least && length <= Most;

    /// <inheritdoc/>
    public override string ToString() => Least == Most ? $"{Least}" : $"{Least}-{Most}";
}

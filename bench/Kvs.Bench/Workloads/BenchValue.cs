namespace Kvs.Bench.Workloads;

/// <summary>
/// The value of a key: the key itself, as far as it fits, then bytes that are the same for all. So a reply can be checked
/// without remembering what was written. Threading: immutable.
/// </summary>
/// <param name="length">Bytes of a value.</param>
internal sealed class BenchValue(int length)
{
    private readonly byte[] _bytes = BenchKeys.Value(length, seed: 1);

    /// <summary>Bytes of a value.</summary>
    internal int Length => _bytes.Length;

    /// <summary>How much of a key stands at the beginning.</summary>
    internal int KeyBytes { get; } = Math.Min(length, BenchKeys.Bytes);

    /// <summary>The value, with any bytes where the key goes.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>Whether this is the value of a key.</summary>
    /// <param name="value">What was read.</param>
    /// <param name="key">The key.</param>
    internal bool IsOf(ReadOnlySpan<byte> value, ReadOnlySpan<byte> key) =>
        value.Length == Length
        && value[..KeyBytes].SequenceEqual(key[..KeyBytes])
        && value[KeyBytes..].SequenceEqual(_bytes.AsSpan(KeyBytes));
}

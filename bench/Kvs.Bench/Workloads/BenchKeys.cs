using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Kvs.Bench.Workloads;

/// <summary>Writes the key of an index into 16 bytes.</summary>
/// <param name="index">0-based.</param>
/// <param name="key">Takes the key.</param>
internal delegate void KeyWriter(long index, Span<byte> key);

/// <summary>Keys of 16 bytes, by number.</summary>
internal static class BenchKeys
{
    /// <summary>Bytes of each key.</summary>
    internal const int Bytes = 16;

    /// <summary>The i-th key: 16 hexadecimal digits, in an order that looks random.</summary>
    /// <param name="index">0-based.</param>
    /// <returns>16 bytes.</returns>
    internal static byte[] Key(long index)
    {
        var key = new byte[Bytes];
        Mixed(index, key);
        return key;
    }

    /// <summary>The same, into a buffer.</summary>
    /// <param name="index">0-based.</param>
    /// <param name="key">Takes the key.</param>
    internal static void Mixed(long index, Span<byte> key)
    {
        Span<byte> mixed = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(mixed, Mix((ulong)index));
        Convert.TryToHexStringLower(mixed, key, out _);
    }

    /// <summary>The keys that redis-benchmark asks for with its option -r: "key:" and the number.</summary>
    /// <param name="index">0-based.</param>
    /// <param name="key">Takes the key.</param>
    internal static void Numbered(long index, Span<byte> key) =>
        Encoding.ASCII.GetBytes(index.ToString("'key:'000000000000", CultureInfo.InvariantCulture), key);

    /// <summary>A bijective mix, so that keys never collide (splitmix64's finaliser).</summary>
    /// <param name="number">Any number.</param>
    internal static ulong Mix(ulong number)
    {
        var x = number;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    /// <summary>A value whose bytes do not repeat.</summary>
    /// <param name="length">Bytes.</param>
    /// <param name="seed">What makes it differ from others.</param>
    /// <returns>The value.</returns>
    internal static byte[] Value(int length, int seed)
    {
        var value = new byte[length];
        new Random(seed).NextBytes(value);
        return value;
    }
}

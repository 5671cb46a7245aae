using System.Globalization;
using System.Text;

namespace Kvs.Bench;

/// <summary>Keys of 16 hexadecimal digits in an order that looks random, and values of a set length.</summary>
internal static class BenchKeys
{
    /// <summary>The i-th key: a bijective mix of i, so that keys never collide (splitmix64's finaliser).</summary>
    /// <param name="index">0-based.</param>
    /// <returns>16 bytes.</returns>
    internal static byte[] Key(long index)
    {
        var x = (ulong)index;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        x ^= x >> 31;
        return Encoding.ASCII.GetBytes(x.ToString("x16", CultureInfo.InvariantCulture));
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

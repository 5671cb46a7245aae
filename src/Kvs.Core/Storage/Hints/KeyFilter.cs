using System.Buffers.Binary;
using System.Numerics;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Hints;

/// <summary>
/// A Bloom filter over the keys of a segment: "no" is certain, "maybe" is wrong for about one key in a hundred. Decides
/// whether a tombstone may go: only when no other file with older records may have its key.
/// Immutable once read; built by one thread.
/// </summary>
internal sealed class KeyFilter
{
    /// <summary>Bits for each key: with seven probes about 1 % of wrong answers.</summary>
    internal const int BitsPerKey = 10;

    /// <summary>Bits that each key sets.</summary>
    internal const int Probes = 7;

    private readonly byte[] _bits;

    private KeyFilter(byte[] bits) => _bits = bits;

    /// <summary>The filter's bytes, as they stand in the hint file.</summary>
    internal ReadOnlySpan<byte> Bytes => _bits;

    /// <summary>An empty filter with room for so many keys.</summary>
    /// <param name="keys">Number of keys.</param>
    internal static KeyFilter ForKeys(long keys) =>
        new(new byte[Math.Max(sizeof(ulong), ((keys * BitsPerKey) + 63) / 64 * sizeof(ulong))]);

    /// <summary>The filter of a hint file.</summary>
    /// <param name="bytes">At least eight bytes. Ownership: taken over.</param>
    internal static KeyFilter Of(byte[] bytes)
    {
        Check.That(bytes.Length >= sizeof(ulong));
        return new KeyFilter(bytes);
    }

    /// <summary>Adds a key.</summary>
    /// <param name="key">The key.</param>
    internal void Add(ReadOnlySpan<byte> key)
    {
        var hash = Hash(key);
        for (var probe = 0; probe < Probes; probe++)
        {
            var bit = Bit(hash, probe);
            _bits[bit >> 3] |= (byte)(1 << (int)(bit & 7));
        }
    }

    /// <summary>Whether the segment may have records of a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>False: it surely has none.</returns>
    internal bool MayContain(ReadOnlySpan<byte> key)
    {
        var hash = Hash(key);
        for (var probe = 0; probe < Probes; probe++)
        {
            var bit = Bit(hash, probe);
            if ((_bits[bit >> 3] & (1 << (int)(bit & 7))) == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// FNV-1a over eight bytes at a time, then the rest, then a mix so that all bits depend on all bytes. Part of the
    /// file format.
    /// </summary>
    internal static ulong Hash(ReadOnlySpan<byte> key)
    {
        var hash = 14695981039346656037UL;
        while (key.Length >= sizeof(ulong))
        {
            hash = (hash ^ BinaryPrimitives.ReadUInt64LittleEndian(key)) * 1099511628211UL;
            hash ^= hash >> 32;
            key = key[sizeof(ulong)..];
        }

        foreach (var b in key)
        {
            hash = (hash ^ b) * 1099511628211UL;
        }

        hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDUL;
        hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53UL;
        return hash ^ (hash >> 33);
    }

    private ulong Bit(ulong hash, int probe)
    {
        var step = BitOperations.RotateLeft(hash, 32) | 1;
        return (hash + ((ulong)probe * step)) % ((ulong)_bits.Length * 8);
    }
}

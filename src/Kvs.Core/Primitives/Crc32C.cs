using System.Buffers.Binary;
using System.Numerics;

namespace Kvs.Core.Primitives;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of every file and frame of ours.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of one block.</summary>
    /// <param name="bytes">The block.</param>
    /// <returns>The finished checksum; "123456789" gives E3069283.</returns>
    internal static uint Compute(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>Goes on from a finished checksum, as if its block and this one were one.</summary>
    /// <param name="crc">The finished checksum of what came before; 0 for nothing.</param>
    /// <param name="bytes">What follows.</param>
    /// <returns>The finished checksum of both.</returns>
    internal static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        var state = ~crc;
        while (bytes.Length >= sizeof(ulong))
        {
            state = BitOperations.Crc32C(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var b in bytes)
        {
            state = BitOperations.Crc32C(state, b);
        }

        return ~state;
    }
}

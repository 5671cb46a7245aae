namespace Kvs.Core.Primitives;

/// <summary>
/// The 64-bit FNV-1a hash: of keys and entries that nodes compare by digest. Simple enough to be part of a protocol; what
/// protects bytes in files is <see cref="Crc32C"/>.
/// </summary>
internal static class Fnv1A
{
    /// <summary>The hash of nothing.</summary>
    internal const ulong Basis = 0xCBF29CE484222325;

    private const ulong Prime = 0x00000100000001B3;

    /// <summary>Goes on from a hash, as if its bytes and these were one block.</summary>
    /// <param name="hash">The hash of what came before; <see cref="Basis"/> for nothing.</param>
    /// <param name="bytes">What follows.</param>
    internal static ulong Fold(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            hash = unchecked((hash ^ b) * Prime);
        }

        return hash;
    }
}

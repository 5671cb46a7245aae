using System.Buffers;

namespace Kvs.Core.Buffers;

/// <summary>
/// Arrays that many connections need for a moment each: so many are made as are in use at one time. Threading: any thread.
/// Ownership: of an array, whoever has rented it, until it is returned, once; who drops one instead costs a collection.
/// </summary>
internal static class BurstArrays
{
    /// <summary>Largest array that is kept for the next one (1 MiB).</summary>
    internal const int BytesMax = 1024 * 1024;

    /// <summary>Rents an array; what is in it is anything.</summary>
    /// <param name="length">Bytes that are needed, at most <see cref="BytesMax"/>.</param>
    /// <returns>The array, maybe a longer one.</returns>
    internal static byte[] Rent(int length) => ArrayPool<byte>.Shared.Rent(length);

    /// <summary>Returns an array. Nobody reads or writes it any more.</summary>
    /// <param name="array">The array.</param>
    internal static void Return(byte[] array) => ArrayPool<byte>.Shared.Return(array);
}

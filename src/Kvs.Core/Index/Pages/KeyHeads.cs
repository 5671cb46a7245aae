using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics;

namespace Kvs.Core.Index.Pages;

/// <summary>
/// The heads of a page's keys: the first four bytes behind the prefix as a number, zeros where there are fewer, so
/// that numbers and keys have the same order, but for keys with equal heads.
/// </summary>
/// <remarks>
/// Unsafe code, proof: up to 28 bytes behind the last head are read with it; what they hold is not looked at. They lie
/// in the page: behind two heads or more there are at least 48 bytes of slots and records, and a single head lies in
/// the first quarter of the page, header and prefix being no longer.
/// </remarks>
internal static unsafe class KeyHeads
{
    /// <summary>The head of a key.</summary>
    /// <param name="suffix">The key behind the page's prefix, up to the inline limit.</param>
    internal static uint Of(ReadOnlySpan<byte> suffix)
    {
        if (suffix.Length >= sizeof(uint))
        {
            return BinaryPrimitives.ReadUInt32BigEndian(suffix);
        }

        var head = 0u;
        for (var i = 0; i < suffix.Length; i++)
        {
            head |= (uint)suffix[i] << (24 - (8 * i));
        }

        return head;
    }

    /// <summary>How many of the heads, which ascend, are less than one.</summary>
    internal static int CountBelow(uint* heads, int count, uint head)
    {
        if (!Vector256.IsHardwareAccelerated)
        {
            return CountBelowOneByOne(heads, count, head);
        }

        var wanted = Vector256.Create(head);
        for (var i = 0; i < count; i += Vector256<uint>.Count)
        {
            var below = Vector256.LessThan(Vector256.Load(heads + i), wanted).ExtractMostSignificantBits();
            var others = ~below & 0xFF;
            if (others != 0)
            {
                return Math.Min(i + BitOperations.TrailingZeroCount(others), count);
            }
        }

        return count;
    }

    /// <summary>The same without vectors.</summary>
    internal static int CountBelowOneByOne(uint* heads, int count, uint head)
    {
        var low = 0;
        while (low < count)
        {
            var middle = (low + count) >> 1;
            if (heads[middle] < head)
            {
                low = middle + 1;
            }
            else
            {
                count = middle;
            }
        }

        return low;
    }
}

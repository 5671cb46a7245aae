namespace Kvs.Core.Primitives;

/// <summary>Unsigned LEB128 integers: seven bits a byte, low bits first, the top bit says that more follow.</summary>
internal static class Varint
{
    /// <summary>Most bytes of an encoded 64-bit value.</summary>
    internal const int BytesMax = 10;

    /// <summary>How many bytes the value takes.</summary>
    /// <param name="value">The value.</param>
    /// <returns>1 to 10.</returns>
    internal static int Length(ulong value)
    {
        var length = 1;
        while (value >= 0x80)
        {
            value >>= 7;
            length++;
        }

        return length;
    }

    /// <summary>Writes the value.</summary>
    /// <param name="target">At least <see cref="Length"/> bytes.</param>
    /// <param name="value">The value.</param>
    /// <returns>Bytes written.</returns>
    internal static int Write(Span<byte> target, ulong value)
    {
        var length = 0;
        while (value >= 0x80)
        {
            target[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        target[length++] = (byte)value;
        return length;
    }

    /// <summary>Reads a value; refuses what is cut off, over 64 bits, or longer than it need be.</summary>
    /// <param name="source">Bytes that begin with the value.</param>
    /// <param name="value">The value.</param>
    /// <param name="length">Bytes read.</param>
    /// <returns>False when no valid value stands there.</returns>
    internal static bool TryRead(ReadOnlySpan<byte> source, out ulong value, out int length)
    {
        value = 0;
        length = 0;
        for (var shift = 0; shift < 64 && length < source.Length; shift += 7)
        {
            var b = source[length++];
            if (shift == 63 && b > 1)
            {
                return false;
            }

            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return b != 0 || length == 1;
            }
        }

        return false;
    }
}

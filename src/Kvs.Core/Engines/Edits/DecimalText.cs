using System.Globalization;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Edits;

/// <summary>
/// Decimal numbers as text: what a float increment reads and writes. They are decimals of 96 bits, so sums of decimal
/// fractions are exact (0.1 and 0.2 is 0.3) and the same on every machine; up to 28 digits, and beyond that rounded.
/// Threading: pure functions.
/// </summary>
internal static class DecimalText
{
    /// <summary>Longest text that is read: a number of 29 digits has room for many zeros, and for an exponent.</summary>
    internal const int ReadBytesMax = 128;

    /// <summary>Longest text that is written: sign, "0.", 28 digits; or sign and 29 digits.</summary>
    internal const int WrittenBytesMax = 32;

    private const NumberStyles Style =
        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    /// <summary>Without exponent, and without zeros at the end.</summary>
    private const string Format = "0.############################";

    /// <summary>Reads a number: sign, digits with a point anywhere, exponent.</summary>
    /// <param name="text">The text, no character more.</param>
    /// <param name="number">The number.</param>
    /// <returns>False when it is none, or out of range.</returns>
    internal static bool TryRead(ReadOnlySpan<byte> text, out decimal number)
    {
        number = 0;

        // The parser passes over NUL characters at the end; they are bytes of a value like any other.
        return text.Length <= ReadBytesMax
            && !text.Contains((byte)0)
            && decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>Adds.</summary>
    /// <param name="number">The one.</param>
    /// <param name="by">The other.</param>
    /// <param name="sum">The sum; never a negative zero.</param>
    /// <returns>False when it is out of range.</returns>
    internal static bool TryAdd(decimal number, decimal by, out decimal sum)
    {
        sum = 0;
        if (number > 0 == by > 0 && Math.Abs(number) > decimal.MaxValue - Math.Abs(by))
        {
            return false;
        }

        sum = number + by;
        sum = sum == 0 ? 0 : sum;
        return true;
    }

    /// <summary>Writes a number.</summary>
    /// <param name="number">The number.</param>
    /// <param name="target">At least <see cref="WrittenBytesMax"/> bytes.</param>
    /// <returns>How many bytes were written.</returns>
    internal static int Write(decimal number, Span<byte> target)
    {
        Check.That(number.TryFormat(target, out var length, Format, CultureInfo.InvariantCulture));
        return length;
    }
}

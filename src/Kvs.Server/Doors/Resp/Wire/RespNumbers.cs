using System.Buffers.Text;

namespace Kvs.Server.Doors.Resp.Wire;

/// <summary>Numbers as Redis takes them: decimal 64-bit integers that have one spelling only.</summary>
internal static class RespNumbers
{
    /// <summary>Longest decimal 64-bit integer: sign and 19 digits.</summary>
    internal const int BytesMax = 20;

    /// <summary>Reads an integer: no plus, no leading zero, no "-0", no space.</summary>
    /// <param name="text">The text.</param>
    /// <param name="number">The number.</param>
    /// <returns>False when it is none, or does not fit into 64 bits.</returns>
    internal static bool TryParse(ReadOnlySpan<byte> text, out long number)
    {
        number = 0;
        if (text.Length is 0 or > BytesMax)
        {
            return false;
        }

        var first = text[0] == (byte)'-' ? 1 : 0;
        if (first == text.Length || text[first] is < (byte)'0' or > (byte)'9')
        {
            return false;
        }

        if (text[first] == (byte)'0')
        {
            return text.Length == 1;
        }

        return Utf8Parser.TryParse(text, out number, out var read) && read == text.Length;
    }

    /// <summary>Reads an unsigned integer, as the cursor of a scan is one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="number">The number.</param>
    /// <returns>False when it is none.</returns>
    internal static bool TryParse(ReadOnlySpan<byte> text, out ulong number) =>
        Utf8Parser.TryParse(text, out number, out var read) && read == text.Length && text.Length > 0;
}

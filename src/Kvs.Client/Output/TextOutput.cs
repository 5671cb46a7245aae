using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Kvs.Client.Output;

/// <summary>Writes the text format: bytes as they are, or escaped so that one entry stays one line.</summary>
/// <param name="target">Where the bytes go.</param>
internal sealed class TextOutput(IBufferWriter<byte> target)
{
    /// <summary>Writes bytes as they are.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>This output.</returns>
    internal TextOutput Raw(ReadOnlySpan<byte> bytes)
    {
        target.Write(bytes);
        return this;
    }

    /// <summary>Writes text as it is.</summary>
    /// <param name="text">The text.</param>
    /// <returns>This output.</returns>
    internal TextOutput Text(string text)
    {
        Encoding.UTF8.GetBytes(text, target);
        return this;
    }

    /// <summary>
    /// Writes bytes so that they hold no tab, line end or other control character: backslash escapes as in the
    /// quoted words of batch and pipe (\\ \t \n \r \xNN); bytes that are no UTF-8 as \xNN.
    /// </summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>This output.</returns>
    internal TextOutput Escaped(ReadOnlySpan<byte> bytes)
    {
        var isText = Utf8.IsValid(bytes);
        foreach (var value in bytes)
        {
            switch (value)
            {
                case (byte)'\\': Raw("\\\\"u8); break;
                case (byte)'\t': Raw("\\t"u8); break;
                case (byte)'\n': Raw("\\n"u8); break;
                case (byte)'\r': Raw("\\r"u8); break;
                case < 0x20 or 0x7F: Hex(value); break;
                case > 0x7F when !isText: Hex(value); break;
                default: Raw([value]); break;
            }
        }

        return this;
    }

    /// <summary>Ends the line.</summary>
    internal void EndLine() => target.Write("\n"u8);

    private void Hex(byte value)
    {
        const string Digits = "0123456789abcdef";
        Raw([(byte)'\\', (byte)'x', (byte)Digits[value >> 4], (byte)Digits[value & 15]]);
    }
}

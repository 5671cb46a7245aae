using System.Text;

namespace Kvs.Server.Doors.Resp.Wire;

/// <summary>Looks at words.</summary>
internal static class WordText
{
    /// <summary>Whether a word is an option, in any case.</summary>
    /// <param name="word">The word.</param>
    /// <param name="option">The option, in capital letters.</param>
    internal static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> option) => Ascii.EqualsIgnoreCase(word, option);

    /// <summary>A word as text whose characters are its bytes, up to a zero, cut: for error texts, as Redis prints it.</summary>
    /// <param name="word">The word.</param>
    /// <param name="max">Longest text.</param>
    internal static string Of(ReadOnlySpan<byte> word, int max = 128)
    {
        var end = word.IndexOf((byte)0);
        var whole = end < 0 ? word : word[..end];
        return Encoding.Latin1.GetString(whole[..Math.Min(whole.Length, max)]);
    }
}

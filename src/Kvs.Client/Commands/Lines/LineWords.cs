using System.Globalization;
using Kvs.Client.Commands.CommandLine;

namespace Kvs.Client.Commands.Lines;

/// <summary>
/// Splits a simple line into words at blanks and tabs. A word in double quotes knows the escapes \" \\ \n \r \t and
/// \xNN; a word in single quotes is taken as it is; any other word is taken as it is too, quotes inside it included.
/// </summary>
internal static class LineWords
{
    /// <summary>Splits a line.</summary>
    /// <param name="line">The line.</param>
    /// <returns>The words; copies.</returns>
    internal static List<Word> Split(ReadOnlySpan<byte> line)
    {
        var words = new List<Word>();
        var rest = line.TrimStart(" \t"u8);
        while (rest.Length > 0)
        {
            words.Add(rest[0] switch
            {
                (byte)'"' => DoubleQuoted(ref rest),
                (byte)'\'' => SingleQuoted(ref rest),
                _ => Plain(ref rest),
            });
            rest = rest.TrimStart(" \t"u8);
        }

        return words;
    }

    private static Word Plain(ref ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOfAny((byte)' ', (byte)'\t');
        var word = end < 0 ? rest : rest[..end];
        rest = rest[word.Length..];
        return new Word(word.ToArray(), IsQuoted: false);
    }

    private static Word SingleQuoted(ref ReadOnlySpan<byte> rest)
    {
        var length = rest[1..].IndexOf((byte)'\'');
        if (length < 0)
        {
            throw new InputException("a single quote is not closed");
        }

        var word = rest.Slice(1, length).ToArray();
        rest = BehindQuote(rest[(length + 2)..]);
        return new Word(word, IsQuoted: true);
    }

    private static Word DoubleQuoted(ref ReadOnlySpan<byte> rest)
    {
        var word = new List<byte>();
        var at = 1;
        while (at < rest.Length && rest[at] != (byte)'"')
        {
            if (rest[at] == (byte)'\\')
            {
                word.Add(Escape(rest, ref at));
            }
            else
            {
                word.Add(rest[at++]);
            }
        }

        if (at >= rest.Length)
        {
            throw new InputException("a double quote is not closed");
        }

        rest = BehindQuote(rest[(at + 1)..]);
        return new Word([.. word], IsQuoted: true);
    }

    /// <summary>Reads the escape at a backslash and moves behind it.</summary>
    private static byte Escape(ReadOnlySpan<byte> line, ref int at)
    {
        var letter = at + 1 < line.Length ? line[at + 1] : (byte)0;
        if (letter == (byte)'x' && at + 4 <= line.Length
            && byte.TryParse(
                line.Slice(at + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            at += 4;
            return value;
        }

        at += 2;
        return letter switch
        {
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'"' or (byte)'\\' => letter,
            _ => throw new InputException("unknown escape in double quotes; there are \\\" \\\\ \\n \\r \\t \\xNN"),
        };
    }

    private static ReadOnlySpan<byte> BehindQuote(ReadOnlySpan<byte> rest) =>
        rest.Length == 0 || rest[0] is (byte)' ' or (byte)'\t'
            ? rest
            : throw new InputException("a blank is missing behind a closing quote");
}

namespace Kvs.Server.Doors.Resp.Wire;

/// <summary>
/// Splits an inline command into words as Redis does: white space between them; in double quotes \n \r \t \b \a \xHH and
/// backslash before any other byte; in single quotes only \'. A closing quote stands before white space or the end.
/// </summary>
internal static class InlineWords
{
    /// <summary>Splits a line.</summary>
    /// <param name="line">The line, without its end.</param>
    /// <param name="words">Receives the words: slices of the line, or of bytes of their own when there are quotes.</param>
    /// <returns>False when quotes are not closed.</returns>
    internal static bool TrySplit(ReadOnlyMemory<byte> line, CommandArguments words)
    {
        var bytes = line.Span;
        if (bytes.ContainsAny((byte)'"', (byte)'\''))
        {
            return TrySplitQuoted(bytes, words);
        }

        words.LieIn(line);
        for (var at = 0; ;)
        {
            at = SkipSpace(bytes, at);
            if (at >= bytes.Length || bytes[at] == 0)
            {
                return true;
            }

            var start = at;
            while (at < bytes.Length && !EndsWord(bytes[at]))
            {
                at++;
            }

            words.Add(start, at - start);
        }
    }

    private static bool TrySplitQuoted(ReadOnlySpan<byte> line, CommandArguments words)
    {
        // Never longer than the line: an escape is longer than what it stands for.
        var target = new byte[line.Length];
        var end = 0;
        for (var at = 0; ;)
        {
            at = SkipSpace(line, at);
            if (at >= line.Length || line[at] == 0)
            {
                words.LieIn(target);
                return true;
            }

            var start = end;
            while (at < line.Length && !EndsWord(line[at]))
            {
                var isQuoted = line[at] is (byte)'"' or (byte)'\'';
                if (!isQuoted)
                {
                    target[end++] = line[at++];
                }
                else if (!TryReadQuoted(line, ref at, target, ref end))
                {
                    return false;
                }
                else
                {
                    break;
                }
            }

            words.Add(start, end - start);
        }
    }

    /// <summary>Reads on behind an opening quote to behind the closing one, which ends the word.</summary>
    private static bool TryReadQuoted(ReadOnlySpan<byte> line, ref int at, Span<byte> target, ref int end)
    {
        var quote = line[at++];
        while (at < line.Length && line[at] != 0)
        {
            if (line[at] == quote)
            {
                at++;
                return at == line.Length || IsSpace(line[at]) || line[at] == 0;
            }

            if (line[at] != (byte)'\\' || at + 1 >= line.Length)
            {
                target[end++] = line[at++];
            }
            else if (quote == (byte)'\'')
            {
                at += line[at + 1] == (byte)'\'' ? 1 : 0;
                target[end++] = line[at++];
            }
            else
            {
                target[end++] = ReadEscape(line, ref at);
            }
        }

        return false;
    }

    private static byte ReadEscape(ReadOnlySpan<byte> line, ref int at)
    {
        if (at + 3 < line.Length && line[at + 1] == (byte)'x'
            && char.IsAsciiHexDigit((char)line[at + 2]) && char.IsAsciiHexDigit((char)line[at + 3]))
        {
            var value = (HexOf(line[at + 2]) << 4) | HexOf(line[at + 3]);
            at += 4;
            return (byte)value;
        }

        var escaped = line[at + 1];
        at += 2;
        return escaped switch
        {
            (byte)'n' => (byte)'\n',
            (byte)'r' => (byte)'\r',
            (byte)'t' => (byte)'\t',
            (byte)'b' => (byte)'\b',
            (byte)'a' => (byte)'\a',
            _ => escaped,
        };
    }

    private static int HexOf(byte digit) => digit <= (byte)'9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static int SkipSpace(ReadOnlySpan<byte> line, int at)
    {
        while (at < line.Length && IsSpace(line[at]))
        {
            at++;
        }

        return at;
    }

    private static bool IsSpace(byte value) => value is (byte)' ' or (>= (byte)'\t' and <= (byte)'\r');

    // Redis looks for blanks in the middle of a word by this list, shorter than that of white space; a zero ends the line.
    private static bool EndsWord(byte value) => value is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' or 0;
}

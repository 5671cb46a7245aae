namespace Kvs.Server.Doors.Resp.Wire;

/// <summary>
/// Patterns of Redis: * any bytes, ? one byte, [ab] [a-z] [^a] one of, backslash takes the next byte as it is. Matching
/// takes time in proportion to pattern times text at most.
/// </summary>
internal static class GlobPattern
{
    /// <summary>Whether a text has the pattern.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="text">The text.</param>
    internal static bool Matches(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> text)
    {
        // Going back to the last star only, and one byte further, is enough: what an earlier star could give up, the last
        // one can take.
        var (at, read) = (0, 0);
        var (star, starRead) = (-1, 0);
        while (read < text.Length)
        {
            if (at < pattern.Length && pattern[at] == (byte)'*')
            {
                star = ++at;
                starRead = read;
            }
            else if (at < pattern.Length && MatchesOne(pattern, at, text[read], out var next))
            {
                at = next;
                read++;
            }
            else if (star >= 0)
            {
                at = star;
                read = ++starRead;
            }
            else
            {
                return false;
            }
        }

        while (at < pattern.Length && pattern[at] == (byte)'*')
        {
            at++;
        }

        return at == pattern.Length;
    }

    /// <summary>The bytes that every text with the pattern begins with.</summary>
    /// <param name="pattern">The pattern.</param>
    internal static ReadOnlySpan<byte> PrefixOf(ReadOnlySpan<byte> pattern)
    {
        var special = pattern.IndexOfAny("*?[\\"u8);
        return special < 0 ? pattern : pattern[..special];
    }

    private static bool MatchesOne(ReadOnlySpan<byte> pattern, int at, byte value, out int next)
    {
        switch (pattern[at])
        {
            case (byte)'?':
                next = at + 1;
                return true;
            case (byte)'[':
                return MatchesSet(pattern, at + 1, value, out next);
            case (byte)'\\' when at + 1 < pattern.Length:
                next = at + 2;
                return pattern[at + 1] == value;
            default:
                next = at + 1;
                return pattern[at] == value;
        }
    }

    /// <summary>A set that is not closed ends with the pattern, as in Redis.</summary>
    private static bool MatchesSet(ReadOnlySpan<byte> pattern, int at, byte value, out int next)
    {
        var isNegated = at < pattern.Length && pattern[at] == (byte)'^';
        at += isNegated ? 1 : 0;
        var found = false;
        for (; at < pattern.Length && pattern[at] != (byte)']'; at++)
        {
            if (pattern[at] == (byte)'\\' && at + 1 < pattern.Length)
            {
                found |= pattern[++at] == value;
            }
            else if (at + 2 < pattern.Length && pattern[at + 1] == (byte)'-')
            {
                var (low, high) = (Math.Min(pattern[at], pattern[at + 2]), Math.Max(pattern[at], pattern[at + 2]));
                found |= value >= low && value <= high;
                at += 2;
            }
            else
            {
                found |= pattern[at] == value;
            }
        }

        next = Math.Min(at + 1, pattern.Length);
        return found != isNegated;
    }
}

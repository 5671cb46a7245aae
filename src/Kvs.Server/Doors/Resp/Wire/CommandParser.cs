
namespace Kvs.Server.Doors.Resp.Wire;

/// <summary>What the parser made of the bytes at hand.</summary>
internal enum ParseStatus
{
    /// <summary>The command is not whole yet.</summary>
    NeedMore,

    /// <summary>A command, or nothing (an empty line): leave its bytes behind.</summary>
    Ready,

    /// <summary>Not the protocol: say why and close.</summary>
    Refused,
}

/// <summary>
/// Reads commands in place:
/// <code>
/// *COUNT\r\n  then COUNT times  $LENGTH\r\n BYTES \r\n      or inline: words, a line feed at the end, quotes as in a shell
/// </code>
/// It remembers where it stands in a command that arrives in pieces, so no byte is looked at twice. Limits and texts of
/// refusals are those of Redis 7. Threading: one thread at a time. Ownership: of the list of words.
/// </summary>
/// <param name="commandBytesMax">Longest command; a longer one is refused.</param>
internal sealed class CommandParser(int commandBytesMax)
{
    /// <summary>Longest line: an inline command, or a count or length, that is not at its end yet.</summary>
    internal const int LineBytesMax = 64 * 1024;

    /// <summary>Most words of a command.</summary>
    internal const int WordsMax = 1024 * 1024;

    /// <summary>Most words while the client has not said who it is.</summary>
    internal const int StrangerWordsMax = 10;

    /// <summary>Longest word while the client has not said who it is.</summary>
    internal const int StrangerWordBytesMax = 16 * 1024;

    private const string TlsFault = "the client speaks TLS, and this port does not (--tls-cert)";

    private int _at; // from the beginning of the command
    private int _seen; // how far the line that begins at _at has been searched for its end
    private int _wordsLeft; // -1 before the count is known
    private int _wordBytes = -1; // -1 before the length of the next word is known
    private bool _isBetween = true;

    /// <summary>Whether the client is a stranger: smaller limits hold.</summary>
    internal bool IsStranger { get; set; }

    /// <summary>The words of the command, after <see cref="ParseStatus.Ready"/>; none for an empty line.</summary>
    internal CommandArguments Words { get; } = new();

    /// <summary>Bytes of the command, after ready; else those that it has at least, as far as is known.</summary>
    internal int Length { get; private set; }

    /// <summary>Why it is refused.</summary>
    internal string Fault { get; private set; } = "";

    /// <summary>Looks at what has arrived, from the first byte of a command on.</summary>
    /// <param name="received">The bytes. More may be added behind between calls, nothing else may change.</param>
    /// <returns>What came of it.</returns>
    internal ParseStatus TryRead(ReadOnlyMemory<byte> received)
    {
        var bytes = received.Span;
        if (_isBetween)
        {
            Begin();
            if (bytes.IsEmpty)
            {
                Length = 0;
                return ParseStatus.NeedMore;
            }
        }

        _isBetween = false;
        var status = bytes[0] == (byte)'*' ? ReadWords(bytes) : ReadLine(received);
        if (status == ParseStatus.NeedMore)
        {
            Length = Math.Max(bytes.Length + 1, Length);
            return Length > commandBytesMax ? Refuse("command is longer than the limit (frame-bytes-max)") : status;
        }

        if (status == ParseStatus.Ready)
        {
            if (Length > commandBytesMax)
            {
                return Refuse("command is longer than the limit (frame-bytes-max)");
            }

            _isBetween = true;
            if (bytes[0] == (byte)'*')
            {
                Words.LieIn(received);
            }
        }

        return status;
    }

    private void Begin()
    {
        Words.Clear();
        _at = 0;
        _seen = 0;
        _wordsLeft = -1;
        _wordBytes = -1;
        Length = 0;
    }

    private ParseStatus ReadWords(ReadOnlySpan<byte> bytes)
    {
        if (_wordsLeft < 0)
        {
            var status = ReadNumber(bytes, "mbulk count", "multibulk length", out var count);
            if (status != ParseStatus.Ready)
            {
                return status;
            }

            if (count > WordsMax)
            {
                return Refuse("invalid multibulk length");
            }

            if (count > StrangerWordsMax && IsStranger)
            {
                return Refuse("unauthenticated multibulk length");
            }

            _wordsLeft = (int)Math.Max(0, count);
        }

        while (_wordsLeft > 0)
        {
            var status = ReadWord(bytes);
            if (status != ParseStatus.Ready)
            {
                return status;
            }

            _wordsLeft--;
        }

        Length = _at;
        return ParseStatus.Ready;
    }

    private ParseStatus ReadWord(ReadOnlySpan<byte> bytes)
    {
        if (_wordBytes < 0)
        {
            if (_at < bytes.Length && bytes[_at] != (byte)'$')
            {
                return Refuse($"expected '$', got '{(char)bytes[_at]}'");
            }

            var status = ReadNumber(bytes, "bulk count", "bulk length", out var length);
            if (status != ParseStatus.Ready)
            {
                return status;
            }

            if (length < 0 || length > commandBytesMax)
            {
                return Refuse("invalid bulk length");
            }

            if (length > StrangerWordBytesMax && IsStranger)
            {
                return Refuse("unauthenticated bulk length");
            }

            _wordBytes = (int)length;
        }

        var end = (long)_at + _wordBytes + 2;
        if (end > bytes.Length)
        {
            Length = (int)Math.Min(end, int.MaxValue);
            return ParseStatus.NeedMore;
        }

        // The two bytes behind a word are not looked at, as in Redis.
        Words.Add(_at, _wordBytes);
        _at = (int)end;
        _seen = _at;
        _wordBytes = -1;
        return ParseStatus.Ready;
    }

    /// <summary>Reads the number behind a marker, up to the end of its line.</summary>
    private ParseStatus ReadNumber(ReadOnlySpan<byte> bytes, string lineName, string name, out long number)
    {
        number = 0;
        var length = bytes[_seen..].IndexOf((byte)'\r');
        if (length < 0 || _seen + length + 1 >= bytes.Length)
        {
            var known = length < 0 ? bytes.Length : _seen + length;
            _seen = Math.Max(_seen, known);
            return length < 0 && bytes.Length - _at > LineBytesMax
                ? Refuse($"too big {lineName} string")
                : ParseStatus.NeedMore;
        }

        var end = _seen + length;
        if (!RespNumbers.TryParse(bytes[(_at + 1)..end], out number))
        {
            return Refuse($"invalid {name}");
        }

        _at = end + 2;
        _seen = _at;
        return ParseStatus.Ready;
    }

    private ParseStatus ReadLine(ReadOnlyMemory<byte> received)
    {
        var bytes = received.Span;
        if (bytes is [0x16, 0x03, ..])
        {
            return Refuse(TlsFault);
        }

        var length = bytes[_seen..].IndexOf((byte)'\n');
        if (length < 0)
        {
            _seen = bytes.Length;
            return bytes.Length > LineBytesMax ? Refuse("too big inline request") : ParseStatus.NeedMore;
        }

        var end = _seen + length;
        Length = end + 1;
        if (end > LineBytesMax)
        {
            return Refuse("too big inline request");
        }

        var line = received[..(end > 0 && bytes[end - 1] == (byte)'\r' ? end - 1 : end)];
        return InlineWords.TrySplit(line, Words) ? ParseStatus.Ready : Refuse("unbalanced quotes in request");
    }

    private ParseStatus Refuse(string fault)
    {
        Fault = fault;
        return ParseStatus.Refused;
    }
}

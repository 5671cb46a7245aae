using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.Keys;

namespace Kvs.Client.Commands.Lines;

/// <summary>Reads the lines of batch and pipe: a line that begins with { is JSON, any other is a simple line.</summary>
internal static class OperationLine
{
    /// <summary>What the help of batch and pipe says about lines.</summary>
    internal const string Grammar = """
        Lines are simple lines or JSON lines; a line that begins with { is JSON.
        Empty lines and lines that begin with # are passed over.

        Simple lines are written like commands, with the same options:
          set KEY VALUE [--ttl DURATION | --keep-ttl] [--get]
                        [--if-absent | --if-present | --if-version TOKEN]
          rm KEY [--if-version TOKEN] [--get]
          incr KEY [BY]        expire KEY DURATION        persist KEY
        Words end at blanks. "..." is one word and knows \" \\ \n \r \t \xNN; '...' is
        one word as it stands. Quoted words are never options; -- ends options.

        JSON lines have op and key, and value, by, ttl, expires_at, keep_ttl, get,
        if_absent, if_present, if_version. Keys and values are strings, or
        {"b64": "..."} for bytes that are no text:
          {"op":"set","key":"a","value":{"b64":"AP8="},"ttl":"30s"}
        """;

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="number">Its number, for complaints.</param>
    /// <returns>The operation, or null for an empty line or a comment.</returns>
    internal static KeyOperation? Read(ReadOnlySpan<byte> line, long number)
    {
        var content = line.TrimStart(" \t"u8);
        if (content.Length == 0 || content[0] == (byte)'#')
        {
            return null;
        }

        try
        {
            return (content[0] == (byte)'{' ? JsonLine.ReadOperation(content) : SimpleLine.Read(content)).Build();
        }
        catch (InputException complaint)
        {
            throw AtLine(number, complaint);
        }
    }

    /// <summary>Reads a line of an export.</summary>
    /// <param name="line">The line.</param>
    /// <param name="number">Its number, for complaints.</param>
    /// <returns>The set that restores the entry, or null for an empty line.</returns>
    internal static KeyOperation? ReadEntry(ReadOnlySpan<byte> line, long number)
    {
        if (line.Trim(" \t"u8).Length == 0)
        {
            return null;
        }

        try
        {
            return JsonLine.ReadEntry(line).Build();
        }
        catch (InputException complaint)
        {
            throw AtLine(number, complaint);
        }
    }

    private static InputException AtLine(long number, InputException complaint) =>
        new($"line {number}: {complaint.Message}", complaint);
}

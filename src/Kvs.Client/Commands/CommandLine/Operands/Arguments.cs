using System.Globalization;
using Kvs.Client.Output;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.CommandLine.Operands;

/// <summary>
/// Turns the text of arguments into values, or says what is wrong with them. The same words everywhere.
/// </summary>
internal static class Arguments
{
    /// <summary>Reads a duration.</summary>
    /// <param name="name">The option or operand, for the message.</param>
    /// <param name="text">Its text.</param>
    /// <returns>The duration.</returns>
    internal static TimeSpan Duration(string name, string text) =>
        Durations.TryParse(text, out var duration)
            ? duration
            : throw new InputException($"{name}: '{text}' {Durations.Complaint(text)}");

    /// <summary>Reads a whole number.</summary>
    /// <param name="name">The option or operand, for the message.</param>
    /// <param name="text">Its text.</param>
    /// <returns>The number.</returns>
    internal static long Integer(string name, string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new InputException($"{name}: '{text}' is no 64-bit integer");

    /// <summary>Reads a number of things: 1 or more.</summary>
    /// <param name="name">The option, for the message.</param>
    /// <param name="text">Its text.</param>
    /// <returns>The number.</returns>
    internal static long Positive(string name, string text)
    {
        var number = Integer(name, text);
        return number > 0 ? number : throw new InputException($"{name}: '{text}' is not above 0");
    }

    /// <summary>Reads a version token.</summary>
    /// <param name="name">The option, for the message.</param>
    /// <param name="text">Its text.</param>
    /// <returns>The version.</returns>
    internal static KvsVersion Version(string name, string text) =>
        KvsVersion.TryParse(text, out var version)
            ? version
            : throw new InputException(
                $"{name}: '{text}' is no version token; take one from the output of get -o json");

    /// <summary>Reads a position of a watch.</summary>
    /// <param name="name">The option, for the message.</param>
    /// <param name="text">Its text.</param>
    /// <returns>The position.</returns>
    internal static WatchPosition Position(string name, string text) =>
        WatchPosition.TryParse(text, out var position)
            ? position
            : throw new InputException($"{name}: '{text}' is no position; take one from the output of watch");

    /// <summary>Checks a content type, if there is one.</summary>
    /// <param name="name">The option, for the message.</param>
    /// <param name="text">Its text; null when it is not given.</param>
    /// <returns>The text.</returns>
    internal static string? ContentType(string name, string? text) =>
        text is null or { Length: > 0 and <= Limits.ContentTypeBytesMax } && !text.AsSpan().ContainsAnyExceptInRange(' ', '~')
            ? text
            : throw new InputException(
                $"{name}: a content type is 1 to {Limits.ContentTypeBytesMax} characters of printable ASCII, such as text/plain");

    /// <summary>Reads bytes given as base64.</summary>
    /// <param name="name">The option or operand, for the message.</param>
    /// <param name="text">Its text.</param>
    /// <returns>The bytes.</returns>
    internal static ReadOnlyMemory<byte> Base64(string name, string text)
    {
        var bytes = new byte[(text.Length * 3 / 4) + 3];
        return Convert.TryFromBase64String(text, bytes, out var length)
            ? bytes.AsMemory(0, length)
            : throw new InputException($"{name}: '{text}' is no base64");
    }

    /// <summary>Reads the three conditions of a write, of which at most one may be given.</summary>
    /// <param name="ifAbsent">Whether --if-absent is given.</param>
    /// <param name="ifPresent">Whether --if-present is given.</param>
    /// <param name="ifVersion">The token of --if-version, or null.</param>
    /// <returns>The condition.</returns>
    internal static KvsCondition Condition(bool ifAbsent, bool ifPresent, string? ifVersion) =>
        (ifAbsent, ifPresent, ifVersion) switch
        {
            (false, false, null) => default,
            (true, false, null) => KvsCondition.Absent,
            (false, true, null) => KvsCondition.Present,
            (false, false, { } token) => KvsCondition.IfVersion(Version("--if-version", token)),
            _ => throw new InputException("give one of --if-absent, --if-present and --if-version"),
        };

    /// <summary>Checks a list of addresses; whether they exist is found out when connecting.</summary>
    /// <param name="name">The option or variable, for the message.</param>
    /// <param name="text">One HOST:PORT, or several with commas.</param>
    /// <returns>The text.</returns>
    internal static string Addresses(string name, string text)
    {
        var isUsable = KvsAddress.TryParseList(text, out var addresses);
        foreach (var address in addresses)
        {
            isUsable &= address.Port != 0;
        }

        return isUsable
            ? text
            : throw new InputException(
                $"{name}: '{text}' is no address; write HOST:PORT, such as 127.0.0.1:4000 or [::1]:4000");
    }
}

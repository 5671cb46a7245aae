using System.Text;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;

namespace Kvs.Server.Doors.Http.Requests;

/// <summary>
/// The parameters of a query. Every one must have a meaning at its route, and stand there once: a misspelt <c>ttl</c> must
/// not be a key that lives for ever.
/// </summary>
internal sealed class RequestQuery
{
    private readonly Dictionary<string, byte[]> _values = new(StringComparer.Ordinal);

    private RequestQuery()
    {
    }

    /// <summary>Reads a query.</summary>
    /// <param name="query">What stands behind the question mark.</param>
    /// <param name="known">Parameters that have a meaning.</param>
    /// <param name="parsed">The parameters.</param>
    /// <param name="problem">Why they are refused.</param>
    /// <returns>False when they are refused.</returns>
    internal static bool TryRead(
        string query, ReadOnlySpan<string> known, out RequestQuery parsed, out Problem? problem)
    {
        parsed = new RequestQuery();
        problem = null;
        foreach (var range in query.AsSpan().Split('&'))
        {
            var part = query.AsSpan()[range];
            if (part.IsEmpty)
            {
                continue;
            }

            var equals = part.IndexOf('=');
            var name = (equals < 0 ? part : part[..equals]).ToString();
            if (!known.Contains(name))
            {
                problem = Invalid($"The query parameter '{Shown(name)}' has no meaning here; {string.Join(", ", known!)} have.");
            }
            else if (!RequestTarget.TryUnescape(equals < 0 ? default : part[(equals + 1)..], true, out var bytes))
            {
                problem = Invalid($"The query parameter '{name}' has a percent sign without two hexadecimal digits.");
            }
            else if (!parsed._values.TryAdd(name, bytes))
            {
                problem = Invalid($"The query parameter '{name}' stands there twice.");
            }

            if (problem is not null)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A refusal of what the client said.</summary>
    /// <param name="detail">What is wrong with it.</param>
    internal static Problem Invalid(string detail) => Problem.Of(ErrorCode.InvalidArgument, detail);

    /// <summary>The bytes of a parameter; null when it is not there.</summary>
    /// <param name="name">Its name.</param>
    internal byte[]? Bytes(string name) => _values.GetValueOrDefault(name);

    /// <summary>The text of a parameter; null when it is not there.</summary>
    /// <param name="name">Its name.</param>
    internal string? Text(string name) => _values.TryGetValue(name, out var bytes) ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>A switch, which is on when it stands there without a value too.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="on">Whether it is on; false when it is not there.</param>
    /// <returns>False for a text that is neither true nor false.</returns>
    internal bool TrySwitch(string name, out bool on)
    {
        var text = Text(name);
        on = text is "" or "true";
        return on || text is null or "false";
    }

    /// <summary>A whole number from 1 on.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="number">The number; null when it is not there.</param>
    /// <returns>False for a text that is no such number.</returns>
    internal bool TryCount(string name, out long? number)
    {
        number = null;
        if (Text(name) is not { } text)
        {
            return true;
        }

        var isNumber = long.TryParse(text, System.Globalization.NumberStyles.None,
            System.Globalization.CultureInfo.InvariantCulture, out var value);
        number = value;
        return isNumber && value > 0;
    }

    /// <summary>A text for an error message: not too long, and nothing that changes a terminal.</summary>
    private static string Shown(string text) =>
        new([.. text.Take(40).Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' ? c : '?')]);
}

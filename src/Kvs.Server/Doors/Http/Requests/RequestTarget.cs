using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kvs.Server.Doors.Http.Requests;

/// <summary>
/// The target of a request as it was sent. Routing goes by a decoded path, in which bytes that are no UTF-8 and the
/// difference between a slash and its escape are lost; keys are bytes, so they are read from here.
/// </summary>
/// <param name="Path">The path, with its escapes.</param>
/// <param name="Query">What stands behind the question mark, with its escapes.</param>
internal readonly record struct RequestTarget(string Path, string Query)
{
    private const string SchemeEnd = "://";

    /// <summary>The target of a request.</summary>
    /// <param name="context">The request.</param>
    internal static RequestTarget Of(HttpContext context) =>
        Of(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget);

    /// <summary>Takes a target apart.</summary>
    /// <param name="raw">The target: a path, or a whole address as proxies send it.</param>
    internal static RequestTarget Of(string raw)
    {
        var start = 0;
        if (raw.Length > 0 && raw[0] != '/' && raw.IndexOf(SchemeEnd, StringComparison.Ordinal) is > 0 and var scheme)
        {
            var slash = raw.IndexOf('/', scheme + SchemeEnd.Length);
            start = slash < 0 ? raw.Length : slash;
        }

        var mark = raw.IndexOf('?', start);
        return mark < 0 ? new RequestTarget(raw[start..], "") : new RequestTarget(raw[start..mark], raw[(mark + 1)..]);
    }

    /// <summary>Takes the escapes out of a part of a target.</summary>
    /// <param name="text">The part.</param>
    /// <param name="plusIsSpace">Whether a plus is a space, as in queries.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <returns>False for an escape that is none.</returns>
    internal static bool TryUnescape(ReadOnlySpan<char> text, bool plusIsSpace, out byte[] bytes)
    {
        bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '%')
            {
                if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                {
                    bytes = [];
                    return false;
                }

                bytes[length++] = (byte)((HexValue(text[i + 1]) << 4) | HexValue(text[i + 2]));
                i += 2;
            }
            else if (c < 0x80)
            {
                bytes[length++] = c == '+' && plusIsSpace ? (byte)' ' : (byte)c;
            }
            else
            {
                // A client that sends text as it is means UTF-8.
                var width = char.IsSurrogate(c) && i + 1 < text.Length ? 2 : 1;
                length += Encoding.UTF8.GetBytes(text.Slice(i, width), bytes.AsSpan(length));
                i += width - 1;
            }
        }

        Array.Resize(ref bytes, length);
        return true;
    }

    private static int HexValue(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

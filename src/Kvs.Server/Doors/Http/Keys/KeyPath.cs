using System.Buffers.Text;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;
using Kvs.Server.Doors.Http.Requests;

namespace Kvs.Server.Doors.Http.Keys;

/// <summary>How a key stands in a path: with percent escapes, or in base64url.</summary>
internal static class KeyPath
{
    /// <summary>Path before a key with escapes.</summary>
    internal const string Escaped = "/v1/kv/";

    /// <summary>Path before a key in base64url.</summary>
    internal const string Base64 = "/v1/kv-b64/";

    /// <summary>Behind a key that is to be incremented.</summary>
    internal const string IncrementAction = ":incr";

    /// <summary>Reads the key of a path.</summary>
    /// <param name="path">The path, as it was sent.</param>
    /// <param name="action">What stands behind the key; empty for nothing.</param>
    /// <param name="key">The key.</param>
    /// <param name="problem">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryRead(string path, string action, out byte[] key, out Problem? problem)
    {
        key = [];
        problem = null;
        var isBase64 = path.StartsWith(Base64, StringComparison.Ordinal);
        if (!isBase64 && !path.StartsWith(Escaped, StringComparison.Ordinal))
        {
            problem = RequestQuery.Invalid(
                $"The path of a key is {Escaped} and the key with percent escapes, or {Base64} and the key in base64url, "
                + "as it is, without a detour by dots.");
            return false;
        }

        var text = path.AsSpan(isBase64 ? Base64.Length : Escaped.Length);
        text = text[..^action.Length];
        if (isBase64 ? !TryBase64(text, out key) : !RequestTarget.TryUnescape(text, plusIsSpace: false, out key))
        {
            problem = RequestQuery.Invalid(isBase64
                ? "The key is no base64url."
                : "The key has a percent sign without two hexadecimal digits; as a character it is %25.");
            return false;
        }

        if (key.Length > Limits.KeyBytesMax)
        {
            problem = Problem.Of(ErrorCode.KeyTooLarge, $"The key has {key.Length} bytes, the limit is {Limits.KeyBytesMax}.");
        }

        return problem is null;
    }

    private static bool TryBase64(ReadOnlySpan<char> text, out byte[] key)
    {
        key = [];
        if (!Base64Url.IsValid(text, out var length))
        {
            return false;
        }

        key = new byte[length];
        return Base64Url.TryDecodeFromChars(text, key, out var written) && written == length;
    }
}

using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Kvs.Server.Access;

/// <summary>
/// What is kept of a token: SHA-256 of its text, as <c>sha256$HEX</c>. No slow hash: a token has 256 random bits, which
/// nobody guesses however fast he tries.
/// </summary>
internal static class TokenHash
{
    private const string Prefix = "sha256$";
    private const string TokenPrefix = "kvs_";
    private const int TokenBytes = 32;

    private static readonly SearchValues<char> _hex = SearchValues.Create("0123456789abcdef");

    /// <summary>Draws a token.</summary>
    /// <returns>Its text, which begins so that programs which look for leaked secrets can know it.</returns>
    internal static string NewToken() => TokenPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));

    /// <summary>The text that is kept.</summary>
    /// <param name="token">The token as UTF-8.</param>
    internal static string Of(ReadOnlySpan<byte> token) => Prefix + Convert.ToHexStringLower(SHA256.HashData(token));

    /// <summary>The text that is kept.</summary>
    /// <param name="token">The token.</param>
    internal static string Of(string token) => Of(Encoding.UTF8.GetBytes(token));

    /// <summary>Whether a text is what is kept of a token.</summary>
    /// <param name="text">The text.</param>
    internal static bool IsOne(string text) =>
        text.Length == Prefix.Length + (2 * SHA256.HashSizeInBytes)
        && text.StartsWith(Prefix, StringComparison.Ordinal)
        && !text.AsSpan(Prefix.Length).ContainsAnyExcept(_hex);
}

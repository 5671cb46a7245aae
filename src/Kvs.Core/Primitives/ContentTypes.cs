using System.Text;

namespace Kvs.Core.Primitives;

/// <summary>
/// Content types: what HTTP says of a value, kept beside it. They are 1 to <see cref="Limits.ContentTypeBytesMax"/> bytes of
/// printable ASCII; nobody here looks into them. Null is none. Threading: pure functions.
/// </summary>
internal static class ContentTypes
{
    /// <summary>Most bytes of a content type with its length before it.</summary>
    internal const int FieldBytesMax = 1 + Limits.ContentTypeBytesMax;

    /// <summary>Whether a value may have it.</summary>
    /// <param name="contentType">The content type; null for none.</param>
    internal static bool IsValid(string? contentType) => contentType is null
        || (contentType.Length is > 0 and <= Limits.ContentTypeBytesMax && !contentType.AsSpan().ContainsAnyExceptInRange(' ', '~'));

    /// <summary>Bytes of its field: length and text; none for none.</summary>
    /// <param name="contentType">The content type.</param>
    internal static int FieldBytes(string? contentType) => contentType is null ? 0 : 1 + contentType.Length;

    /// <summary>Writes its field.</summary>
    /// <param name="contentType">The content type, a valid one.</param>
    /// <param name="target">At least as many bytes as it takes.</param>
    /// <returns>Bytes written.</returns>
    internal static int WriteField(string contentType, Span<byte> target)
    {
        target[0] = checked((byte)contentType.Length);
        return 1 + Encoding.Latin1.GetBytes(contentType, target[1..]);
    }

    /// <summary>The text of bytes, whatever they are: <see cref="IsValid"/> judges it.</summary>
    /// <param name="bytes">The bytes.</param>
    internal static string TextOf(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}

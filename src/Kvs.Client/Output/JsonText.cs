using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Kvs.Client.Output;

/// <summary>
/// How bytes and times look in JSON, the same at every place: text, or {"b64": ...} where it is no text.
/// </summary>
internal static class JsonText
{
    /// <summary>The format of times: UTC, to the millisecond, ISO 8601.</summary>
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    /// <summary>Writes bytes under a name.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="name">The name.</param>
    /// <param name="bytes">The bytes.</param>
    internal static void WriteBytes(this Utf8JsonWriter json, string name, ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            json.WriteString(name, bytes);
            return;
        }

        json.WriteStartObject(name);
        json.WriteBase64String("b64"u8, bytes);
        json.WriteEndObject();
    }

    /// <summary>Writes what a value is; nothing for none.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="contentType">Its content type, or null.</param>
    internal static void WriteContentType(this Utf8JsonWriter json, string? contentType)
    {
        if (contentType is not null)
        {
            json.WriteString("content_type"u8, contentType);
        }
    }

    /// <summary>Writes a time under a name; nothing for none.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="name">The name.</param>
    /// <param name="time">The time, or null.</param>
    internal static void WriteTime(this Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } at)
        {
            json.WriteString(name, at.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
        }
    }
}

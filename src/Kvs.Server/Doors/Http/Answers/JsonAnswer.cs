using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Kvs.Core.Operations;
using Kvs.Server.Doors.Web;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Answers;

/// <summary>
/// JSON that is sent while it is written, so that it takes the memory of one part, however long it is. Bytes that are UTF-8
/// are a text, others an object with their base64. Threading: one thread at a time.
/// </summary>
internal sealed class JsonAnswer : IDisposable
{
    private const int PartBytes = 16 * 1024;

    // Of what JSON lets stand, nothing is escaped: answers are no HTML, and say so.
    private static readonly JsonWriterOptions _options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true, // lines are several documents
    };

    private readonly AnswerSender _sender;

    /// <summary>Begins an answer whose headers are set.</summary>
    /// <param name="context">The request.</param>
    /// <param name="sendTimeout">Longest wait for the client; zero for no limit.</param>
    internal JsonAnswer(HttpContext context, TimeSpan sendTimeout)
    {
        _sender = new AnswerSender(context, sendTimeout);
        Json = new Utf8JsonWriter(_sender.Writer, _options);
    }

    /// <summary>Writes what is short.</summary>
    internal Utf8JsonWriter Json { get; }

    /// <summary>Writes a property of bytes.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="bytes">The bytes.</param>
    internal async Task WriteBytesAsync(string name, ReadOnlyMemory<byte> bytes)
    {
        Json.WritePropertyName(name);
        if (Utf8.IsValid(bytes.Span))
        {
            await WriteLongAsync(bytes, Json.WriteStringValueSegment);
            return;
        }

        Json.WriteStartObject();
        Json.WritePropertyName("b64");
        await WriteLongAsync(bytes, Json.WriteBase64StringSegment);
        Json.WriteEndObject();
    }

    /// <summary>Writes what a value is, where that is known.</summary>
    /// <param name="contentType">Its content type; null for none.</param>
    internal void WriteContentType(string? contentType)
    {
        if (contentType is not null)
        {
            Json.WriteString("content_type", contentType);
        }
    }

    /// <summary>Writes an entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="keyOnly">Whether its value is left out.</param>
    internal async Task WriteEntryAsync(KvsEntry entry, bool keyOnly)
    {
        Json.WriteStartObject();
        await WriteBytesAsync("key", entry.Key.Bytes);
        if (!keyOnly)
        {
            await WriteBytesAsync("value", entry.Value.Bytes);
        }

        WriteContentType(entry.ContentType);
        Json.WriteString("version", entry.Version.ToString());
        if (entry.ExpiresAt is { } expiry)
        {
            Json.WriteString("expires_at", HttpAnswers.TextOf(expiry.ToUnixTimeMilliseconds()));
        }

        Json.WriteEndObject();
        await FlushIfFullAsync();
    }

    /// <summary>Ends a line: what follows is a document of its own.</summary>
    internal void EndLine()
    {
        Json.Flush();
        Json.Reset();
        WriteRaw("\n"u8);
    }

    /// <summary>Writes what is no JSON, between two documents.</summary>
    /// <param name="bytes">What.</param>
    internal void WriteRaw(ReadOnlySpan<byte> bytes) => _sender.Writer.Write(bytes);

    /// <summary>Sends what was written.</summary>
    internal async ValueTask FlushAsync()
    {
        Json.Flush();
        await _sender.FlushAsync();
    }

    /// <summary>Sends what was written, when it is enough for a part.</summary>
    internal ValueTask FlushIfFullAsync() =>
        Json.BytesPending + _sender.Writer.UnflushedBytes >= PartBytes ? FlushAsync() : ValueTask.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => Json.Dispose();

    private async Task WriteLongAsync(ReadOnlyMemory<byte> bytes, Segment write)
    {
        while (bytes.Length > PartBytes)
        {
            write(bytes.Span[..PartBytes], false);
            bytes = bytes[PartBytes..];
            await FlushAsync();
        }

        write(bytes.Span, true);
    }

    /// <summary>Writes a part of a long text.</summary>
    private delegate void Segment(ReadOnlySpan<byte> bytes, bool isLast);
}

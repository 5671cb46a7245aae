using System.Text.Json;

namespace Kvs.Client.Output.Ranges;

/// <summary>An entry in an export: what is needed to restore it, and nothing else. Always JSON.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
/// <param name="ContentType">What the value is; null for nothing.</param>
/// <param name="ExpiresAt">When it expires.</param>
internal sealed record ExportLine(
    ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, string? ContentType, DateTimeOffset? ExpiresAt) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => ExitCode.Done;

    /// <inheritdoc/>
    public void WriteText(TextOutput output) => throw new NotSupportedException("An export is JSON lines.");

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteBytes("key", Key.Span);
        json.WriteBytes("value", Value.Span);
        json.WriteContentType(ContentType);
        json.WriteTime("expires_at", ExpiresAt);
    }
}

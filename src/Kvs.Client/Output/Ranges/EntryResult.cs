using System.Text.Json;

namespace Kvs.Client.Output.Ranges;

/// <summary>One entry of a scan: a line of key, tab, value, both escaped; or a JSON object.</summary>
internal sealed record EntryResult : ICommandResult
{
    /// <summary>The key.</summary>
    internal required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The value; null when only keys were asked for.</summary>
    internal ReadOnlyMemory<byte>? Value { get; init; }

    /// <summary>What the value is; null for nothing.</summary>
    internal string? ContentType { get; init; }

    /// <summary>The version token.</summary>
    internal required string Version { get; init; }

    /// <summary>When it expires.</summary>
    internal DateTimeOffset? ExpiresAt { get; init; }

    /// <inheritdoc/>
    public ExitCode ExitCode => ExitCode.Done;

    /// <inheritdoc/>
    public void WriteText(TextOutput output)
    {
        output.Escaped(Key.Span);
        if (Value is { } value)
        {
            output.Raw("\t"u8).Escaped(value.Span);
        }

        output.EndLine();
    }

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteBytes("key", Key.Span);
        if (Value is { } value)
        {
            json.WriteBytes("value", value.Span);
        }

        json.WriteContentType(ContentType);
        json.WriteString("version", Version);
        json.WriteTime("expires_at", ExpiresAt);
    }
}

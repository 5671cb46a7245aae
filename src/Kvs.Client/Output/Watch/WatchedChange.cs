using System.Text.Json;

namespace Kvs.Client.Output.Watch;

/// <summary>One change: a line of position, kind, key and value, with tabs between; or a JSON object.</summary>
internal sealed record WatchedChange : ICommandResult
{
    /// <summary>The place behind it.</summary>
    internal required string Position { get; init; }

    /// <summary>set, removed, expired or progress.</summary>
    internal required string Kind { get; init; }

    /// <summary>The key; null for progress.</summary>
    internal ReadOnlyMemory<byte>? Key { get; init; }

    /// <summary>The value; null when it has none, or when only keys were asked for.</summary>
    internal ReadOnlyMemory<byte>? Value { get; init; }

    /// <summary>What the value is; null for nothing.</summary>
    internal string? ContentType { get; init; }

    /// <summary>When it expires.</summary>
    internal DateTimeOffset? ExpiresAt { get; init; }

    /// <inheritdoc/>
    public ExitCode ExitCode => ExitCode.Done;

    /// <inheritdoc/>
    public void WriteText(TextOutput output)
    {
        output.Text(Position).Raw("\t"u8).Text(Kind);
        if (Key is { } key)
        {
            output.Raw("\t"u8).Escaped(key.Span);
        }

        if (Value is { } value)
        {
            output.Raw("\t"u8).Escaped(value.Span);
        }

        output.EndLine();
    }

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteString("position", Position);
        json.WriteString("kind", Kind);
        if (Key is { } key)
        {
            json.WriteBytes("key", key.Span);
        }

        if (Value is { } value)
        {
            json.WriteBytes("value", value.Span);
        }

        json.WriteContentType(ContentType);
        json.WriteTime("expires_at", ExpiresAt);
    }
}

using System.Text.Json;

namespace Kvs.Client.Output.Keys;

/// <summary>The answer to a get. A missing key is an answer too: exit code 0 unless asked otherwise.</summary>
internal sealed record ValueResult : ICommandResult
{
    /// <summary>What every command says of a missing key; scripts look for it.</summary>
    internal const string KeyNotFound = "Key not found";

    /// <summary>The key.</summary>
    internal required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>The value; null when the key is missing.</summary>
    internal ReadOnlyMemory<byte>? Value { get; init; }

    /// <summary>What the value is; null for nothing.</summary>
    internal string? ContentType { get; init; }

    /// <summary>The version token.</summary>
    internal string? Version { get; init; }

    /// <summary>When it expires.</summary>
    internal DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether a missing key calls for exit code 1.</summary>
    internal bool Strict { get; init; }

    /// <summary>Whether stdout gets the bytes of the value and nothing else.</summary>
    internal bool Raw { get; init; }

    /// <inheritdoc/>
    public ExitCode ExitCode => Value is null && (Strict || Raw) ? ExitCode.Missing : ExitCode.Done;

    /// <inheritdoc/>
    public string? Notice => Value is null && Raw ? KeyNotFound : null;

    /// <inheritdoc/>
    public void WriteText(TextOutput output)
    {
        if (Value is { } value)
        {
            output.Raw(value.Span);
        }
        else if (!Raw)
        {
            output.Text(KeyNotFound);
        }

        if (!Raw)
        {
            output.EndLine();
        }
    }

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteBytes("key", Key.Span);
        json.WriteBoolean("found", Value is not null);
        if (Value is { } value)
        {
            json.WriteBytes("value", value.Span);
            json.WriteContentType(ContentType);
            json.WriteString("version", Version);
            json.WriteTime("expires_at", ExpiresAt);
        }
    }
}

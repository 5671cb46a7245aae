using System.Text.Json;

namespace Kvs.Client.Output.Keys;

/// <summary>
/// The answer to a set or a remove. Success is silent, but for the previous value where that was asked for.
/// </summary>
internal sealed record ChangeResult : ICommandResult
{
    /// <summary>The key.</summary>
    internal required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Whether it was applied.</summary>
    internal required bool Applied { get; init; }

    /// <summary>Whether the key was there before.</summary>
    internal required bool Existed { get; init; }

    /// <summary>The version token that it made, or that the key has when it was not applied; null for none.</summary>
    internal string? Version { get; init; }

    /// <summary>The previous value, where asked for and there.</summary>
    internal ReadOnlyMemory<byte>? Previous { get; init; }

    /// <summary>Whether a missing key is what kept it from being applied (a remove), rather than a condition.</summary>
    internal bool IsRemove { get; init; }

    /// <inheritdoc/>
    public ExitCode ExitCode => Applied ? ExitCode.Done : ExitCode.Missing;

    /// <inheritdoc/>
    public string? Notice => (Applied, Existed, IsRemove) switch
    {
        (true, _, _) => null,
        (false, false, true) => ValueResult.KeyNotFound,
        (false, false, false) => "Condition failed: the key does not exist",
        (false, true, _) => $"Condition failed: the key exists, its version is {Version}",
    };

    /// <inheritdoc/>
    public void WriteText(TextOutput output)
    {
        if (Previous is { } previous)
        {
            output.Raw(previous.Span).EndLine();
        }
    }

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteBytes("key", Key.Span);
        json.WriteBoolean("applied", Applied);
        json.WriteBoolean("existed", Existed);
        if (Version is not null)
        {
            json.WriteString("version", Version);
        }

        if (Previous is { } previous)
        {
            json.WriteBytes("previous", previous.Span);
        }
    }
}

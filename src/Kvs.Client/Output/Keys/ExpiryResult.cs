using System.Text.Json;

namespace Kvs.Client.Output.Keys;

/// <summary>The answer to a change of expiry; silent when the key is there.</summary>
/// <param name="Key">The key.</param>
/// <param name="Found">Whether it is there.</param>
internal sealed record ExpiryResult(ReadOnlyMemory<byte> Key, bool Found) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => Found ? ExitCode.Done : ExitCode.Missing;

    /// <inheritdoc/>
    public string? Notice => Found ? null : ValueResult.KeyNotFound;

    /// <inheritdoc/>
    public void WriteText(TextOutput output)
    {
        // Success is silent, as for set and rm.
    }

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteBytes("key", Key.Span);
        json.WriteBoolean("found", Found);
    }
}

using System.Text.Json;

namespace Kvs.Client.Output.Keys;

/// <summary>How long a key has to live.</summary>
/// <param name="Key">The key.</param>
/// <param name="Found">Whether it is there.</param>
/// <param name="Remaining">Its remaining time; null when it does not expire.</param>
internal sealed record LifetimeResult(ReadOnlyMemory<byte> Key, bool Found, TimeSpan? Remaining) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => Found ? ExitCode.Done : ExitCode.Missing;

    /// <inheritdoc/>
    public string? Notice => Found ? null : ValueResult.KeyNotFound;

    /// <inheritdoc/>
    public void WriteText(TextOutput output)
    {
        if (Found)
        {
            output.Text(Remaining is { } remaining ? Durations.Format(remaining) : "none").EndLine();
        }
    }

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteBytes("key", Key.Span);
        json.WriteBoolean("found", Found);
        if (Remaining is { } remaining)
        {
            json.WriteNumber("ttl_ms", (long)remaining.TotalMilliseconds);
        }
    }
}

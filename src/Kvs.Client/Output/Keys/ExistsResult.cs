using System.Text.Json;

namespace Kvs.Client.Output.Keys;

/// <summary>Whether a key is there; the exit code says it too, so that a shell can branch on it.</summary>
/// <param name="Key">The key.</param>
/// <param name="Exists">Whether it is there.</param>
internal sealed record ExistsResult(ReadOnlyMemory<byte> Key, bool Exists) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => Exists ? ExitCode.Done : ExitCode.Missing;

    /// <inheritdoc/>
    public void WriteText(TextOutput output) => output.Text(Exists ? "true" : "false").EndLine();

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteBytes("key", Key.Span);
        json.WriteBoolean("exists", Exists);
    }
}

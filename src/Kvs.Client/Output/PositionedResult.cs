using System.Text.Json;

namespace Kvs.Client.Output;

/// <summary>A result and, in JSON, the position that it was told at: a read that asks for it misses nothing of this one.</summary>
/// <param name="Inner">The result.</param>
/// <param name="Position">The position as a token; null where there is none.</param>
internal sealed record PositionedResult(ICommandResult Inner, string? Position) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => Inner.ExitCode;

    /// <inheritdoc/>
    public string? Notice => Inner.Notice;

    /// <inheritdoc/>
    public void WriteText(TextOutput output) => Inner.WriteText(output);

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        Inner.WriteJson(json);
        if (Position is not null)
        {
            json.WriteString("position", Position);
        }
    }
}

using System.Text.Json;

namespace Kvs.Client.Output.Admin;

/// <summary>Something was done that has no result of its own; text is silent.</summary>
internal sealed record DoneResult : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => ExitCode.Done;

    /// <inheritdoc/>
    public void WriteText(TextOutput output)
    {
        // Success is silent.
    }

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json) => json.WriteBoolean("done", value: true);
}

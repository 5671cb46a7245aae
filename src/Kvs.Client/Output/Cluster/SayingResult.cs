using System.Text.Json;

namespace Kvs.Client.Output.Cluster;

/// <summary>What the cluster says that it did.</summary>
/// <param name="Text">Its words.</param>
internal sealed record SayingResult(string Text) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => ExitCode.Done;

    /// <inheritdoc/>
    public void WriteText(TextOutput output) => output.Text(Text).EndLine();

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json) => json.WriteString("done", Text);
}

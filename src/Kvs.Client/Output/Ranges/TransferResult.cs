using System.Text.Json;

namespace Kvs.Client.Output.Ranges;

/// <summary>How many entries an export or import has carried.</summary>
/// <param name="Verb">What was done to them: exported, imported.</param>
/// <param name="Entries">How many.</param>
internal sealed record TransferResult(string Verb, long Entries) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => ExitCode.Done;

    /// <inheritdoc/>
    public void WriteText(TextOutput output) =>
        output.Text(Verb).Text(" ").Text(Amount.Of(Entries, "entry", "entries")).EndLine();

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json) => json.WriteNumber(Verb, Entries);
}

using System.Globalization;
using System.Text.Json;

namespace Kvs.Client.Output.Streams;

/// <summary>The counts at the end of a pipe.</summary>
/// <param name="Operations">How many operations were sent.</param>
/// <param name="Failed">How many of them missed their key, failed their condition or were refused.</param>
/// <param name="Worst">The most serious exit code among them.</param>
internal sealed record PipeResult(long Operations, long Failed, ExitCode Worst) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => Worst;

    /// <inheritdoc/>
    public void WriteText(TextOutput output) => output
        .Text(Amount.Of(Operations, "operation", "operations"))
        .Text(string.Create(CultureInfo.InvariantCulture, $": {Operations - Failed} done, {Failed} failed"))
        .EndLine();

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteNumber("operations", Operations);
        json.WriteNumber("done", Operations - Failed);
        json.WriteNumber("failed", Failed);
    }
}

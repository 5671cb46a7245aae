using System.Globalization;
using System.Text.Json;

namespace Kvs.Client.Output.Ranges;

/// <summary>A number of keys.</summary>
/// <param name="Count">The number.</param>
internal sealed record CountResult(long Count) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => ExitCode.Done;

    /// <inheritdoc/>
    public void WriteText(TextOutput output) => output.Text(Count.ToString(CultureInfo.InvariantCulture)).EndLine();

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json) => json.WriteNumber("count", Count);
}

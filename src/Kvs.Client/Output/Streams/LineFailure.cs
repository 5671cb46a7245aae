using System.Globalization;
using System.Text.Json;

namespace Kvs.Client.Output.Streams;

/// <summary>
/// The refusal of one line of a pipe. In JSON it takes the place of the result, so that there is one for each line.
/// </summary>
/// <param name="Line">The line.</param>
/// <param name="Message">Why.</param>
/// <param name="Code">The stable name of the error.</param>
/// <param name="IsTold">Whether its notice is shown.</param>
internal sealed record LineFailure(long Line, string Message, string Code, bool IsTold) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => ExitCode.Refused;

    /// <inheritdoc/>
    public string? Notice => IsTold ? string.Create(CultureInfo.InvariantCulture, $"line {Line}: {Message}") : null;

    /// <inheritdoc/>
    public void WriteText(TextOutput output)
    {
        // Failures go to stderr only: stdout holds results.
    }

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteNumber("line", Line);
        json.WriteString("error", Code);
    }
}

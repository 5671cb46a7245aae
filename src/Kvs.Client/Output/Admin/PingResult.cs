using System.Globalization;
using System.Text.Json;

namespace Kvs.Client.Output.Admin;

/// <summary>The server answered.</summary>
/// <param name="Address">Where it was asked.</param>
/// <param name="Elapsed">Time from question to answer, on an open connection.</param>
internal sealed record PingResult(string Address, TimeSpan Elapsed) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => ExitCode.Done;

    /// <inheritdoc/>
    public void WriteText(TextOutput output) => output
        .Text($"pong from {Address} in ")
        .Text(Elapsed.TotalMilliseconds.ToString("0.00", CultureInfo.InvariantCulture))
        .Text(" ms")
        .EndLine();

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        json.WriteString("address", Address);
        json.WriteNumber("ms", Math.Round(Elapsed.TotalMilliseconds, 3));
    }
}

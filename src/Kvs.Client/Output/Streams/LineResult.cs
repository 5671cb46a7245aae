using System.Globalization;
using System.Text.Json;

namespace Kvs.Client.Output.Streams;

/// <summary>The result of one line of a pipe: as by itself, its notice with the number of the line.</summary>
/// <param name="Line">The line.</param>
/// <param name="Result">What the operation found or did.</param>
/// <param name="IsTold">Whether its notice is shown.</param>
internal sealed record LineResult(long Line, ICommandResult Result, bool IsTold) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => Result.ExitCode;

    /// <inheritdoc/>
    public string? Notice => IsTold && Result.Notice is { } notice
        ? string.Create(CultureInfo.InvariantCulture, $"line {Line}: {notice}")
        : null;

    /// <inheritdoc/>
    public void WriteText(TextOutput output) => Result.WriteText(output);

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json) => Result.WriteJson(json);
}

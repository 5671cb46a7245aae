using System.Globalization;
using System.Text.Json;

namespace Kvs.Client.Output.Admin;

/// <summary>Named figures: a table of two columns, or one JSON object.</summary>
/// <param name="Figures">The figures, in order.</param>
internal sealed record FiguresResult(IReadOnlyList<Figure> Figures) : ICommandResult
{
    /// <inheritdoc/>
    public ExitCode ExitCode => ExitCode.Done;

    /// <inheritdoc/>
    public void WriteText(TextOutput output)
    {
        var width = 0;
        foreach (var figure in Figures)
        {
            width = Math.Max(width, figure.Name.Length);
        }

        foreach (var figure in Figures)
        {
            var value = figure.Text ?? figure.Number?.ToString(CultureInfo.InvariantCulture) ?? "-";
            output.Text(figure.Name.PadRight(width + 2)).Text(value).EndLine();
        }
    }

    /// <inheritdoc/>
    public void WriteJson(Utf8JsonWriter json)
    {
        foreach (var figure in Figures)
        {
            if (figure.Number is { } number)
            {
                json.WriteNumber(figure.Name, number);
            }
            else
            {
                json.WriteString(figure.Name, figure.Text);
            }
        }
    }
}

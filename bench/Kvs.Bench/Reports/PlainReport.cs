using System.Globalization;
using System.Text;

namespace Kvs.Bench.Reports;

/// <summary>A report as a page: where and how it was done, what was wanted of it, all cells.</summary>
internal sealed record PlainReport
{
    /// <summary>What it is about.</summary>
    public required string Title { get; init; }

    /// <summary>How it was done, line by line.</summary>
    public required IReadOnlyList<string> Lines { get; init; }

    /// <summary>Lines of the target table that it tells about.</summary>
    public IEnumerable<Goal> Goals { get; init; } = [];

    /// <summary>Sides to which ratios are taken.</summary>
    public IReadOnlyList<string> Peers { get; init; } = [];

    /// <summary>Writes the page.</summary>
    /// <param name="machine">Where and when.</param>
    /// <param name="results">All results; cells and sides keep their order.</param>
    internal string Page(Machine machine, IReadOnlyList<CellResult> results)
    {
        var page = new StringBuilder();
        page.AppendLine(CultureInfo.InvariantCulture, $"# {Title}\n");
        foreach (var line in new[] { machine.Text, $"`{machine.Command}`" }.Concat(Lines))
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"- {line}");
        }

        page.AppendLine("- ops/s: median of the rounds, least and most in parentheses; ratios are taken within a round; "
            + "latencies in microseconds, medians");
        if (Goals.Any(goal => goal.Measured(results) is not null))
        {
            ResultTable.WriteGoals(page, Goals, results);
        }

        ResultTable.WriteCells(
            page,
            results,
            results.Select(static result => result.Cell).Distinct(),
            results.Select(static result => result.Side).Distinct(),
            Peers);
        ResultTable.WriteBytes(page, results);
        return page.ToString();
    }
}

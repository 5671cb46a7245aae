using System.Globalization;
using System.Text;
using Kvs.Bench.Figures;

namespace Kvs.Bench.Reports;

/// <summary>The tables that all comparisons have: what was wanted, and what each side gave in each cell.</summary>
internal static class ResultTable
{
    private const string Rate = "N0";
    private const string Quotient = "F2";
    private const string Micros = "#,0.#";

    /// <summary>Writes the target table.</summary>
    /// <param name="page">The page.</param>
    /// <param name="goals">What was wanted; what was not measured is left out.</param>
    /// <param name="results">All results.</param>
    internal static void WriteGoals(StringBuilder page, IEnumerable<Goal> goals, IReadOnlyList<CellResult> results)
    {
        page.AppendLine("\n## Targets\n\n| target | wanted | measured | met |\n|---|---|---|---|");
        foreach (var goal in goals)
        {
            if (goal.Measured(results) is { } measured)
            {
                page.AppendLine(GoalRow(goal, measured));
            }
        }
    }

    /// <summary>The row of a line of the target table.</summary>
    /// <param name="goal">The line.</param>
    /// <param name="measured">What was seen; null when it was not measured.</param>
    internal static string GoalRow(Goal goal, Spread? measured)
    {
        var (text, bound) = (goal.Text + (goal.IsMoonshot ? " (moonshot)" : ""), goal.IsLeast ? "at least" : "at most");
        var (seen, isMet) = measured is { } spread
            ? (spread.Text(Quotient), goal.IsMet(spread) ? "yes" : goal.IsMoonshot ? "no" : "**no**")
            : ("not measured", "");
        return string.Create(CultureInfo.InvariantCulture, $"| {text} | {bound} {goal.Bound:F2} | {seen} | {isMet} |");
    }

    /// <summary>Writes a row for each side of each cell.</summary>
    /// <param name="page">The page.</param>
    /// <param name="results">All results.</param>
    /// <param name="cells">Order of the cells; others come last.</param>
    /// <param name="sides">Order of the sides.</param>
    /// <param name="peers">Sides to which ratios are taken.</param>
    internal static void WriteCells(
        StringBuilder page, IReadOnlyList<CellResult> results, IEnumerable<string> cells, IEnumerable<string> sides, IReadOnlyList<string> peers)
    {
        var (cellOrder, sideOrder) = (cells.ToList(), sides.ToList());
        page.AppendLine("\n## Cells\n");
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"| cell | side | ops/s | {string.Concat(peers.Select(static peer => $"to {peer} | "))}p50 | p90 | p99 | p99.9 | max | server us each | other cores | sync p50 | durability |");
        page.AppendLine(string.Concat(Enumerable.Repeat("|---", 12 + peers.Count)) + "|");
        foreach (var group in results.GroupBy(static result => (result.Cell, result.Side))
            .OrderBy(group => cellOrder.IndexOf(group.Key.Cell))
            .ThenBy(group => sideOrder.IndexOf(group.Key.Side)))
        {
            var rows = group.ToList();
            var ratios = string.Concat(peers.Select(peer => $"{Ratio(results, rows, peer)} | "));
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {group.Key.Cell} | {group.Key.Side} | {Spread.Of(rows.Select(static row => row.Rate)).Text(Rate)} | {ratios}"
                + $"{Median(rows, static row => row.P50, Micros)} | {Median(rows, static row => row.P90, Micros)} | {Median(rows, static row => row.P99, Micros)} "
                + $"| {Median(rows, static row => row.P999, Micros)} | {Median(rows, static row => row.Max, Micros)} "
                + $"| {Median(rows, static row => row.ServerMicros, Quotient)} | {Median(rows, static row => row.ForeignCores, Quotient)} "
                + $"| {Median(rows, static row => row.SyncP50 > 0 ? row.SyncP50 : null, Micros)} | {rows[0].Durability} |");
        }
    }

    /// <summary>Writes what keys cost in memory and on the disk, where that was measured.</summary>
    /// <param name="page">The page.</param>
    /// <param name="results">All results.</param>
    internal static void WriteBytes(StringBuilder page, IReadOnlyList<CellResult> results)
    {
        var cells = results.Where(static result => result.IndexBytes is not null).GroupBy(static result => result.Cell).ToList();
        if (cells.Count > 0)
        {
            page.AppendLine("\n## Memory and disk\n");
            page.AppendLine("| cell | bytes of the index a key, beyond the key's own | memory of a server a key, in all | bytes on disk a live byte |");
            page.AppendLine("|---|---|---|---|");
            foreach (var cell in cells)
            {
                page.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"| {cell.Key} | {Text(cell, static result => result.IndexBytes)} | {Text(cell, static result => result.MemoryBytes)} "
                    + $"| {Text(cell, static result => result.DiskRatio)} |");
            }
        }
    }

    private static string Text(IEnumerable<CellResult> rows, Func<CellResult, double?> figure)
    {
        var figures = rows.Select(figure).OfType<double>().ToList();
        return figures.Count > 0 ? Spread.Of(figures).Text(Quotient) : "";
    }

    private static string Ratio(IEnumerable<CellResult> results, List<CellResult> rows, string peer)
    {
        var rates = results.Where(result => result.Cell == rows[0].Cell && result.Side == peer)
            .ToDictionary(static result => result.Round, static result => result.Rate);
        var ratios = rows.Where(row => row.Side != peer && rates.ContainsKey(row.Round)).Select(row => row.Rate / rates[row.Round]).ToList();
        return ratios.Count > 0 ? Spread.Of(ratios).Text(Quotient) : "";
    }

    private static string Median(List<CellResult> rows, Func<CellResult, double?> figure, string format)
    {
        var figures = rows.Select(figure).OfType<double>().ToList();
        return figures.Count > 0 ? Spread.Of(figures).Median.ToString(format, CultureInfo.InvariantCulture) : "";
    }
}

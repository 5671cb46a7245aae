using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Kvs.Bench;

/// <summary>Results as JSON lines and as a Markdown table of medians with their spread.</summary>
internal static class BenchReport
{
    /// <summary>One result as one line of JSON.</summary>
    /// <param name="result">The result.</param>
    /// <returns>The line.</returns>
    internal static string JsonLine(BenchResult result) => JsonSerializer.Serialize(result);

    /// <summary>Medians over the rounds, a row for each cell, with the ratio to the sqlite engine in the same rounds.</summary>
    /// <param name="results">All results.</param>
    /// <returns>The table.</returns>
    internal static string Markdown(IReadOnlyList<BenchResult> results)
    {
        var text = new StringBuilder();
        text.AppendLine("| mode | durability | workload | clients | engine | ops/s (min..max) | vs sqlite | p50 us | p99 us | p99.9 us | max us | sync p50 us |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|---|");
        var cells = results.GroupBy(result => result.Cell)
            .OrderBy(group => group.Key.Mode, StringComparer.Ordinal).ThenBy(group => group.Key.Durability, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Workload, StringComparer.Ordinal).ThenBy(group => group.Key.Clients)
            .ThenBy(group => group.Key.Engine, StringComparer.Ordinal);
        foreach (var group in cells)
        {
            var cell = group.Key;
            text.AppendLine(CultureInfo.InvariantCulture, $"| {cell.Mode} | {cell.Durability} | {cell.Workload} | {cell.Clients} | {cell.Engine} | {Spread(group)} | {Ratio(results, cell)} | {Median(group, r => r.P50):F1} | {Median(group, r => r.P99):F0} | {Median(group, r => r.P999):F0} | {Median(group, r => r.Max):F0} | {Median(group, r => r.SyncP50):F0} |");
        }

        return text.ToString();
    }

    private static string Spread(IEnumerable<BenchResult> results)
    {
        var rates = results.Select(result => result.OperationsPerSecond).ToList();
        return string.Create(CultureInfo.InvariantCulture, $"{Median(rates):N0} ({rates.Min():N0}..{rates.Max():N0})");
    }

    private static string Ratio(IReadOnlyList<BenchResult> results, BenchCell cell)
    {
        var peer = results.Where(result => result.Cell == cell with { Engine = "sqlite" }).ToDictionary(result => result.Round);
        var ratios = results.Where(result => result.Cell == cell && peer.ContainsKey(result.Round))
            .Select(result => result.OperationsPerSecond / peer[result.Round].OperationsPerSecond)
            .ToList();
        return cell.Engine == "sqlite" || ratios.Count == 0 ? "" : Median(ratios).ToString("F2", CultureInfo.InvariantCulture);
    }

    private static double Median(IEnumerable<BenchResult> results, Func<BenchResult, double> figure) =>
        Median(results.Select(figure).ToList());

    private static double Median(List<double> figures)
    {
        figures.Sort();
        var middle = figures.Count / 2;
        return figures.Count % 2 == 1 ? figures[middle] : (figures[middle - 1] + figures[middle]) / 2;
    }
}

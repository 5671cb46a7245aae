using System.Globalization;
using System.Text;
using System.Text.Json;
using Kvs.Bench.Figures;

namespace Kvs.Bench.Engines;

/// <summary>Results as JSON lines and as a Markdown table of medians with their spread.</summary>
internal static class EngineReport
{
    /// <summary>One result as one line of JSON.</summary>
    /// <param name="result">The result.</param>
    /// <returns>The line.</returns>
    internal static string JsonLine(EngineResult result) => JsonSerializer.Serialize(result);

    /// <summary>Medians over the rounds, a row for each cell, with the ratio to the sqlite engine in the same rounds.</summary>
    /// <param name="results">All results.</param>
    /// <returns>The table.</returns>
    internal static string Markdown(IReadOnlyList<EngineResult> results)
    {
        var text = new StringBuilder();
        text.AppendLine("| durability | workload | threads | engine | ops/s (min..max) | vs sqlite | p50 us | p99 us | p99.9 us | max us | sync p50 us |");
        text.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|");
        var cells = results.GroupBy(result => result.Cell)
            .OrderBy(group => group.Key.Durability, StringComparer.Ordinal)
            .ThenBy(group => group.Key.Workload, StringComparer.Ordinal).ThenBy(group => group.Key.Clients)
            .ThenBy(group => group.Key.Engine, StringComparer.Ordinal);
        foreach (var group in cells)
        {
            var cell = group.Key;
            text.AppendLine(CultureInfo.InvariantCulture, $"| {cell.Durability} | {cell.Workload} | {cell.Clients} | {cell.Engine} | {Spread.Of(group.Select(static result => result.OperationsPerSecond)).Text("N0")} | {Ratio(results, cell)} | {Median(group, r => r.P50):F1} | {Median(group, r => r.P99):F0} | {Median(group, r => r.P999):F0} | {Median(group, r => r.Max):F0} | {Median(group, r => r.SyncP50):F0} |");
        }

        return text.ToString();
    }

    private static string Ratio(IReadOnlyList<EngineResult> results, EngineCell cell)
    {
        var peer = results.Where(result => result.Cell == cell with { Engine = "sqlite" }).ToDictionary(result => result.Round);
        var ratios = results.Where(result => result.Cell == cell && peer.ContainsKey(result.Round))
            .Select(result => result.OperationsPerSecond / peer[result.Round].OperationsPerSecond)
            .ToList();
        return cell.Engine == "sqlite" || ratios.Count == 0 ? "" : Spread.Of(ratios).Median.ToString("F2", CultureInfo.InvariantCulture);
    }

    private static double Median(IEnumerable<EngineResult> results, Func<EngineResult, double> figure) =>
        Spread.Of(results.Select(figure)).Median;
}

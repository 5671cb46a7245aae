using System.Globalization;
using System.Text;
using Kvs.Bench.Engines;

namespace Kvs.Bench.Reports;

/// <summary>The comparison of engines in one process as a page.</summary>
internal static class EngineReport
{
    /// <summary>Writes the page.</summary>
    /// <param name="name">Name of the report.</param>
    /// <param name="machine">Where and when.</param>
    /// <param name="plan">How.</param>
    /// <param name="notes">What was left out.</param>
    /// <param name="results">All results.</param>
    internal static string Page(string name, Machine machine, EnginePlan plan, IEnumerable<string> notes, IReadOnlyList<CellResult> results)
    {
        var page = new StringBuilder();
        page.AppendLine(CultureInfo.InvariantCulture, $"# Engines in one process, side by side ({name})\n");
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            - {machine.Text}
            - `{machine.Command}`
            - {plan.Rounds} rounds, interleaved; {plan.Seconds} s for each cell of an engine in a round, after a quarter of that as warm-up
            - {plan.Keys:N0} keys of 16 bytes, values of {string.Join(" and ", plan.Values)} bytes; the number behind a cell is that of threads; a scan reads
              {Workloads.Workload.ScanKeys} keys with their values; what is read is copied out; loads set 500 keys at once; the latencies of `load` are of such a batch
            - ops/s: median of the rounds, least and most in parentheses; ratios are taken within a round; latencies in microseconds, medians
            """);
        foreach (var engine in plan.Engines)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"- {engine.Name} ({engine.Version()}): {engine.Settings}");
        }

        foreach (var note in notes)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"- {note}");
        }

        ResultTable.WriteGoals(page, EngineGoals.All, results);
        ResultTable.WriteCells(
            page,
            results,
            results.Select(static result => result.Cell).Distinct(),
            EngineKind.All.Select(static kind => kind.Name),
            [EngineKind.RocksDb, EngineKind.Lmdb, EngineKind.Sqlite]);
        return page.ToString();
    }
}

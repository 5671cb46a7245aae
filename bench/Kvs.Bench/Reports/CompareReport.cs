using System.Globalization;
using System.Text;
using Kvs.Bench.Compare;
using Kvs.Bench.Figures;
using Kvs.Bench.Servers;

namespace Kvs.Bench.Reports;

/// <summary>The comparison of servers as a page: where and how it was done, the target table, all cells.</summary>
internal static class CompareReport
{
    private const string Rate = "N0";
    private const string Quotient = "F2";

    /// <summary>Writes the page.</summary>
    /// <param name="machine">Where and when.</param>
    /// <param name="options">How.</param>
    /// <param name="run">What took part.</param>
    /// <param name="driver">The client.</param>
    /// <param name="results">All results.</param>
    internal static string Page(
        Machine machine, ComparisonOptions options, CompareRun run, string driver, IReadOnlyList<CompareResult> results)
    {
        var page = new StringBuilder();
        page.AppendLine(CultureInfo.InvariantCulture, $"# Servers, side by side (client: {driver})\n");
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            - {machine.Date}; {machine.Processor}; {machine.MemoryGib} GiB; {machine.System}; {machine.Disk}; {machine.Runtime}
            - `{machine.Command}`
            - {options.Rounds} rounds, interleaved; {options.Seconds} s for each side of each cell in a round, after {options.WarmUpSeconds} s of warm-up
            - {options.Keys:N0} keys of 16 bytes, chosen evenly, values of {options.ValueBytes} bytes; client and server on the same machine, over
              127.0.0.1; only the measured server runs, the others are stopped
            - ops/s: median of the rounds, least and most in parentheses; ratios are taken within a round; latencies in microseconds, medians
            """);
        Servers(page, run.Servers);
        foreach (var note in run.Notes)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"- {note}");
        }

        Goals(page, results);
        Cells(page, results);
        return page.ToString();
    }

    private static void Servers(StringBuilder page, IEnumerable<ServerKind> servers)
    {
        page.AppendLine("\n## Servers\n\n| server | version | arguments | when it answers a write, that is |\n|---|---|---|---|");
        foreach (var server in servers)
        {
            var arguments = string.Join(' ', server.Arguments(new ServerPlace("DIR", [1, 2])).Select(static word => word.Length == 0 ? "\"\"" : word));
            page.AppendLine(CultureInfo.InvariantCulture, $"| {server.Name} | {Machine.VersionOf(server.Program()!)} | `{arguments}` | {server.Durability} |");
        }

        page.AppendLine();
    }

    private static void Goals(StringBuilder page, IReadOnlyList<CompareResult> results)
    {
        page.AppendLine("\n## Targets\n\n| target | wanted | measured | met |\n|---|---|---|---|");
        foreach (var goal in Goal.All)
        {
            if (goal.Measured(results) is { } measured)
            {
                var isMet = goal.IsLeast ? measured.Median >= goal.Bound : measured.Median <= goal.Bound;
                page.AppendLine(
                CultureInfo.InvariantCulture,
                    $"| {goal.Text} | {(goal.IsLeast ? "at least" : "at most")} {goal.Bound:F2} | {measured.Text(Quotient)} | {(isMet ? "yes" : "**no**")} |");
            }
        }
    }

    private static void Cells(StringBuilder page, IReadOnlyList<CompareResult> results)
    {
        page.AppendLine("\n## Cells\n");
        page.AppendLine("| cell | side | durability | ops/s | to redis-always | to redis | p50 | p90 | p99 | p99.9 | max | server us each | other cores | sync p50 |");
        page.AppendLine("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var group in results.GroupBy(static result => (result.Cell, result.Side, result.Durability))
            .OrderBy(group => Place(Cell.All.Select(static cell => cell.Name), group.Key.Cell))
            .ThenBy(group => Place(Side.All.Select(static side => side.Name), group.Key.Side)))
        {
            var rows = group.ToList();
            page.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {group.Key.Cell} | {group.Key.Side} | {group.Key.Durability} | {Spread.Of(rows.Select(static row => row.Rate)).Text(Rate)} "
                + $"| {Ratio(results, rows, Side.RedisAlways)} | {Ratio(results, rows, Side.Redis)} | {Median(rows, static row => row.P50, "F1")} "
                + $"| {Median(rows, static row => row.P90, "F0")} | {Median(rows, static row => row.P99, "F0")} | {Median(rows, static row => row.P999, "F0")} "
                + $"| {Median(rows, static row => row.Max, "F0")} | {Median(rows, static row => row.ServerMicros, "F2")} "
                + $"| {Median(rows, static row => row.ForeignCores, "F2")} | {Median(rows, static row => row.SyncP50, "F0")} |");
        }
    }

    private static int Place(IEnumerable<string> names, string name) => names.ToList().IndexOf(name);

    private static string Ratio(IEnumerable<CompareResult> results, List<CompareResult> rows, string peer)
    {
        var rates = results.Where(result => result.Cell == rows[0].Cell && result.Side == peer)
            .ToDictionary(static result => result.Round, static result => result.Rate);
        var ratios = rows.Where(row => row.Side != peer && rates.ContainsKey(row.Round)).Select(row => row.Rate / rates[row.Round]).ToList();
        return ratios.Count > 0 ? Spread.Of(ratios).Text(Quotient) : "";
    }

    private static string Median(List<CompareResult> rows, Func<CompareResult, double?> figure, string format)
    {
        var figures = rows.Select(figure).OfType<double>().ToList();
        return figures.Count > 0 ? Spread.Of(figures).Median.ToString(format, CultureInfo.InvariantCulture) : "";
    }
}

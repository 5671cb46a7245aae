using System.Globalization;
using System.Text;
using Kvs.Bench.Compare;
using Kvs.Bench.Servers;

namespace Kvs.Bench.Reports;

/// <summary>The comparison of servers as a page: where and how it was done, the target table, all cells.</summary>
internal static class CompareReport
{
    /// <summary>Writes the page.</summary>
    /// <param name="machine">Where and when.</param>
    /// <param name="options">How.</param>
    /// <param name="run">What took part.</param>
    /// <param name="driver">The client.</param>
    /// <param name="results">All results.</param>
    internal static string Page(
        Machine machine, ComparisonOptions options, CompareRun run, string driver, IReadOnlyList<CellResult> results)
    {
        var page = new StringBuilder();
        page.AppendLine(CultureInfo.InvariantCulture, $"# Servers, side by side (client: {driver})\n");
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            - {machine.Text}
            - `{machine.Command}`
            - {options.Rounds} rounds, interleaved; {options.Seconds} s for each side of each cell in a round, after {options.WarmUpSeconds} s of warm-up
            - {(options.HasRoundZero ? "one more round before them does not count" : "no round before it to warm up")}
            - {options.Keys:N0} keys of 16 bytes, chosen evenly, values of {options.ValueBytes} bytes; client and server on the same machine, over
              127.0.0.1; only the measured server runs, the others are stopped
            - ops/s: median of the rounds, least and most in parentheses; ratios are taken within a round; latencies in microseconds, medians
            """);
        Servers(page, run.Servers);
        foreach (var note in run.Notes)
        {
            page.AppendLine(CultureInfo.InvariantCulture, $"- {note}");
        }

        ResultTable.WriteGoals(page, ServerGoals.All, results);
        ResultTable.WriteCells(
            page, results, Cell.All.Select(static cell => cell.Name), Side.All.Select(static side => side.Name), [Side.RedisAlways, Side.Redis]);
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
}

using System.Globalization;
using System.Text;
using Kvs.Bench.Compare;

namespace Kvs.Bench.Reports;

/// <summary>The points of the plots as a page.</summary>
internal static class CurveReport
{
    /// <summary>Writes the page.</summary>
    /// <param name="machine">Where and when.</param>
    /// <param name="results">All results.</param>
    internal static string Page(Machine machine, IReadOnlyList<CellResult> results)
    {
        var page = new StringBuilder();
        page.AppendLine("# Servers against clients, keys and load\n");
        page.AppendLine(
            CultureInfo.InvariantCulture,
            $"""
            - {machine.Date}; {machine.Processor}; {machine.MemoryGib} GiB; {machine.System}; {machine.Disk}; {machine.Runtime}
            - `{machine.Command}`
            - the number behind a cell is that of clients (closed loop, no pipeline), of keys (50 clients, no pipeline), or the rate at which requests
              come (open loop over 50 connections; latency counts from when a request was due)
            - ops/s: median of the rounds, least and most in parentheses; latencies in microseconds, medians
            """);
        ResultTable.WriteCells(
            page,
            results,
            Curve.All.SelectMany(static curve => curve.Cells).Select(static cell => cell.Name),
            Side.All.Select(static side => side.Name),
            [Side.RedisAlways, Side.Redis]);
        return page.ToString();
    }
}

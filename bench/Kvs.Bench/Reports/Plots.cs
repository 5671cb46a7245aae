using System.Globalization;
using Kvs.Bench.Compare;
using Kvs.Bench.Engines;
using Kvs.Bench.Figures;

namespace Kvs.Bench.Reports;

/// <summary>The plots of docs/benchmarks, made of the results that were written there.</summary>
internal static class Plots
{
    private static readonly string[] _reads = ["get-1", "get-2", "scan-1"];
    private static readonly string[] _writes = ["durable-set-1", "durable-set-8", "durable-set-50", "os-set-1", "os-set-8", "os-set-50"];

    /// <summary>Those for which there are results.</summary>
    /// <param name="engines">Results of engines.</param>
    /// <param name="curves">Results of curves.</param>
    internal static IEnumerable<Plot> Of(IReadOnlyList<CellResult> engines, IReadOnlyList<CellResult> curves) =>
        new[]
        {
            Bars(engines, "engines-read", "Random reads and scans of 100 by engine and threads", _reads),
            Bars(engines, "engines-write", "Random writes by engine and threads", _writes),
            Lines(curves, Curve.SetsByClients, "Durable sets against clients", "clients", "sets/s", static result => result.Rate),
            Lines(curves, Curve.GetsByClients, "Gets against clients", "clients", "gets/s", static result => result.Rate),
            Lines(curves, Curve.GetsByKeys, "Gets of 50 clients against the number of keys", "keys", "gets/s", static result => result.Rate),
            Latencies(curves, Curve.SetsByRate, "Latency of durable sets against load (p99)", "sets/s that are due"),
            Latencies(curves, Curve.GetsByRate, "Latency of gets against load (p99)", "gets/s that are due"),
            GroupSizes(curves),
        }.Where(static plot => plot.Series.Count > 0);

    private static Plot Latencies(IReadOnlyList<CellResult> results, string curve, string title, string rate) =>
        Lines(results, curve, title, rate, "us", static result => result.P99) with { IsYLogarithmic = true };

    private static Plot GroupSizes(IReadOnlyList<CellResult> results)
    {
        var plot = Lines(
            results, Curve.SetsByClients, "Batches that share a write and sync", "clients", "batches a group", static result => result.GroupSize);
        return plot with { Name = "group-size" };
    }

    private static Plot Lines(
        IReadOnlyList<CellResult> results, string curve, string title, string xTitle, string yTitle, Func<CellResult, double?> figure)
    {
        var points = results.Where(result => result.Cell.StartsWith(curve + "-", StringComparison.Ordinal));
        return new Plot
        {
            Name = curve,
            Title = title,
            XTitle = xTitle,
            YTitle = yTitle,
            Series = SeriesOf(
                points,
                Side.All.Select(static side => side.Name),
                result => double.Parse(result.Cell[(curve.Length + 1)..], CultureInfo.InvariantCulture),
                figure),
        };
    }

    private static Plot Bars(IReadOnlyList<CellResult> results, string name, string title, string[] cells) => new()
    {
        Name = name,
        Title = title,
        XTitle = "",
        YTitle = "operations/s",
        IsYLogarithmic = true,
        Bars = cells,
        Series = SeriesOf(
            results.Where(result => cells.Contains(result.Cell)),
            EngineKind.All.Select(static kind => kind.Name),
            result => Array.IndexOf(cells, result.Cell),
            static result => result.Rate),
    };

    private static List<(string Name, IReadOnlyList<PlotPoint> Points)> SeriesOf(
        IEnumerable<CellResult> results, IEnumerable<string> order, Func<CellResult, double> x, Func<CellResult, double?> y)
    {
        var names = order.ToList();
        return
        [
            .. from result in results
               where y(result) is > 0
               group result by result.Side into side
               orderby names.IndexOf(side.Key)
               select (side.Key, (IReadOnlyList<PlotPoint>)[.. PointsOf(side)]),
        ];

        IEnumerable<PlotPoint> PointsOf(IEnumerable<CellResult> side) =>
            from result in side
            group y(result)!.Value by x(result) into point
            orderby point.Key
            select new PlotPoint(point.Key, Spread.Of(point));
    }
}

using System.Text.Json;
using System.Text.RegularExpressions;
using Kvs.Bench.Commands;
using Kvs.Bench.Compare;
using Kvs.Bench.Engines;
using Kvs.Bench.Figures;
using Kvs.Bench.Reports;
using Kvs.Bench.Servers;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Bench.Tests.Reports;

/// <summary>The plots of the benchmarks, from results to pictures.</summary>
public sealed class PlotTests
{
    [Fact]
    public void A_line_has_the_median_of_the_rounds_at_each_point()
    {
        CellResult[] curves = [Result($"{Curve.GetsByClients}-50", Side.Kvs, 1, 10), Result($"{Curve.GetsByClients}-50", Side.Kvs, 2, 30)];

        var plot = Assert.Single(Plots.Of([], curves));

        Assert.Equal(Curve.GetsByClients, plot.Name);
        Assert.Contains("50 20 10 30", plot.Script("x.svg"), StringComparison.Ordinal);
    }

    [ToolFact("gnuplot")]
    public void Numbers_beside_an_axis_are_the_figures_and_not_rounded()
    {
        Assert.Equal(["0", "0.2", "0.4", "0.6", "0.8", "1", "1.2", "1", "10", "100"], Ticks(1.2, isYLogarithmic: false));
        Assert.Equal(["0", "500", "1000", "1500", "2000", "2500", "3000", "1", "10", "100"], Ticks(3000, isYLogarithmic: false));
        Assert.Equal(["100", "1k", "10k", "1", "10", "100"], Ticks(3000, isYLogarithmic: true));
    }

    [ToolFact("gnuplot")]
    public async Task Pictures_are_drawn_and_the_page_shows_them()
    {
        using var directory = new TemporaryDirectory();
        var engines = new[] { "get-1", "get-2" }.SelectMany(static cell => EngineKind.All.Select(kind => Result(cell, kind.Name, 1, 1000)));
        var curves = Curve.All.SelectMany(static curve => curve.Cells).Select(static cell => Result(cell.Name, Side.Kvs, 1, 500));
        Write(directory.At("engines.jsonl"), engines);
        Write(directory.At("curves.jsonl"), curves);

        var code = await ReportCommands.Plots().Parse(["--report", directory.FullPath]).InvokeAsync();

        Assert.Equal(0, code);
        var page = await File.ReadAllTextAsync(directory.At("README.md"));
        Assert.All(Curve.All.Select(static curve => curve.Name).Append("engines-read").Append("group-size"), name =>
        {
            Assert.Contains($"]({name}.svg)", page, StringComparison.Ordinal);
            Assert.Contains("<title>kvs</title>", File.ReadAllText(directory.At($"{name}.svg")), StringComparison.Ordinal);
        });
    }

    // First those of the vertical axis.
    private static IEnumerable<string> Ticks(double most, bool isYLogarithmic)
    {
        using var directory = new TemporaryDirectory();
        var plot = new Plot
        {
            Name = "plot",
            Title = "",
            XTitle = "",
            YTitle = "",
            IsYLogarithmic = isYLogarithmic,
            Series = [("kvs", [new PlotPoint(1, Spread.Of([most / 10])), new PlotPoint(100, Spread.Of([most]))])],
        };
        plot.Draw(Programs.Find("gnuplot")!, directory.FullPath);
        return Regex.Matches(File.ReadAllText(directory.At("plot.svg")), @"(?<=>)[\d.]+[a-zA-Z]*(?= *</tspan>)", RegexOptions.CultureInvariant)
            .Select(static tick => tick.Value);
    }

    private static void Write(string path, IEnumerable<CellResult> results) =>
        File.WriteAllLines(path, ["{}", .. results.Select(static result => JsonSerializer.Serialize(result))]);

    private static CellResult Result(string cell, string side, int round, double rate) => new()
    {
        Cell = cell,
        Side = side,
        Durability = "none",
        Round = round,
        Rate = rate,
        P50 = 1,
        P99 = 2,
        Max = 3,
        GroupSize = 4,
        SyncP50 = 5,
    };
}

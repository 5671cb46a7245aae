using System.Text.Json;
using Kvs.Bench.Commands;
using Kvs.Bench.Compare;
using Kvs.Bench.Reports;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Bench.Tests.Compare;

/// <summary>The short form of the comparison: it works from beginning to end, and its report is whole. Its times are not judged.</summary>
public sealed class CompareTests
{
    [PlatformFact("LINUX")]
    public async Task The_short_comparison_has_every_cell_of_ours()
    {
        using var directory = new TemporaryDirectory();
        var report = Path.Combine(directory.FullPath, "report");

        var code = await CompareCommand.Make().Parse(["--short", "--directory", directory.FullPath, "--report", report]).InvokeAsync();

        Assert.Equal(0, code);
        var results = File.ReadLines(Path.Combine(report, "servers.jsonl")).Skip(1)
            .Select(static line => JsonSerializer.Deserialize<CellResult>(line)!)
            .ToList();
        Assert.All(results.GroupBy(static result => result.Side), static side => Assert.Contains(side, static result => result.Rate > 0));
        var expected =
            from cell in Cell.All
            from side in cell.Sides
            where side.StartsWith("kvs", StringComparison.Ordinal)
            select (cell.Name, side);
        Assert.Empty(expected.Except(results.Select(static result => (result.Cell, result.Side))));
        var page = await File.ReadAllTextAsync(Path.Combine(report, "servers.md"));
        Assert.All(Cell.All, cell => Assert.Contains($"| {cell.Name} | kvs", page, StringComparison.Ordinal));
    }

    [ToolFact("redis-server", "redis-benchmark")]
    public async Task The_client_of_Redis_measures_the_same_cells()
    {
        using var directory = new TemporaryDirectory();
        var report = Path.Combine(directory.FullPath, "report");

        var code = await CompareCommand.Make()
            .Parse([
                "--short", "--driver", "redis-benchmark", "--cells", "durable-set-50-p16,get-50-p64", "--sides", "kvs-resp,redis,redis-always",
                "--directory", directory.FullPath, "--report", report])
            .InvokeAsync();

        Assert.Equal(0, code);
        var page = await File.ReadAllTextAsync(Path.Combine(report, "servers-redis-benchmark.md"));
        Assert.Contains("| kvs-resp: durable-set-50-p16, to redis-always | at least 1.50 |", page, StringComparison.Ordinal);
        Assert.Contains("| kvs-resp: get-50-p64, to redis | at least 1.80 |", page, StringComparison.Ordinal);
    }
}

using Kvs.Bench.Commands;
using Kvs.Bench.Figures;
using Kvs.Bench.Reports;
using Kvs.Bench.Stores;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Bench.Tests.Stores;

/// <summary>Stores with many keys, here with few. Times are not judged.</summary>
public sealed class BigStoreTests
{
    private const int Keys = 10_000_000;

    [PlatformFact("LINUX")]
    public async Task A_store_is_loaded_opened_again_and_read()
    {
        using var directory = new TemporaryDirectory();

        var code = await StoreCommands.Big()
            .Parse([
                "--keys", "1000,3000", "--seconds", "0.05", "--rounds", "2", "--directory", directory.FullPath, "--report", directory.FullPath])
            .InvokeAsync();

        Assert.Equal(0, code);
        var results = ReportFiles.Read(directory.FullPath, "big");
        string[] twice =
        [
            BigStoreRun.ReopenClosed, BigStoreRun.Reads, BigStoreRun.ReadsBesideWriter, BigStoreRun.ReadsBesideCompaction,
            BigStoreRun.ReopenKilled,
        ];
        foreach (var keys in new[] { 1000, 3000 })
        {
            Assert.Single(results, result => result.Cell == BigStoreRun.CellOf(BigStoreRun.Load, keys));
            Assert.All(twice, cell => Assert.Equal(
                [1, 2], results.Where(result => result.Cell == BigStoreRun.CellOf(cell, keys)).Select(static result => result.Round)));
        }

        Assert.All(results, static result => Assert.True(result.Rate > 0, result.Cell));
        Assert.All(
            results.Where(static result => result.Cell.StartsWith("reopen", StringComparison.Ordinal)),
            static result => Assert.True(result is { IndexBytes: > 0, DiskRatio: >= 1 }, result.Cell));
        Assert.All(
            results.Where(static result => result.Cell.StartsWith(BigStoreRun.ReopenKilled, StringComparison.Ordinal)),
            static result => Assert.InRange(result.MemoryBytes!.Value, 1000, 1e6)); // with so few keys it is the server's own
        var page = await File.ReadAllTextAsync(directory.At("big.md"));
        Assert.Contains("| reads-beside-compaction-3000 | kvs |", page, StringComparison.Ordinal);
        Assert.Contains("## Memory and disk", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Targets_are_those_of_ten_million_keys()
    {
        CellResult[] results =
        [
            Result(BigStoreRun.ReopenClosed, Keys, 3e6) with { IndexBytes = 48 },
            Result(BigStoreRun.ReopenClosed, 1000, 9e6) with { IndexBytes = 99 },
            Result(BigStoreRun.ReopenKilled, Keys, 5e6),
            Result(BigStoreRun.Reads, Keys, 1) with { P999 = 10 },
            Result(BigStoreRun.ReadsBesideCompaction, Keys, 1) with { P999 = 40 },
        ];

        var seen = BigGoals.All.Select(goal => goal.Measured(results)).ToList();

        Assert.Equal([Once(48), Once(3), Once(5), Once(4)], seen);
        Assert.Equal([true, true, false, true], BigGoals.All.Zip(seen, static (goal, figure) => goal.IsMet(figure!.Value)));
    }

    private static Spread? Once(double figure) => new Spread(figure, figure, figure);

    private static CellResult Result(string cell, int keys, double micros) => new()
    {
        Cell = BigStoreRun.CellOf(cell, keys),
        Side = BigStoreRun.Side,
        Durability = "",
        Round = 1,
        Rate = 1,
        P50 = micros,
        P99 = micros,
        Max = micros,
        SyncP50 = 1,
    };
}

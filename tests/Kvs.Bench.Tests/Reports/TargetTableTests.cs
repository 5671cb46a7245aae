using System.Text.Json;
using Kvs.Bench.Reports;
using Kvs.Bench.Servers;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Bench.Tests.Reports;

/// <summary>The page in front of the reports: no line of the target table is missing unnoticed.</summary>
public sealed class TargetTableTests
{
    [Fact]
    public async Task What_was_not_measured_says_so()
    {
        using var directory = new TemporaryDirectory();

        var page = await PageAsync(directory);

        string[] lines =
        [
            "| kvs: durable set, 1 client, times (sync p50 + ping p50) | at least 0.85 |",
            "| kvs: durable-set-50, to redis-always | at least 1.00 |",
            "| kvs: durable-set-50, to redis (moonshot) | at least 1.00 |",
            "| kvs: durable-set-50-p16, to redis-always | at least 1.50 |",
            "| kvs: durable-set-50-p64, to redis-always | at least 1.50 |",
            "| kvs: durable-set-500, to redis-always | at least 1.00 |",
            "| kvs: durable-90/10-50, to redis-always | at least 1.00 |",
            "| kvs: p99 of reads in 90/10, to that of a pure read load | at most 2.00 |",
            "| kvs-os: os-set-50, to redis | at least 0.95 |",
            "| kvs-os: os-set-50-p16, to redis | at least 1.00 |",
            "| kvs-os: os-set-50-p64, to redis | at least 1.50 |",
            "| kvs: get-50, to redis | at least 0.95 |",
            "| kvs: get-50-p16, to redis | at least 1.20 |",
            "| kvs: get-50-p64, to redis | at least 1.80 |",
            "| kvs: gets of 50 clients at 10 M keys, to those at 100 k keys | at least 0.70 |",
            "| kvs: durable set, 1 thread, times sync p50 | at least 0.85 |",
            "| kvs: durable-set-1, to rocksdb | at least 1.00 |",
            "| kvs: durable-set-8, to rocksdb | at least 3.00 |",
            "| kvs: durable-set-50, to rocksdb | at least 5.00 |",
            "| kvs: get-1, to lmdb | at least 1.00 |",
            "| kvs: get-2, to lmdb | at least 1.00 |",
            "| kvs: scan-1, to sqlite | at least 2.00 |",
            "| kvs: scan-1, to lmdb (moonshot) | at least 1.00 |",
            "| 10 M keys: bytes of the index a key, beyond the key's own, after a reopen | at most 50.00 |",
            "| 10 M keys: reopen after a clean close, s | at most 4.00 |",
            "| 10 M keys: reopen after a kill, s | at most 4.00 |",
            "| 10 M keys: p99.9 of reads beside a writer and a compaction, to that of an idle store | at most 5.00 |",
            "| start of kvs-client to its first byte sent, ms (median of a round's starts) | at most 45.00 |",
        ];
        Assert.All(lines, line => Assert.Contains($"{line} not measured |  |", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_measured_is_judged_and_linked_by_either_client()
    {
        using var directory = new TemporaryDirectory();
        CellResult[] results = [Result("kvs-resp", 100), Result("redis", 50), Result("redis-always", 120)];
        foreach (var report in new[] { "servers", "servers-redis-benchmark" })
        {
            await File.WriteAllTextAsync(directory.At($"{report}.md"), $"# The title of {report}\n");
            await File.WriteAllLinesAsync(
                directory.At($"{report}.jsonl"), ["{}", .. results.Select(static result => JsonSerializer.Serialize(result))]);
        }

        var page = await PageAsync(directory);

        Assert.All(["servers", "servers-redis-benchmark"], report =>
        {
            Assert.Contains($"- [{report}]({report}.md): The title of {report}", page, StringComparison.Ordinal);
            Assert.Contains(
                $"| kvs-resp: durable-set-50, to redis-always | at least 1.00 | 0.83 (0.83..0.83) | **no** | [{report}]({report}.md) |",
                page,
                StringComparison.Ordinal);
            Assert.Contains(
                $"| kvs-resp: durable-set-50, to redis (moonshot) | at least 1.00 | 2.00 (2.00..2.00) | yes | [{report}]({report}.md) |",
                page,
                StringComparison.Ordinal);
        });
        Assert.DoesNotContain("not measured |  | [servers-redis-benchmark]", page, StringComparison.Ordinal);
    }

    private static async Task<string> PageAsync(TemporaryDirectory directory)
    {
        await FrontPage.WriteAsync(directory.FullPath, isShort: false, Programs.Find("gnuplot"));
        return await File.ReadAllTextAsync(directory.At("README.md"));
    }

    private static CellResult Result(string side, double rate) => new()
    {
        Cell = "durable-set-50",
        Side = side,
        Durability = "",
        Round = 1,
        Rate = rate,
        P50 = 1,
        P99 = 1,
        Max = 1,
        SyncP50 = 1,
    };
}

using Kvs.Bench.Engines;
using Kvs.Bench.Reports;
using Kvs.Bench.Workloads;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Bench.Tests.Engines;

/// <summary>Every engine does what the bench asks of it; one that is not installed is skipped.</summary>
public sealed class EngineTests
{
    [Theory]
    [EngineData(EngineKind.Kvs)]
    [EngineData(EngineKind.Sqlite)]
    [EngineData(EngineKind.Memory)]
    [EngineData(EngineKind.Lmdb)]
    [EngineData(EngineKind.RocksDb)]
    public async Task What_was_set_is_read_and_scanned(string name)
    {
        using var directory = new TemporaryDirectory();
        await using var engine = await EngineKind.Of(name).OpenAsync(directory.FullPath, true);
        using var client = engine.Connect();
        await engine.SetManyAsync([new(Key("b"), new byte[7]), new(Key("c"), new byte[8])]);
        await client.SetAsync(Key("a"), new byte[9]);
        await client.SetAsync(Key("c"), new byte[10]);

        Assert.Equal(9, await client.GetAsync(Key("a")));
        Assert.Equal(10, await client.GetAsync(Key("c")));
        Assert.Equal(IEngineClient.Missing, await client.GetAsync(Key("d")));
        Assert.Equal(2, await client.ScanAsync(Key("b"), 10));
        Assert.Equal(2, await client.ScanAsync(Key("a"), 2));
        Assert.Equal(0, await client.ScanAsync(Key("d"), 2));
    }

    [Theory]
    [EngineData(EngineKind.Kvs)]
    [EngineData(EngineKind.Sqlite)]
    [EngineData(EngineKind.Memory)]
    [EngineData(EngineKind.Lmdb)]
    [EngineData(EngineKind.RocksDb)]
    public async Task All_workloads_run_and_the_store_opens_again(string name)
    {
        using var directory = new TemporaryDirectory();
        var plan = new EnginePlan
        {
            Engines = [EngineKind.Of(name)],
            IsDurable = [false],
            Workloads = Workload.All,
            Threads = [2],
            Values = [ValueSize.Parse("1-2000")],
            Keys = 1000,
            Seconds = 0.02,
            Rounds = 1,
            Directory = directory.FullPath,
        };

        var results = await new EngineRun(plan, static _ => { }).RunAsync();

        var expected = Workload.All.Select(static workload => EngineRun.CellOf(false, workload, 2)).Append("os-load");
        Assert.Empty(expected.Except(results.Select(static result => result.Cell)));
        Assert.Equal(name != EngineKind.Memory, results.Any(static result => result.Cell == "os-reopen"));
        Assert.All(results, static result => Assert.True(result.Rate > 0, result.Cell));
        var page = EngineReport.Page("engines", Machine.Here(directory.FullPath, ""), plan, [], results);
        Assert.Contains($"| ycsb-c-2 | {name} |", page, StringComparison.Ordinal);
        Assert.Matches($@"- {name} \([^)]*\d\.\d", page);
    }

    private static byte[] Key(string text) => [.. new byte[BenchKeys.Bytes - 1], (byte)text[0]];
}

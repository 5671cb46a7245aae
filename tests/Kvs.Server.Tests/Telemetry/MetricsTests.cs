using System.Diagnostics;
using System.Text.RegularExpressions;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Telemetry;

/// <summary>What a scrape of a server holds.</summary>
public sealed partial class MetricsTests
{
    [Fact]
    public async Task A_scrape_tells_what_the_server_did()
    {
        await using var fixture = await MetricsFixture.OpenAsync();
        using var client = await WireClient.ConnectAsync(fixture.Server.Port);
        await client.Set(1, "key", "value").SendAsync();
        await client.ReadAppliedAsync(1);
        await client.Get(2, "key").SendAsync();
        await client.ReadValueAsync(2);

        var metrics = PrometheusParser.Read(fixture.Text);
        Assert.Equal(1, metrics.Samples["kvs_operations_total{kvs_operation=\"set\",kvs_result=\"ok\"}"]);
        Assert.Equal(1, metrics.Samples["kvs_operations_total{kvs_operation=\"get\",kvs_result=\"ok\"}"]);
        Assert.Equal(1, metrics.Samples["kvs_operation_duration_seconds_count{kvs_operation=\"set\"}"]);
        Assert.Equal(1, metrics.Samples["kvs_store_keys"]);
        Assert.Equal(1, metrics.Samples["kvs_connections{kvs_door=\"tcp\"}"]);
        Assert.Equal(1, metrics.Samples["kvs_node_role{kvs_role=\"standalone\"}"]);
        Assert.Equal(1, metrics.Samples["kvs_build_info{kvs_version=\"1.2.3\",kvs_engine=\"kvs\"}"]);
        Assert.True(metrics.Samples["kvs_store_records_bytes{kvs_state=\"live\"}"] > 0);

        // Those of the process and of all stores in it: other tests may run.
        Assert.True(metrics.Samples["kvs_commit_group_size_count"] >= 1);
        Assert.True(metrics.Samples["kvs_commit_sync_duration_seconds_sum"] > 0);
        Assert.True(metrics.Samples["dotnet_process_memory_working_set_bytes"] > 0);
    }

    [Fact]
    public async Task Figures_are_gathered_at_most_once_a_second()
    {
        await using var fixture = await MetricsFixture.OpenAsync();
        var time = new ManualTimeProvider();
        var gathered = 0;
        var cache = new Server.Telemetry.FigureCache(
            () =>
            {
                gathered++;
                return fixture.Server.Dispatcher.Figures();
            },
            time);
        var first = cache.Get();
        Assert.Same(first, cache.Get());
        time.Advance(TimeSpan.FromMilliseconds(1_001));
        Assert.NotSame(first, cache.Get());
        Assert.Equal(2, gathered);
    }

    [Fact]
    public async Task The_page_lists_each_metric_of_ours_and_no_other()
    {
        await using var fixture = await MetricsFixture.OpenAsync();
        using var client = await WireClient.ConnectAsync(fixture.Server.Port);
        await client.Set(1, "key", "value").SendAsync();
        await client.ReadAppliedAsync(1);
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "metrics.md"));
        var listed = Row().Matches(page).Select(row => $"{row.Groups[1].Value} {row.Groups[2].Value}").Order(StringComparer.Ordinal);
        var shown = PrometheusParser.Read(fixture.Text).Types
            .Where(type => type.Key.StartsWith("kvs_", StringComparison.Ordinal))
            .Select(type => $"{type.Key} {type.Value}")
            .Concat(Elsewhere)
            .Order(StringComparer.Ordinal);
        Assert.Equal(listed, shown.Distinct());
    }

    /// <summary>Debian's prometheus package has the linter of its makers.</summary>
    [ToolFact("promtool")]
    public async Task The_linter_of_prometheus_has_nothing_to_say()
    {
        await using var fixture = await MetricsFixture.OpenAsync();
        using var lint = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var ours = string.Join('\n', fixture.Text.Split('\n').Where(line => !line.Contains("dotnet_", StringComparison.Ordinal)));
        await lint.StandardInput.WriteAsync(ours);
        lint.StandardInput.Close();
        var said = await lint.StandardOutput.ReadToEndAsync() + await lint.StandardError.ReadToEndAsync();
        await lint.WaitForExitAsync();
        Assert.True(lint.ExitCode == 0, said);
    }

    /// <summary>Told only after a compaction, or by the primary of a cluster.</summary>
    private static string[] Elsewhere =>
    [
        "kvs_compaction_duration_seconds histogram", "kvs_compaction_io_bytes_total counter",
        "kvs_replication_lag_bytes gauge", "kvs_replication_lag_time_seconds gauge", "kvs_replication_in_sync gauge",
    ];

    [GeneratedRegex(@"^\| `(?<name>kvs_\w+)` \| (?<kind>\w+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}

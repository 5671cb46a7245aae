using Kvs.Server.Telemetry.Exposition;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Telemetry;

/// <summary>The text that Prometheus reads, byte by byte.</summary>
public sealed class PrometheusTextTests
{
    [Fact]
    public void Names_labels_help_and_buckets_are_written_as_the_format_wants()
    {
        var families = new[]
        {
            new MetricFamily("b.size", "By", "Bytes: a \"quote\", a back\\slash\nand a second line.", MetricKind.Gauge,
                [new MetricPoint("", 12.5), new MetricPoint(PrometheusNames.Labels([new("a.b", "x\\y \"z\"\n")]), -1)]),
            new MetricFamily("a.duration", "s", "Durations.", MetricKind.Histogram,
            [
                new MetricPoint(PrometheusNames.Labels([new("kvs.operation", "set")]), 0.75)
                {
                    Bounds = [0.001, 1], Buckets = [1, 0, 2],
                },
                new MetricPoint("", 0) { Bounds = [0.001, 1], Buckets = [0, 0, 0] },
            ]),
            new MetricFamily("c.things", "{thing}", "Things.", MetricKind.Counter, [new MetricPoint("", 9_007_199_254_740_993)]),
            new MetricFamily("d.nothing", "", "Not written: it has no point.", MetricKind.Gauge, []),
            new MetricFamily("e.odd", "1", "Numbers.", MetricKind.Gauge,
            [
                new MetricPoint("x=\"1\"", double.NaN), new MetricPoint("x=\"2\"", double.PositiveInfinity),
                new MetricPoint("x=\"3\"", double.NegativeInfinity), new MetricPoint("x=\"4\"", 1e-7),
            ]),
        };
        var text = PrometheusText.Write(families);
        GoldenText.Matches(Path.Combine(Repository.Root, "tests", "golden", "telemetry", "prometheus.txt"), text);
        Assert.Equal(3, PrometheusParser.Read(text.Replace("NaN", "0", StringComparison.Ordinal)
            .Replace("-Inf", "0", StringComparison.Ordinal)).Samples["a_duration_seconds_count{kvs_operation=\"set\"}"]);
    }

    [Theory]
    [InlineData("kvs.operations", "{operation}", MetricKind.Counter, "kvs_operations_total")]
    [InlineData("kvs.operation.duration", "s", MetricKind.Histogram, "kvs_operation_duration_seconds")]
    [InlineData("kvs.compaction.io", "By", MetricKind.Counter, "kvs_compaction_io_bytes_total")]
    [InlineData("a.total", "", MetricKind.Counter, "a_total")]
    [InlineData("a.bytes", "By", MetricKind.Gauge, "a_bytes")]
    [InlineData("a.share", "1", MetricKind.Gauge, "a_share_ratio")]
    [InlineData("a.share", "1", MetricKind.Counter, "a_share_total")]
    [InlineData("a.speed", "By/s", MetricKind.Gauge, "a_speed_bytes_per_second")]
    [InlineData("1a.-.b", "{x}", MetricKind.Gauge, "_1a_b")]
    [InlineData("a.time", "ms", MetricKind.Gauge, "a_time_milliseconds")]
    public void Names_follow_the_specification_of_open_telemetry(string name, string unit, object kind, string expected) =>
        Assert.Equal(expected, PrometheusNames.Metric(name, unit, (MetricKind)kind));
}

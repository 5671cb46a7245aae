using Kvs.Server.Tests.Doors;
using Xunit;

namespace Kvs.Server.Tests.Telemetry;

/// <summary>What a receiver of OTLP gets.</summary>
[Collection("alone")]
public sealed class OtlpTests
{
    private const string Variable = "OTEL_EXPORTER_OTLP_PROTOCOL";
    private const string Collector = "/opentelemetry.proto.collector";

    [Theory]
    [InlineData(null, "/v1/metrics", "/v1/traces")]
    [InlineData("http/protobuf", "/v1/metrics", "/v1/traces")]
    [InlineData("grpc", $"{Collector}.metrics.v1.MetricsService/Export", $"{Collector}.trace.v1.TraceService/Export")]
    public async Task Metrics_and_activities_arrive(string? protocol, string metricsPath, string tracesPath)
    {
        await using var receiver = await OtlpReceiver.OpenAsync(isGrpc: protocol == "grpc");
        var before = Environment.GetEnvironmentVariable(Variable);
        Environment.SetEnvironmentVariable(Variable, protocol);
        try
        {
            await using var fixture = await MetricsFixture.OpenAsync(receiver.Url);
            using var client = await WireClient.ConnectAsync(fixture.Server.Port);
            await client.Set(1, "key", "value").SendAsync();
            await client.ReadAppliedAsync(1);
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, before);
        }

        // The end of the export sends what is left.
        var metrics = receiver.BodyOf(metricsPath);
        Assert.Contains("kvs.operations", metrics, StringComparison.Ordinal);
        Assert.Contains("kvs.operation.duration", metrics, StringComparison.Ordinal);
        Assert.Contains("kvs.commit.group.size", metrics, StringComparison.Ordinal);
        Assert.Contains("kvs-server", metrics, StringComparison.Ordinal);
        Assert.Contains("kvs write", receiver.BodyOf(tracesPath), StringComparison.Ordinal);
    }
}

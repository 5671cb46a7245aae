using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Kvs.Server.Telemetry.Export;

/// <summary>
/// Sends metrics and activities by OTLP. The environment variables of OpenTelemetry are honoured (OTEL_SERVICE_NAME,
/// OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_HEADERS, OTEL_METRIC_EXPORT_INTERVAL and so on). The protocol is
/// OTEL_EXPORTER_OTLP_PROTOCOL's, else grpc for its port 4317, else http/protobuf. Ownership: of the providers, whose threads
/// send; a receiver that is away costs nothing but what could not be sent.
/// </summary>
internal sealed class OtlpExport : IDisposable
{
    private const int GrpcPort = 4317;
    private const string ProtocolVariable = "OTEL_EXPORTER_OTLP_PROTOCOL";

    private readonly MeterProvider _meters;
    private readonly TracerProvider _tracers;

    private OtlpExport(MeterProvider meters, TracerProvider tracers)
    {
        _meters = meters;
        _tracers = tracers;
    }

    /// <summary>Begins to send.</summary>
    /// <param name="endpoint">The receiver.</param>
    /// <param name="version">The version of the server.</param>
    /// <param name="meters">Names of the meters.</param>
    /// <returns>Ownership: the caller's; its disposal sends what is left.</returns>
    internal static OtlpExport Start(Uri endpoint, string version, params string[] meters)
    {
        void Describe(ResourceBuilder resource)
        {
            // The name is a default: that of the environment goes over it.
            resource.Clear();
            resource.AddService("kvs-server", serviceVersion: version);
            resource.AddTelemetrySdk();
            resource.AddEnvironmentVariableDetector();
        }

        var metrics = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(Describe)
            .AddMeter(meters)
            .AddOtlpExporter(options => Aim(options, endpoint, "v1/metrics"))
            .Build();
        var traces = Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(Describe)
            .AddSource(ServerActivities.Name, "Microsoft.AspNetCore")
            .AddOtlpExporter(options => Aim(options, endpoint, "v1/traces"))
            .Build();
        return new OtlpExport(metrics, traces);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tracers.Dispose();
        _meters.Dispose();
    }

    private static void Aim(OtlpExporterOptions options, Uri endpoint, string path)
    {
        var isGrpc = Environment.GetEnvironmentVariable(ProtocolVariable) is { Length: > 0 } protocol
            ? protocol == "grpc"
            : endpoint.Port == GrpcPort;
        options.Protocol = isGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;

        // An endpoint that is given in code is taken as it is: the signal's path is ours to add.
        options.Endpoint = isGrpc ? endpoint : new Uri(endpoint.AbsoluteUri.TrimEnd('/') + "/" + path);
    }
}

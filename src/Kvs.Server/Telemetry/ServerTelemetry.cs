using System.Text;
using Kvs.Core.Diagnostics;
using Kvs.Server.Telemetry.Export;
using Kvs.Server.Telemetry.Exposition;
using Kvs.Server.Telemetry.Operations;

namespace Kvs.Server.Telemetry;

/// <summary>Who looks at a server from outside.</summary>
/// <param name="Version">The version of the server.</param>
/// <param name="IsScraped">Whether metrics are asked for as text; only then does it listen for them.</param>
/// <param name="Otlp">Where metrics and activities are sent by OTLP; null for nowhere.</param>
internal sealed record TelemetryOptions(string Version, bool IsScraped, Uri? Otlp);

/// <summary>
/// What can be seen of a server from outside: its meter, its metrics as text, and the export that was asked for.
/// Threading: any thread. Ownership: of all of it but what it reads.
/// </summary>
internal sealed class ServerTelemetry : IDisposable
{
    private const string RuntimeMeter = "System.Runtime";

    private readonly TimeProvider _time;
    private readonly ServerMeter _meter;
    private readonly MetricReader? _reader;
    private readonly OtlpExport? _export;

    /// <summary>Begins to listen and, where that is wanted, to export.</summary>
    /// <param name="operations">Counts operations.</param>
    /// <param name="gather">Gathers everything else.</param>
    /// <param name="time">The clock.</param>
    /// <param name="options">Who wants to see it.</param>
    internal ServerTelemetry(OperationMeter operations, Func<ServerFigures> gather, TimeProvider time, TelemetryOptions options)
    {
        _time = time;
        Figures = new FigureCache(gather, time);
        _meter = new ServerMeter(operations, Figures);
        _reader = options.IsScraped ? new MetricReader(_meter.Meter, [StoreMeter.Name, RuntimeMeter], operations) : null;

        // The packages behind it are loaded only when it is wanted.
        _export = options.Otlp is { } endpoint
            ? OtlpExport.Start(endpoint, options.Version, ServerMeter.Name, StoreMeter.Name, RuntimeMeter)
            : null;
    }

    /// <summary>The time.</summary>
    internal DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>The newest figures.</summary>
    internal FigureCache Figures { get; }

    /// <summary>All metrics, where they are scraped, in the text format of Prometheus. May take a while: on the thread pool only.</summary>
    internal byte[] Metrics() => Encoding.UTF8.GetBytes(PrometheusText.Write(_reader?.Read() ?? []));

    /// <inheritdoc/>
    public void Dispose()
    {
        _export?.Dispose();
        _reader?.Dispose();
        _meter.Dispose();
    }
}

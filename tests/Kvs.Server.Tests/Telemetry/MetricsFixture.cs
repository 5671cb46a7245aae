using Kvs.Core.Platform;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;
using Kvs.Server.Telemetry;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit.Processes;

namespace Kvs.Server.Tests.Telemetry;

/// <summary>A server with the kvs engine and its telemetry, in this process. Ownership: of all of it.</summary>
internal sealed class MetricsFixture : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory;

    private MetricsFixture(TemporaryDirectory directory, DoorFixture server, ServerTelemetry telemetry)
    {
        _directory = directory;
        Server = server;
        Telemetry = telemetry;
    }

    internal DoorFixture Server { get; }

    internal ServerTelemetry Telemetry { get; }

    internal string Text => System.Text.Encoding.UTF8.GetString(Telemetry.Metrics());

    internal static async Task<MetricsFixture> OpenAsync(Uri? otlp = null)
    {
        var directory = new TemporaryDirectory();
        var engine = await EngineOpener.OpenAsync(
            EngineName.Kvs, new ServerOptions { DataDirectory = directory.FullPath }, KvsEnvironment.Real(), _ => { }, default);
        var server = DoorFixture.Open(engine: engine);
        server.Dispatcher.Doors = [server.Door];
        var telemetry = new ServerTelemetry(
            server.Dispatcher.Operations, server.Dispatcher.Figures, TimeProvider.System,
            new TelemetryOptions("1.2.3", IsScraped: true, otlp));
        return new MetricsFixture(directory, server, telemetry);
    }

    public async ValueTask DisposeAsync()
    {
        Telemetry.Dispose();
        await Server.DisposeAsync();
        _directory.Dispose();
    }
}

using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Cluster;
using Kvs.Server.Doors;
using Kvs.Server.Telemetry;
using Kvs.Server.Telemetry.Operations;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;

namespace Kvs.Server.Hosting;

/// <summary>
/// The server as the host starts and stops it. Start: engine, then doors. Stop, in the reverse order: no new
/// connections,
/// sessions answer what they received, the engine syncs and closes. Threading: started and stopped once, by the host.
/// </summary>
/// <param name="options">The options.</param>
/// <param name="machine">Files, clock, threads, randomness.</param>
/// <param name="transport">The network.</param>
/// <param name="loggers">The log.</param>
/// <param name="end">Ends the process when it cannot go on.</param>
internal sealed class ServerService(
    ServerOptions options, KvsEnvironment machine, ITransport transport, ILoggerFactory loggers, ServerFailure end)
    : IHostedService
{
    private readonly ServerLog _log = new(loggers.CreateLogger("kvs"));
    private IKvEngine? _engine;
    private ClusterService? _cluster;
    private RequestDispatcher? _dispatcher;
    private ServerAccess? _access;
    private ServerDoors? _doors;
    private ServerTelemetry? _telemetry;

    /// <summary>The port that it listens on.</summary>
    internal int Port => _doors?.Tcp.Port ?? 0;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Exposure.ThrowIfExposed(options);
        if (DescriptorLimit.Read(machine.Files) is { } limit && limit < options.ConnectionsMax + DescriptorLimit.BesideConnections)
        {
            _log.FewDescriptors(limit, options.ConnectionsMax, options.ConnectionsMax + DescriptorLimit.BesideConnections);
        }

        _access = ServerAccess.Of(options, machine, loggers.CreateLogger("kvs.access"));
        try
        {
            await OpenEngineAsync(cancellationToken);
            _dispatcher = NewDispatcher(_engine!);
            _telemetry = NewTelemetry(_dispatcher);
            _doors = await ServerDoors.OpenAsync(
                options, _dispatcher, _access, _telemetry, _access.Over(transport, options), machine.Time, loggers,
                cancellationToken);
            _dispatcher.Doors = _doors.All;
            if (_cluster is not null)
            {
                _doors.Tcp.AcceptLink = _cluster.Links.Accept;
                _cluster.Start();
            }

            _log.Listening(options.Address.ToString(), Port);
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_doors is not null)
        {
            _log.Stopping();
            await (_cluster?.HandOverAsync() ?? Task.CompletedTask);
            await _doors.DrainAsync();
        }

        await CloseAsync();
        _log.Stopped();
    }

    private static long MiB(long bytes) => bytes / (1024 * 1024);

    private static bool IsLocked(Exception failure) => failure is KvsException { Code: ErrorCode.DirectoryLocked };

    private async Task OpenEngineAsync(CancellationToken stop)
    {
        var name = EngineOpener.NameOf(options, machine.Files);
        var shown = options.EngineAlias is { } alias ? $"{name} (asked for as {alias})" : name;
        var directory = name == EngineName.Memory ? "none" : EngineOpener.PathOf(options);
        _log.Starting(ServerVersion.Text, shown, directory, options.Durability.ToString());
        if (options.Memory is { IsLimited: true } memory)
        {
            _log.Memory(MiB(memory.LimitBytes), MiB(memory.KeyBytes), MiB(memory.HeapBytes), MemoryPlan.Describe(options));
        }

        var startedAt = machine.Time.GetTimestamp();
        _engine = await StartRetry.RunAsync(machine.Time, () => OpenAsync(name, stop), IsLocked, stop);
        _log.EngineOpen(name, _engine.Stats().Keys, machine.Time.GetElapsedTime(startedAt).TotalMilliseconds);
    }

    private async Task<IKvEngine> OpenAsync(string name, CancellationToken stop)
    {
        options.Cluster.Validate(options.Address);
        if (!options.Cluster.IsOn)
        {
            return await EngineOpener.OpenAsync(name, options, machine, _log.Tell, stop);
        }

        if (name != EngineName.Kvs)
        {
            throw new KvsConfigurationException($"a cluster needs the engine kvs, not {name}");
        }

        _cluster = await ClusterService.OpenAsync(
            options, machine, _access!.Over(transport, options), _access.Nodes, loggers, _log.Tell, end.Fail, stop);
        return _cluster.Store;
    }

    private RequestDispatcher NewDispatcher(IKvEngine engine)
    {
        var durability = options.Durability.ToString();
        var identity = new ServerInfo { Name = "kvs-server", Version = ServerVersion.Text, Durability = durability };
        var limits = new SnapshotLimits(options.SessionSnapshotsMax, options.SnapshotsMax, options.SnapshotAgeMax);
        return new RequestDispatcher(engine, identity, limits, machine.Time)
        {
            Budgets = new DoorBudgets(options.ToDoorLimits()),
            WatchersMax = options.WatchersMax,
            Operations = new OperationMeter(machine.Time)
            {
                SlowLog = new SlowLog(options.SlowLogThreshold, options.SlowLogEntries, machine.Time),
            },
            Access = _access!.Clients,
            Cluster = _cluster?.Desk,
        };
    }

    private ServerTelemetry NewTelemetry(RequestDispatcher dispatcher) => new(
        dispatcher.Operations, dispatcher.Figures, machine.Time,
        new TelemetryOptions(ServerVersion.Text, options.Http is not null, options.OtlpEndpoint));

    private async Task CloseAsync()
    {
        if (_doors is not null)
        {
            await _doors.DisposeAsync();
        }

        _telemetry?.Dispose();
        _dispatcher?.Dispose();
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
        else if (_engine is not null)
        {
            await _engine.DisposeAsync();
        }
    }
}

using System.Net;
using System.Net.Sockets;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Cluster;
using Kvs.Server.Doors;
using Kvs.Server.Doors.Tcp;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;

namespace Kvs.Server.Hosting;

/// <summary>
/// The server as the host starts and stops it. Start: engine, then door. Stop, in the reverse order: no new
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
    private TcpDoor? _door;

    /// <summary>The port that it listens on.</summary>
    internal int Port => _door?.Port ?? 0;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        ThrowIfExposed();
        try
        {
            await OpenEngineAsync(cancellationToken);
            _dispatcher = NewDispatcher(_engine!);
            _door = await OpenDoorAsync(_dispatcher, cancellationToken);
            if (_cluster is not null)
            {
                _door.AcceptLink = _cluster.Links.Accept;
                _cluster.Start();
            }

            _log.Listening(options.Address.ToString(), _door.Port);
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
        if (_door is not null)
        {
            _log.Stopping();
            await (_cluster?.HandOverAsync() ?? Task.CompletedTask);
            await _door.DrainAsync(options.DrainTimeout);
        }

        await CloseAsync();
        _log.Stopped();
    }

    private static bool IsInUse(Exception failure) =>
        failure is IOException { InnerException: SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } };

    private static bool IsLocked(Exception failure) => failure is KvsException { Code: ErrorCode.DirectoryLocked };

    /// <summary>Whoever can connect can read and write everything.</summary>
    private void ThrowIfExposed()
    {
        var host = options.Address.Host;
        var isLiteral = IPAddress.TryParse(host, out var address);
        var isLoopback = isLiteral ? IPAddress.IsLoopback(address!) : host == "localhost";
        if (!isLoopback && !options.Insecure)
        {
            var what = isLiteral
                ? $"{options.Address} is not a loopback address"
                : $"{host} is a name, and of names only localhost is known to be loopback";
            throw new KvsException(
                ErrorCode.Configuration,
                $"{what}; clients are not authenticated: anyone who reaches "
                + "it could read and change everything. Add --insecure if that is wanted");
        }
    }

    private async Task OpenEngineAsync(CancellationToken stop)
    {
        var name = EngineOpener.NameOf(options, machine.Files);
        var shown = options.EngineAlias is { } alias ? $"{name} (asked for as {alias})" : name;
        var directory = name == EngineName.Memory ? "none" : EngineOpener.PathOf(options);
        _log.Starting(ServerVersion.Text, shown, directory, options.Durability.ToString());
        var startedAt = machine.Time.GetTimestamp();
        _engine = await StartRetry.RunAsync(machine.Time, () => OpenAsync(name, stop), IsLocked, stop);
        _log.EngineOpen(name, _engine.Stats().Keys, machine.Time.GetElapsedTime(startedAt).TotalMilliseconds);
    }

    private async Task<IKvEngine> OpenAsync(string name, CancellationToken stop)
    {
        options.Cluster.Validate(options.Address, options.Durability);
        if (!options.Cluster.IsOn)
        {
            return await EngineOpener.OpenAsync(name, options, machine, _log.Tell, stop);
        }

        if (name != EngineName.Kvs)
        {
            throw new KvsConfigurationException($"a cluster needs the engine kvs, not {name}");
        }

        _cluster = await ClusterService.OpenAsync(options, machine, transport, loggers, _log.Tell, end.Fail, stop);
        return _cluster.Store;
    }

    private RequestDispatcher NewDispatcher(IKvEngine engine)
    {
        var durability = options.Durability.ToString();
        var identity = new ServerInfo { Name = "kvs-server", Version = ServerVersion.Text, Durability = durability };
        var limits = new SnapshotLimits(options.SessionSnapshotsMax, options.SnapshotsMax, options.SnapshotAgeMax);
        return new RequestDispatcher(engine, identity, limits, machine.Time) { Cluster = _cluster?.Desk };
    }

    private async Task<TcpDoor> OpenDoorAsync(RequestDispatcher dispatcher, CancellationToken stop)
    {
        var doorOptions = options.ToTcpDoorOptions();
        var logger = loggers.CreateLogger("kvs.tcp");
        Task<TcpDoor> Open() => Task.FromResult(TcpDoor.Open(transport, doorOptions, dispatcher, machine.Time, logger));
        try
        {
            return await StartRetry.RunAsync(machine.Time, Open, IsInUse, stop);
        }
        catch (IOException failure)
        {
            throw new KvsException(
                ErrorCode.Configuration,
                $"cannot listen on {options.Address}: {failure.Message}",
                WriteOutcome.NotApplied,
                failure);
        }
    }

    private async Task CloseAsync()
    {
        if (_door is not null)
        {
            await _door.DisposeAsync();
        }

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

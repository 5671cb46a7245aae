using System.Net.Sockets;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Configuration;
using Kvs.Server.Doors;
using Kvs.Server.Doors.Grpc;
using Kvs.Server.Doors.Http;
using Kvs.Server.Doors.Pages;
using Kvs.Server.Doors.Resp;
using Kvs.Server.Doors.Tcp;
using Kvs.Server.Doors.Web;
using Kvs.Server.Telemetry;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Hosting;

/// <summary>
/// The doors of a server: opened one behind the other, drained together, closed. Threading: opened, drained and disposed
/// once, in that order, by the service. Ownership: of the doors.
/// </summary>
internal sealed class ServerDoors : IAsyncDisposable
{
    private readonly ServerOptions _options;
    private readonly TimeProvider _time;
    private readonly List<IDoor> _doors = [];

    private ServerDoors(ServerOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
    }

    /// <summary>All doors.</summary>
    internal IReadOnlyList<IDoor> All => _doors;

    /// <summary>The door of the binary protocol, by which nodes of a cluster come too.</summary>
    internal TcpDoor Tcp => (TcpDoor)_doors[^1];

    /// <summary>Opens all that the options ask for, that of the binary protocol last.</summary>
    /// <param name="options">The options.</param>
    /// <param name="dispatcher">The way to the engine.</param>
    /// <param name="access">The server's certificates.</param>
    /// <param name="telemetry">What can be seen of the server.</param>
    /// <param name="transport">The network, within TLS where that is asked for.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    /// <param name="stop">Gives it up.</param>
    /// <returns>The open doors. Ownership: the caller's.</returns>
    /// <exception cref="KvsException">An address is in use or not of this machine.</exception>
    internal static async Task<ServerDoors> OpenAsync(
        ServerOptions options, RequestDispatcher dispatcher, ServerAccess access, ServerTelemetry telemetry,
        ITransport transport, TimeProvider time,
        ILoggerFactory loggers, CancellationToken stop)
    {
        var doors = new ServerDoors(options, time);
        try
        {
            if (WebRoutesOf(options, new StoreCalls(dispatcher, time), telemetry, time, loggers) is { Count: > 0 } routes)
            {
                await doors.AddAsync(
                    string.Join(", ", routes.Select(one => one.Address)),
                    async () => await WebDoor.OpenAsync(
                        options.ToWebDoorOptions() with
                        {
                            Tls = access.Tls,
                            TlsClients = options.TlsClients,
                            TlsRefused = access.Log.RefuseCertificate,
                        },
                        routes, dispatcher, time, loggers, stop),
                    stop);
            }

            if (options.Resp is { } resp)
            {
                var respLogger = loggers.CreateLogger("kvs.resp");
                await doors.AddAsync(
                    resp.ToString(),
                    () => Task.FromResult<IDoor>(RespDoor.Open(
                        transport, options.ToDoorOptions(resp), dispatcher, time, respLogger)),
                    stop);
            }

            var logger = loggers.CreateLogger("kvs.tcp");
            await doors.AddAsync(
                options.Address.ToString(),
                () => Task.FromResult<IDoor>(TcpDoor.Open(
                    transport, options.ToDoorOptions(options.Address), dispatcher, time, logger)),
                stop);
            return doors;
        }
        catch
        {
            await doors.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops accepting at all doors, and lets their sessions answer what they have received.</summary>
    internal Task DrainAsync() => Task.WhenAll(_doors.Select(door => door.DrainAsync(_options.DrainTimeout)));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        for (var i = _doors.Count - 1; i >= 0; i--)
        {
            await _doors[i].DisposeAsync();
        }

        _doors.Clear();
    }

    private static bool IsInUse(Exception failure) =>
        failure is IOException { InnerException: SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } };

    /// <summary>What is answered by HTTP, each at its own address; nothing of it is loaded when there is none.</summary>
    private static List<IWebRoutes> WebRoutesOf(
        ServerOptions options, StoreCalls calls, ServerTelemetry telemetry, TimeProvider time, ILoggerFactory loggers)
    {
        var routes = new List<IWebRoutes>();
        if (options.Http is { } address)
        {
            routes.Add(new HttpRoutes(options.ToHttpDoorOptions(address), calls) { Pages = new PageRoutes(calls.Dispatcher, telemetry) });
        }

        if (options.Grpc is { } grpc)
        {
            routes.Add(new GrpcRoutes(grpc, options.BatchBytesMax, calls, time, loggers) { SendTimeout = options.SendTimeout });
        }

        return routes;
    }

    private async Task AddAsync(string address, Func<Task<IDoor>> openAsync, CancellationToken stop)
    {
        try
        {
            _doors.Add(await StartRetry.RunAsync(_time, openAsync, IsInUse, stop));
        }
        catch (IOException failure)
        {
            throw new KvsException(
                ErrorCode.Configuration,
                $"cannot listen on {address}: {failure.Message}",
                WriteOutcome.NotApplied,
                failure);
        }
    }
}

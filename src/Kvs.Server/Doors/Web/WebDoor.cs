using System.Net;
using System.Net.Sockets;
using Kvs.Core.Primitives;
using Kvs.Server.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Doors.Web;

/// <summary>
/// The door of everything that speaks HTTP: one Kestrel with an address for each kind of routes. It reads no configuration
/// and no environment of its own. A server that is asked for no web address makes none of it.
/// Threading: opened, drained and disposed once. Ownership: of Kestrel.
/// </summary>
internal sealed class WebDoor : IDoor
{
    private readonly WebApplication _app;
    private readonly IReadOnlyList<WebListener> _listeners;
    private readonly TimeProvider _time;
    private readonly WebLog _log;

    private WebDoor(WebApplication app, IReadOnlyList<WebListener> listeners, TimeProvider time, WebLog log)
    {
        _app = app;
        _listeners = listeners;
        _time = time;
        _log = log;
    }

    /// <inheritdoc/>
    public string Name => "web";

    /// <summary>The port of its first address.</summary>
    public int Port => PortOf(_listeners[0]);

    /// <inheritdoc/>
    public IEnumerable<DoorFigures> Figures => _listeners.Select(static listener =>
        new DoorFigures(listener.Routes.Name, PortOf(listener), listener.Connections));

    /// <summary>Listens on the addresses of all routes.</summary>
    /// <param name="options">The limits.</param>
    /// <param name="routes">What is answered where; one or more.</param>
    /// <param name="dispatcher">Counts the connections of all doors.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">The log.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>The open door. Ownership: the caller's.</returns>
    /// <exception cref="IOException">An address is in use or not of this machine.</exception>
    internal static async Task<WebDoor> OpenAsync(
        WebDoorOptions options, IReadOnlyList<IWebRoutes> routes, RequestDispatcher dispatcher, TimeProvider time,
        ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var log = new WebLog(loggers.CreateLogger("kvs.web"));
        WebListener[] listeners =
            [.. routes.Select(one => new WebListener(one, dispatcher, options, log))];
        var app = Build(options, listeners, loggers);
        try
        {
            Array.ForEach(listeners, listener => listener.Build(app.Services));
            app.Run(static context => context.Features.GetRequiredFeature<WebListener>().AnswerAsync(context));
            await app.StartAsync(cancellationToken);
        }
        catch (Exception failure)
        {
            await app.DisposeAsync();
            throw failure switch
            {
                SocketException socket => new IOException(socket.Message, socket),
                IOException { InnerException: AddressInUseException { InnerException: SocketException socket } } =>
                    new IOException(socket.Message, socket),
                _ => failure,
            };
        }

        foreach (var listener in listeners)
        {
            log.Listening(listener.Routes.Name, listener.Routes.Address.ToString(), PortOf(listener));
        }

        return new WebDoor(app, listeners, time, log);
    }

    /// <summary>The port of an address.</summary>
    /// <param name="name">Name of its routes.</param>
    internal int PortOf(string name) => PortOf(_listeners.First(listener => listener.Routes.Name == name));

    /// <inheritdoc/>
    public async Task DrainAsync(TimeSpan limit)
    {
        using var late = new CancellationTokenSource(limit, _time);
        try
        {
            await _app.StopAsync(late.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            _log.DrainTimedOut(limit);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await DrainAsync(TimeSpan.Zero);
        await _app.DisposeAsync();
    }

    private static int PortOf(WebListener listener) => listener.Endpoint!.IPEndPoint!.Port;

    private static WebApplication Build(WebDoorOptions options, WebListener[] listeners, ILoggerFactory loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = "kvs-server",
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = Environments.Production,
        });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime>(new NoLifetime());
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);

        // Completions of the sockets run inline in this process: what answers a request must go to the thread pool.
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.UnsafePreferInlineScheduling = false);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            WebLimits.Set(kestrel, options);
            Array.ForEach(listeners, listener => kestrel.Listen(ToEndPoint(listener.Routes.Address), listener.Attach));
        });
        foreach (var listener in listeners)
        {
            listener.Routes.AddServices(builder.Services);
        }

        return builder.Build();
    }

    private static IPEndPoint ToEndPoint(KvsAddress address) => new(
        IPAddress.TryParse(address.Host, out var literal) ? literal : Dns.GetHostAddresses(address.Host)[0], address.Port);

    /// <summary>The server starts and stops the door; signals are not its business.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

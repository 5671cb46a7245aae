using System.Net.Security;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Kvs.Server.Doors.Web;

/// <summary>
/// One address of the web door: counts its connections, and answers their requests by the routes of that address alone.
/// Threading: any thread.
/// </summary>
/// <param name="routes">What is answered here.</param>
/// <param name="dispatcher">Counts the connections of all doors.</param>
/// <param name="options">The limits.</param>
/// <param name="log">The log.</param>
internal sealed class WebListener(IWebRoutes routes, RequestDispatcher dispatcher, WebDoorOptions options, WebLog log)
{
    /// <summary>Connections beyond the limit that are told so at once; beyond it, they are closed without a word.</summary>
    private const int RefusalsMax = 64;

    /// <summary>What stands for no limit: Kestrel's timer for a handshake cannot wait for ever.</summary>
    private static readonly TimeSpan _handshakeTimeMax = TimeSpan.FromDays(40);

    private readonly WebGuard _guard = new(dispatcher.Access);
    private readonly WebStrangers _strangers = new(routes.Name, options.FrameTimeout, dispatcher.Time, log);
    private RequestDelegate _answer = static _ => Task.CompletedTask; // set once, before it listens
    private int _refusals; // Interlocked
    private int _open; // Interlocked: connections, without refused ones

    /// <summary>The routes.</summary>
    internal IWebRoutes Routes => routes;

    /// <summary>Connections that are open, without refused ones.</summary>
    internal int Connections => Volatile.Read(ref _open);

    /// <summary>The endpoint that Kestrel listens on; it knows the port as soon as it does.</summary>
    internal ListenOptions? Endpoint { get; private set; }

    /// <summary>Where a request comes from.</summary>
    /// <param name="context">The request.</param>
    internal static WorkOrigin? OriginOf(HttpContext context) => context.Features.Get<WorkOrigin>();

    /// <summary>Puts itself before all connections of an endpoint.</summary>
    /// <param name="endpoint">The endpoint.</param>
    internal void Attach(ListenOptions endpoint)
    {
        Endpoint = endpoint;
        endpoint.Protocols = options.Tls is null && routes.Protocols == HttpProtocols.Http1AndHttp2
            ? HttpProtocols.Http1
            : routes.Protocols;
        endpoint.Use(next => connection => ServeAsync(connection, next));
        if (options.Tls is { } tls)
        {
            // Behind the count, so that a handshake takes a connection; Kestrel adds the versions of HTTP.
            endpoint.UseHttps(new TlsHandshakeCallbackOptions
            {
                OnConnection = handshake => new ValueTask<SslServerAuthenticationOptions>(tls.Current.ForServer(
                    options.TlsClients, why => options.TlsRefused($"{handshake.Connection.RemoteEndPoint}", why))),
                HandshakeTimeout = options.FrameTimeout > TimeSpan.Zero ? options.FrameTimeout : _handshakeTimeMax,
            });
        }
    }

    /// <summary>Builds the pipeline of this address.</summary>
    /// <param name="services">The services of the door.</param>
    internal void Build(IServiceProvider services)
    {
        var pipeline = new ApplicationBuilder(services);
        routes.Surround(pipeline);
        pipeline.UseRouting();

        // Who asks, and whether that one may, is judged here: the route is known, no body was read.
        pipeline.Use(next => async context =>
        {
            using var admission = await _guard.AdmitAsync(context);
            await next(context);
        });
        pipeline.UseEndpoints(routes.Map);
        _answer = pipeline.Build();
    }

    /// <summary>Answers a request that came by this address.</summary>
    /// <param name="context">The request.</param>
    internal async Task AnswerAsync(HttpContext context)
    {
        // Handlers may block for a disk. The sockets' own thread, on which completions run inline, must never come here.
        Check.That(Thread.CurrentThread.IsThreadPoolThread);
        context.Features.GetRequiredFeature<WebConnection>().NoteRequest();
        try
        {
            if (context.Features.Get<RefusedConnection>() is not null)
            {
                EndConnection(context);
                throw new KvsUnavailableException(
                    ErrorCode.TooManyConnections,
                    "The server has as many connections as it is allowed to have (connections-max).");
            }

            await _answer(context);
        }
        catch (Exception failure) when (IsOfTheClient(failure))
        {
            // It is gone, or took nothing for too long: nobody to answer.
            context.Abort();
        }
        catch (KvsException failure)
        {
            await FailAsync(context, failure);
        }
#pragma warning disable CA1031 // The border of a request: what nobody foresaw is an answer and a line in the log.
        catch (Exception failure) when (failure is not Microsoft.AspNetCore.Http.BadHttpRequestException)
#pragma warning restore CA1031
        {
            log.Unforeseen(routes.Name, failure);
            await FailAsync(context, new KvsException(
                ErrorCode.Internal, "The request failed by a bug of ours; the log of the server names the place.",
                WriteOutcome.Unknown));
        }
    }

    /// <summary>
    /// Whether the connection broke. The store tells its failures by exceptions of its own; what Kestrel throws of a request
    /// that it does not understand, it answers itself.
    /// </summary>
    private static bool IsOfTheClient(Exception failure) =>
        failure is OperationCanceledException or (IOException and not Microsoft.AspNetCore.Http.BadHttpRequestException);

    /// <summary>HTTP/1.1 ends a connection by a header, HTTP/2 by a frame.</summary>
    private static void EndConnection(HttpContext context)
    {
        if (HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            context.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        }
        else
        {
            context.Response.Headers.Connection = "close";
        }
    }

    private async Task FailAsync(HttpContext context, KvsException failure)
    {
        if (context.Response.HasStarted)
        {
            // Part of another answer is on its way: only a broken connection can say that it is not whole.
            context.Abort();
            return;
        }

        // What was said of the other answer is not true of this one; that the connection ends is.
        var connection = context.Response.Headers.Connection;
        context.Response.Clear();
        context.Response.Headers.Connection = connection;
        if (failure.Code == ErrorCode.Unauthenticated)
        {
            context.Response.Headers.WWWAuthenticate = WebGuard.Challenge;
        }

        await routes.AnswerFailureAsync(context, failure);
    }

    private async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        connection.Features.Set(this);
        connection.Features.Set(new WorkOrigin(routes.Name, $"{connection.RemoteEndPoint}"));
        var one = new WebConnection(connection, dispatcher.Access, _strangers);
        if (dispatcher.TryAddConnection(options.ConnectionsMax))
        {
            Interlocked.Increment(ref _open);
            try
            {
                await next(connection);
            }
            finally
            {
                Interlocked.Decrement(ref _open);
                dispatcher.CountConnection(-1);
                if (!one.HasAsked)
                {
                    log.NeverAsked(routes.Name, one.Peer);
                }
            }

            return;
        }

        log.TooManyConnections(routes.Name, one.Peer);
        if (Interlocked.Increment(ref _refusals) <= RefusalsMax)
        {
            connection.Features.Set(new RefusedConnection());
            await next(connection);
        }
        else
        {
            connection.Abort();
        }

        Interlocked.Decrement(ref _refusals);
    }

    /// <summary>Marks a connection whose requests are all refused.</summary>
    private sealed class RefusedConnection;
}

using System.Collections.Concurrent;
using System.Net;
using Google.Protobuf;
using Kvs.Server.Cluster.Etcd.Grpc;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Tests.Cluster.Etcd.Fake;

/// <summary>
/// A gRPC server in this process that answers as a test tells it, byte by byte if need be. Ownership: of its listener; ends
/// open calls when disposed.
/// </summary>
internal sealed class FakeEtcd : IAsyncDisposable
{
    private const string GrpcType = "application/grpc";

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _calls = new();

    private FakeEtcd(WebApplication app) => _app = app;

    /// <summary>Where it listens.</summary>
    internal Uri Address => new(_app.Urls.Single());

    /// <summary>The names of the calls that came, in their order.</summary>
    internal IReadOnlyList<string> Calls => [.. _calls];

    /// <summary>Starts one on a free port.</summary>
    /// <param name="answer">How it answers a call.</param>
    /// <param name="protocols">HTTP/2 unless the test is about something else.</param>
    internal static async Task<FakeEtcd> StartAsync(
        Func<HttpContext, Task> answer, HttpProtocols protocols = HttpProtocols.Http2)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server =>
            server.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = protocols));
        var fake = new FakeEtcd(builder.Build());
        fake._app.Run(context =>
        {
            fake._calls.Enqueue(context.Request.Path.Value!.Split('/')[^1]);
            return answer(context);
        });
        await fake._app.StartAsync();
        return fake;
    }

    /// <summary>Reads a message of the request.</summary>
    internal static async Task<T> ReadAsync<T>(HttpContext context, MessageParser<T> parser)
        where T : class, IMessage<T> =>
        parser.ParseFrom(await GrpcFrame.ReadAsync(context.Request.Body, 1 << 20, context.RequestAborted)
            ?? throw new EndOfStreamException());

    /// <summary>Sends a message and leaves the call open.</summary>
    internal static Task SendAsync(HttpContext context, IMessage message) =>
        SendAsync(context, GrpcFrame.Encode(message));

    /// <summary>Sends bytes and leaves the call open.</summary>
    internal static async Task SendAsync(HttpContext context, byte[] bytes)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = GrpcType;
        }

        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    /// <summary>Answers a call and ends it well.</summary>
    internal static async Task AnswerAsync(HttpContext context, IMessage message)
    {
        await SendAsync(context, message);
        End(context, GrpcStatus.Ok);
    }

    /// <summary>Ends a call in the trailers.</summary>
    internal static void End(HttpContext context, GrpcStatus status, string message = "")
    {
        context.Response.AppendTrailer("grpc-status", ((int)status).ToString());
        context.Response.AppendTrailer("grpc-message", Uri.EscapeDataString(message));
    }

    /// <summary>Ends a call with nothing but headers ("trailers only").</summary>
    internal static Task Refuse(HttpContext context, GrpcStatus status, string message)
    {
        context.Response.ContentType = GrpcType;
        context.Response.Headers["grpc-status"] = ((int)status).ToString();
        context.Response.Headers["grpc-message"] = Uri.EscapeDataString(message);
        return Task.CompletedTask;
    }

    /// <summary>Answers nothing, as a paused process does, until the client goes away.</summary>
    internal static async Task Stall(HttpContext context)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = context.RequestAborted.Register(gone.SetResult);
        await gone.Task;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // A token that is cancelled already: open calls are cut, not waited for.
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }
}

using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Tests.Telemetry;

/// <summary>A small collector: it takes anything that is sent by OTLP and keeps it. Ownership: of its listener.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private const int PrefixBytes = 5; // of a gRPC message: whether it is compressed, and its length

    private readonly WebApplication _app;
    private readonly bool _isGrpc;
    private readonly ConcurrentQueue<(string Path, string Body)> _bodies = new();

    private OtlpReceiver(WebApplication app, bool isGrpc) => (_app, _isGrpc) = (app, isGrpc);

    internal Uri Url => new(_app.Urls.Single());

    /// <summary>Opens one on a free port.</summary>
    /// <param name="isGrpc">Whether it takes gRPC, else http/protobuf.</param>
    internal static async Task<OtlpReceiver> OpenAsync(bool isGrpc)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, 0, listen => listen.Protocols = isGrpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        var receiver = new OtlpReceiver(builder.Build(), isGrpc);
        receiver._app.Run(receiver.TakeAsync);
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>All that came to a path, as Latin-1.</summary>
    internal string BodyOf(string path) => string.Concat(_bodies.Where(body => body.Path == path).Select(static body => body.Body));

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var bytes = body.ToArray();
        var isGrpc = context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true;
        if (isGrpc != _isGrpc || (isGrpc && bytes is not [0, ..]))
        {
            context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        _bodies.Enqueue((context.Request.Path, Encoding.Latin1.GetString(isGrpc ? bytes[PrefixBytes..] : bytes)));
        if (isGrpc)
        {
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[PrefixBytes]); // an answer without fields
            context.Response.AppendTrailer("grpc-status", "0");
        }
    }
}

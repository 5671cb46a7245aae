using System.Buffers;
using System.Text.Json;
using Kvs.Server.Doors.Web;
using Kvs.Server.Telemetry;
using Kvs.Server.Telemetry.Exposition;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Kvs.Server.Doors.Pages;

/// <summary>
/// What of the HTTP address is for watching: the dashboard, its figures, and the metrics. A client needs to be allowed to
/// read for any of it. Threading: any thread of the pool.
/// </summary>
/// <param name="dispatcher">What the server does.</param>
/// <param name="telemetry">What can be seen of it.</param>
internal sealed class PageRoutes(RequestDispatcher dispatcher, ServerTelemetry telemetry)
{
    /// <summary>Where the dashboard is.</summary>
    internal const string Home = "/dashboard/";

    /// <summary>Nothing but this server: no script in the page, no other host, no frame around it.</summary>
    private const string Policy =
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    private static readonly string[] _reading = ["GET", "HEAD"];

    /// <summary>Maps the routes.</summary>
    /// <param name="routes">Where.</param>
    internal void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/", _reading, GoHome).Needs(RouteNeed.Nothing);
        routes.MapMethods("/dashboard/{file?}", _reading, AnswerFileAsync).Needs(RouteNeed.Read);
        routes.MapMethods("/v1/status", _reading, AnswerStatusAsync).Needs(RouteNeed.Read);
        routes.MapMethods("/metrics", _reading, AnswerMetricsAsync).Needs(RouteNeed.Read);
    }

    private static Task GoHome(HttpContext context)
    {
        context.Response.Redirect(Home);
        return Task.CompletedTask;
    }

    private static Task AnswerFileAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (!path.StartsWith(Home, StringComparison.Ordinal))
        {
            return GoHome(context); // without the slash, the page's own links would miss
        }

        var response = context.Response;
        if (SiteFiles.Find(path[Home.Length..]) is not { } file)
        {
            response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.CacheControl = "no-cache";
        response.Headers.ETag = file.Tag;
        if (context.Request.Headers.IfNoneMatch == file.Tag)
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        return WriteAsync(context, file.ContentType, file.Bytes);
    }

    private Task AnswerStatusAsync(HttpContext context)
    {
        var document = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(document))
        {
            var figures = telemetry.Figures.Get(); // may take a while: the counts come after it
            StatusDocument.Write(
                json, telemetry.Now, figures, dispatcher.Operations.Totals(), dispatcher.SlowLog.Newest(StatusDocument.SlowMax));
        }

        context.Response.Headers.CacheControl = "no-store";
        return WriteAsync(context, "application/json", document.WrittenMemory);
    }

    private Task AnswerMetricsAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        return WriteAsync(context, PrometheusText.ContentType, telemetry.Metrics());
    }

    private static Task WriteAsync(HttpContext context, string contentType, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}

using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;
using Kvs.Server.Doors.Http.Batches;
using Kvs.Server.Doors.Http.Health;
using Kvs.Server.Doors.Http.Keys;
using Kvs.Server.Doors.Http.Requests;
using Kvs.Server.Doors.Http.Scans;
using Kvs.Server.Doors.Http.Watches;
using Kvs.Server.Doors.Pages;
using Kvs.Server.Doors.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Kvs.Server.Doors.Http;

/// <summary>The HTTP/JSON interface: docs/http.md. It says what is where; the rooms beneath answer. Threading: any thread.</summary>
/// <param name="options">The settings.</param>
/// <param name="calls">The way to the store.</param>
internal sealed class HttpRoutes(HttpDoorOptions options, StoreCalls calls) : IWebRoutes
{
    private readonly HostRule _hosts = new(options);

    /// <summary>What of this address is for watching; null for none of it.</summary>
    internal PageRoutes? Pages { get; init; }

    /// <inheritdoc/>
    public string Name => "http";

    /// <inheritdoc/>
    public KvsAddress Address => options.Address;

    /// <inheritdoc/>
    public HttpProtocols Protocols => HttpProtocols.Http1AndHttp2;

    /// <inheritdoc/>
    public void Surround(IApplicationBuilder pipeline) => pipeline.Use(AroundAsync);

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        Pages?.Map(routes);
        var reads = new KeyReads(calls, options);
        var writes = new KeyWrites(calls, options);
        foreach (var path in (string[])["/v1/kv/{**key}", "/v1/kv-b64/{**key}"])
        {
            routes.MapMethods(path, ["GET"], reads.GetAsync).Needs(RouteNeed.Read);
            routes.MapMethods(path, ["HEAD"], reads.HeadAsync).Needs(RouteNeed.Read);
            routes.MapMethods(path, ["PUT"], writes.PutAsync).Needs(RouteNeed.Write);
            routes.MapMethods(path, ["DELETE"], writes.DeleteAsync).Needs(RouteNeed.Write);
            routes.MapMethods(path, ["POST"], writes.PostAsync).Needs(RouteNeed.Write);
        }

        // Routing does not tell the list from the empty key, whose path ends with a slash.
        var scans = new ScanRoute(calls, options);
        routes.MapMethods("/v1/kv", ["GET"], context =>
            RequestTarget.Of(context).Path.EndsWith('/') ? reads.GetAsync(context) : scans.GetAsync(context))
            .Needs(RouteNeed.Read);
        routes.MapMethods("/v1/watch", ["GET"], new WatchRoute(calls, options).GetAsync).Needs(RouteNeed.Read);
        routes.MapMethods("/v1/batch", ["POST"], new BatchRoute(calls, options).PostAsync).Needs(RouteNeed.Write);

        routes.MapMethods("/livez", ["GET", "HEAD"], HealthRoutes.LiveAsync).Needs(RouteNeed.Nothing);
        routes.MapMethods("/readyz", ["GET", "HEAD"], new HealthRoutes(calls.Dispatcher).ReadyAsync)
            .Needs(RouteNeed.Nothing);
        routes.MapMethods("/openapi/v1.json", ["GET", "HEAD"], OpenApiDocument.AnswerAsync).Needs(RouteNeed.Nothing);
    }

    /// <inheritdoc/>
    public Task AnswerFailureAsync(HttpContext context, KvsException failure) =>
        HttpAnswers.WriteProblemAsync(context, Problem.Of(failure));

    private async Task AroundAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        if (!_hosts.Allows(request.Host))
        {
            await HttpAnswers.WriteProblemAsync(context, Problem.Of(
                ErrorCode.InvalidArgument, "This server does not answer to the name in the Host header (http-hosts).") with
            {
                Status = StatusCodes.Status421MisdirectedRequest,
                Title = "Not a name of this server",
            });
            return;
        }

        // A page of a stranger can make a browser post a form here, but not one that says it is JSON.
        if (HttpMethods.IsPost(request.Method) && !request.HasJsonContentType())
        {
            await HttpAnswers.WriteProblemAsync(context, Problem.Of(
                ErrorCode.InvalidArgument, "A POST says Content-Type: application/json.") with
            {
                Status = StatusCodes.Status415UnsupportedMediaType,
                Title = "Not JSON",
            });
            return;
        }

        await next(context);
        await AnswerUnmatchedAsync(context);
    }

    /// <summary>Routing leaves a bare status where nothing fits.</summary>
    private static Task AnswerUnmatchedAsync(HttpContext context)
    {
        var response = context.Response;
        if (response.HasStarted || response.ContentType is not null)
        {
            return Task.CompletedTask;
        }

        return response.StatusCode switch
        {
            StatusCodes.Status404NotFound => HttpAnswers.WriteProblemAsync(context, Problem.Of(
                ErrorCode.InvalidArgument, "There is nothing at this path; docs/http.md lists what there is.") with
            {
                Status = StatusCodes.Status404NotFound,
                Title = "No such route",
            }),
            StatusCodes.Status405MethodNotAllowed => HttpAnswers.WriteProblemAsync(context, Problem.Of(
                ErrorCode.InvalidArgument, $"The method means nothing here; {response.Headers.Allow} would.") with
            {
                Status = StatusCodes.Status405MethodNotAllowed,
                Title = "No such method",
            }),
            _ => Task.CompletedTask,
        };
    }
}

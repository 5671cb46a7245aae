using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;
using Kvs.Server.Doors.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Kvs.Server.Doors.Http;

/// <summary>The HTTP/JSON interface: docs/http.md. Threading: any thread.</summary>
/// <param name="address">Where it listens.</param>
internal sealed class HttpRoutes(KvsAddress address) : IWebRoutes
{
    /// <inheritdoc/>
    public string Name => "http";

    /// <inheritdoc/>
    public KvsAddress Address => address;

    /// <inheritdoc/>
    public HttpProtocols Protocols => HttpProtocols.Http1;

    /// <inheritdoc/>
    public void Surround(IApplicationBuilder pipeline) => pipeline.Use(async (context, next) =>
    {
        await next(context);
        await AnswerUnmatchedAsync(context);
    });

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/livez", static async context =>
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync("ok\n", context.RequestAborted);
    }).Needs(RouteNeed.Nothing);

    /// <inheritdoc/>
    public Task AnswerFailureAsync(HttpContext context, KvsException failure) =>
        HttpAnswers.WriteProblemAsync(context, Problem.Of(failure));

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
                ErrorCode.InvalidArgument,
                $"{context.Request.Method} has no meaning here; {response.Headers.Allow} have.") with
            {
                Status = StatusCodes.Status405MethodNotAllowed,
                Title = "No such method",
            }),
            _ => Task.CompletedTask,
        };
    }
}

using Kvs.Core.Primitives;
using Kvs.Server.Doors.Grpc.Wire;
using Kvs.Server.Doors.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Doors.Grpc;

/// <summary>The gRPC door: what its address of the web door answers. Threading: any thread.</summary>
/// <param name="address">Where it listens.</param>
/// <param name="messageBytesMax">Longest message that is received.</param>
/// <param name="calls">The calls to the store.</param>
/// <param name="time">The clock.</param>
/// <param name="loggers">The log.</param>
internal sealed class GrpcRoutes(
    KvsAddress address, int messageBytesMax, StoreCalls calls, TimeProvider time, ILoggerFactory loggers) : IWebRoutes
{
    /// <summary>Longest wait for a client to take a part of a response; zero for no limit.</summary>
    internal TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    public string Name => "grpc";

    /// <inheritdoc/>
    public KvsAddress Address => address;

    /// <inheritdoc/>
    public HttpProtocols Protocols => HttpProtocols.Http2;

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        var stopping = routes.ServiceProvider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var endpoint = new GrpcEndpoint(messageBytesMax, time, loggers.CreateLogger("kvs.grpc"), stopping)
        {
            SendTimeout = SendTimeout,
        };
        foreach (var method in new KvsService(calls).Methods.Concat(HealthService.Methods))
        {
            routes.MapPost(method.Path, http => endpoint.ServeAsync(http, method)).Needs(method.Need);
        }

        routes.MapFallback("{*path}", http => endpoint.ServeAsync(http, null)).Needs(RouteNeed.Nothing);
    }

    /// <inheritdoc/>
    public Task AnswerFailureAsync(HttpContext context, KvsException failure)
    {
        GrpcEndpoint.Begin(context.Response);
        StatusTrailers.Write(context.Response, StatusMapping.Of(failure));
        return Task.CompletedTask;
    }
}

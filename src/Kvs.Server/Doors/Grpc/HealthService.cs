using Kvs.Server.Doors.Grpc.Contract;
using Kvs.Server.Doors.Grpc.Wire;
using Kvs.Server.Doors.Web;
using ServingStatus = Kvs.Server.Doors.Grpc.Contract.HealthCheckResponse.Types.ServingStatus;

namespace Kvs.Server.Doors.Grpc;

/// <summary>
/// The standard health service: the server ("") and the service of the store are healthy while the door serves them. A
/// load balancer that asks more asks /readyz of the HTTP door. Source: grpc/doc/health-checking.md. Threading: any thread.
/// </summary>
internal static class HealthService
{
    private const string Name = "grpc.health.v1.Health";

    /// <summary>Its methods.</summary>
    internal static IEnumerable<GrpcMethod> Methods =>
    [
        GrpcMethod.Unary(
            $"/{Name}/Check", RouteNeed.Nothing, HealthCheckRequest.Parser,
            static (request, _) => Task.FromResult(Check(request))),
        GrpcMethod.Stream($"/{Name}/Watch", RouteNeed.Nothing, HealthCheckRequest.Parser, WatchAsync),
    ];

    private static HealthCheckResponse Check(HealthCheckRequest request) => IsKnown(request.Service)
        ? new HealthCheckResponse { Status = ServingStatus.Serving }
        : throw new GrpcException(StatusCode.NotFound, "There is no service of that name.");

    // It serves until it stops, which ends the stream: there is one message, and then only the end to wait for.
    private static async Task WatchAsync(HealthCheckRequest request, GrpcCall call)
    {
        await call.Answers.WriteAsync(new HealthCheckResponse
        {
            Status = IsKnown(request.Service) ? ServingStatus.Serving : ServingStatus.ServiceUnknown,
        });
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, call.Cancelled);
    }

    private static bool IsKnown(string service) => service is "" or KvsService.Name or Name;
}

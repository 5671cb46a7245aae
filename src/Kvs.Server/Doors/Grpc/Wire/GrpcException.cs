namespace Kvs.Server.Doors.Grpc.Wire;

/// <summary>A call that ends with a status other than OK.</summary>
/// <param name="status">The status.</param>
internal sealed class GrpcException(CallStatus status) : Exception(status.Message)
{
    /// <summary>Makes it for a reason of the wire and not of the store.</summary>
    /// <param name="code">The status code.</param>
    /// <param name="message">For people.</param>
    internal GrpcException(StatusCode code, string message)
        : this(new CallStatus(code, message))
    {
    }

    /// <summary>The status.</summary>
    internal CallStatus Status { get; } = status;
}

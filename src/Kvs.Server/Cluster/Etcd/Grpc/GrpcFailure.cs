using Kvs.Core.Primitives;

namespace Kvs.Server.Cluster.Etcd.Grpc;

/// <summary>
/// A call that gave no answer: where, which, why, and what is known of a write that it carried. A value, because losing
/// one endpoint is an expected event; who has none left throws <see cref="ToException"/>.
/// </summary>
/// <param name="Endpoint">The address that was called.</param>
/// <param name="Call">The call's name.</param>
/// <param name="Status">How it ended; what this side found itself is told by the nearest status.</param>
/// <param name="Reason">What happened, and what to do, as a sentence.</param>
/// <param name="Outcome">What is known of a write: never "not applied" unless that is sure.</param>
internal sealed record GrpcFailure(Uri Endpoint, string Call, GrpcStatus Status, string Reason, WriteOutcome Outcome)
{
    /// <summary>
    /// Whether the server judged the request itself, so that another endpoint would say the same and nothing was done.
    /// </summary>
    internal bool IsRefusal { get; init; }

    /// <summary>The whole sentence: where, which call, what happened, what to do.</summary>
    internal string Message => $"etcd at {Endpoint.GetLeftPart(UriPartial.Authority)}, call {Call}: {Reason}";

    /// <summary>The failure as an exception.</summary>
    internal KvsException ToException() => KvsException.Of(Code, Message, Outcome);

    private ErrorCode Code => Status switch
    {
        GrpcStatus.DeadlineExceeded => ErrorCode.DeadlineExceeded,
        GrpcStatus.Unauthenticated or GrpcStatus.PermissionDenied => ErrorCode.Configuration,
        GrpcStatus.ResourceExhausted => ErrorCode.Overloaded,
        GrpcStatus.Internal or GrpcStatus.Unimplemented => ErrorCode.Protocol,
        _ when IsRefusal => ErrorCode.InvalidArgument,
        _ => ErrorCode.Unreachable,
    };
}

namespace Kvs.Server.Doors.Grpc.Wire;

/// <summary>The status codes of gRPC that this server answers with; the numbers are the protocol's.</summary>
internal enum StatusCode
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>The client does not want the answer any more.</summary>
    Cancelled = 1,

    /// <summary>Nothing else fits.</summary>
    Unknown = 2,

    /// <summary>The request has no meaning, whatever the state of the store.</summary>
    InvalidArgument = 3,

    /// <summary>The deadline passed first.</summary>
    DeadlineExceeded = 4,

    /// <summary>What was asked for is not there.</summary>
    NotFound = 5,

    /// <summary>The caller is known, and may not do this.</summary>
    PermissionDenied = 7,

    /// <summary>A limit is reached: too large, too many, no room.</summary>
    ResourceExhausted = 8,

    /// <summary>The state of the store does not allow it; repeating alone does not help.</summary>
    FailedPrecondition = 9,

    /// <summary>A condition did not hold: read again, decide again.</summary>
    Aborted = 10,

    /// <summary>What was asked for lies outside what there is.</summary>
    OutOfRange = 11,

    /// <summary>No such method, or not in this engine.</summary>
    Unimplemented = 12,

    /// <summary>A bug, or bytes that are no gRPC.</summary>
    Internal = 13,

    /// <summary>Not now: retry later.</summary>
    Unavailable = 14,

    /// <summary>Stored data is damaged.</summary>
    DataLoss = 15,

    /// <summary>The caller has not said who it is, or not truly.</summary>
    Unauthenticated = 16,
}

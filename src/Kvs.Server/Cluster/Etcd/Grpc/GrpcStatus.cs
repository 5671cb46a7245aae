namespace Kvs.Server.Cluster.Etcd.Grpc;

/// <summary>How a gRPC call ended. The numbers are those of the wire.</summary>
internal enum GrpcStatus
{
    /// <summary>Done.</summary>
    Ok = 0,

    /// <summary>Given up by one side.</summary>
    Cancelled = 1,

    /// <summary>The server does not say what went wrong.</summary>
    Unknown = 2,

    /// <summary>The request has no meaning.</summary>
    InvalidArgument = 3,

    /// <summary>No answer in time.</summary>
    DeadlineExceeded = 4,

    /// <summary>What the request names is not there.</summary>
    NotFound = 5,

    /// <summary>What the request creates is there already.</summary>
    AlreadyExists = 6,

    /// <summary>The user may not do this.</summary>
    PermissionDenied = 7,

    /// <summary>A quota or size is exhausted.</summary>
    ResourceExhausted = 8,

    /// <summary>The server's state forbids it.</summary>
    FailedPrecondition = 9,

    /// <summary>Ended by a conflict with others.</summary>
    Aborted = 10,

    /// <summary>Beyond what there is: a compacted or a future revision.</summary>
    OutOfRange = 11,

    /// <summary>The server has no such call.</summary>
    Unimplemented = 12,

    /// <summary>A broken promise of the protocol.</summary>
    Internal = 13,

    /// <summary>The server cannot serve now.</summary>
    Unavailable = 14,

    /// <summary>Data is damaged.</summary>
    DataLoss = 15,

    /// <summary>The credentials are missing, wrong or too old.</summary>
    Unauthenticated = 16,
}

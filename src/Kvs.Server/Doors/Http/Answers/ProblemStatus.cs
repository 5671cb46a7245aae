using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Responses;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Answers;

/// <summary>What the codes of the store are in HTTP: a status and a title. One table, for all routes.</summary>
internal static class ProblemStatus
{
    /// <summary>The status of a code. 429: slow down. 503: not now, or not here. 507: no room on the disk.</summary>
    /// <param name="code">The code.</param>
    internal static int Of(ErrorCode code) => code switch
    {
        ErrorCode.Unauthenticated => StatusCodes.Status401Unauthorized,
        ErrorCode.PermissionDenied => StatusCodes.Status403Forbidden,
        ErrorCode.NotFound => StatusCodes.Status404NotFound,
        ErrorCode.ConditionFailed => StatusCodes.Status412PreconditionFailed,
        ErrorCode.NotAnInteger or ErrorCode.IntegerOverflow or ErrorCode.NotAFloat or ErrorCode.TokenLost =>
            StatusCodes.Status409Conflict,
        ErrorCode.InvalidArgument or ErrorCode.Protocol => StatusCodes.Status400BadRequest,
        ErrorCode.KeyTooLarge => StatusCodes.Status414UriTooLong,
        ErrorCode.ValueTooLarge or ErrorCode.BatchTooLarge or ErrorCode.FrameTooLarge =>
            StatusCodes.Status413PayloadTooLarge,
        ErrorCode.Overloaded => StatusCodes.Status429TooManyRequests,
        ErrorCode.DeadlineExceeded or ErrorCode.OutcomeUnknown => StatusCodes.Status504GatewayTimeout,
        ErrorCode.DiskFull => StatusCodes.Status507InsufficientStorage,
        ErrorCode.SnapshotExpired or ErrorCode.Compacted => StatusCodes.Status410Gone,
        ErrorCode.NotSupported => StatusCodes.Status501NotImplemented,
        ErrorCode.Faulted or ErrorCode.ShuttingDown or ErrorCode.Unreachable or ErrorCode.NotPrimary
            or ErrorCode.NotEnoughReplicas or ErrorCode.NoLease or ErrorCode.TooStale or ErrorCode.TooManyConnections =>
            StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status500InternalServerError,
    };

    /// <summary>Whether the same request may succeed later, unchanged.</summary>
    /// <param name="code">The code.</param>
    internal static bool IsRetryable(ErrorCode code) => ErrorResponse.IsRetryable(code);

    /// <summary>Seconds after which a client may try again; 0 where trying again does not help.</summary>
    /// <param name="code">The code.</param>
    internal static int RetryAfterSeconds(ErrorCode code) => code switch
    {
        ErrorCode.DiskFull => 10,
        _ when IsRetryable(code) && Of(code) is StatusCodes.Status429TooManyRequests
            or StatusCodes.Status503ServiceUnavailable => 1,
        _ => 0,
    };

    /// <summary>A code in a few words.</summary>
    /// <param name="code">The code.</param>
    internal static string TitleOf(ErrorCode code) => code switch
    {
        ErrorCode.NotFound => "The key is not there",
        ErrorCode.ConditionFailed => "A condition did not hold",
        ErrorCode.NotAnInteger => "The value is no integer",
        ErrorCode.NotAFloat => "The value is no number",
        ErrorCode.Compacted => "The history is gone",
        ErrorCode.IntegerOverflow => "The sum has no room in 64 bits",
        ErrorCode.InvalidArgument => "The request has no meaning",
        ErrorCode.KeyTooLarge => "The key is too long",
        ErrorCode.ValueTooLarge => "The value is too long",
        ErrorCode.BatchTooLarge => "The batch is too large",
        ErrorCode.Overloaded => "The server has no room for more work now",
        ErrorCode.DeadlineExceeded => "The deadline passed",
        ErrorCode.DiskFull => "The disk has no room",
        ErrorCode.Faulted => "The store takes no writes until it is restarted",
        ErrorCode.ShuttingDown => "The server is stopping",
        ErrorCode.SnapshotExpired => "The snapshot has ended",
        ErrorCode.OutcomeUnknown => "It is not known whether the write was applied",
        ErrorCode.Unreachable => "Another server cannot be reached",
        ErrorCode.NotSupported => "This server cannot do that",
        ErrorCode.NotPrimary => "Another node takes the writes",
        ErrorCode.NotEnoughReplicas => "Too few nodes are in sync",
        ErrorCode.NoLease => "The node cannot prove that it is the primary",
        ErrorCode.TooStale => "The node does not show the position",
        ErrorCode.TokenLost => "The position is of a history that is gone",
        ErrorCode.Corruption => "Stored data is damaged",
        ErrorCode.Unauthenticated => "The server does not know who asks",
        ErrorCode.PermissionDenied => "Who asks may not do that",
        ErrorCode.TooManyConnections => "The server has as many connections as it may have",
        _ => "The request failed",
    };
}

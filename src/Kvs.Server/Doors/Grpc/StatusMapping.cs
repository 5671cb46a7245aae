using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Responses;
using Kvs.Server.Doors.Grpc.Contract;
using Kvs.Server.Doors.Grpc.Wire;

namespace Kvs.Server.Doors.Grpc;

/// <summary>How a failure of ours ends a call: docs/grpc.md holds the same table (tested).</summary>
internal static class StatusMapping
{
    /// <summary>The status of an error code.</summary>
    /// <param name="code">The code.</param>
    internal static StatusCode StatusOf(ErrorCode code) => code switch
    {
        ErrorCode.None => StatusCode.Ok,
        ErrorCode.NotFound => StatusCode.NotFound,
        ErrorCode.ConditionFailed => StatusCode.Aborted,
        ErrorCode.InvalidArgument or ErrorCode.KeyTooLarge or ErrorCode.ValueTooLarge or ErrorCode.BatchTooLarge
            or ErrorCode.FrameTooLarge => StatusCode.InvalidArgument,
        ErrorCode.NotAnInteger or ErrorCode.NotAFloat or ErrorCode.SnapshotExpired or ErrorCode.EngineMismatch or ErrorCode.Configuration
            or ErrorCode.DirectoryLocked or ErrorCode.UnsupportedFormat or ErrorCode.TokenLost => StatusCode.FailedPrecondition,
        ErrorCode.IntegerOverflow or ErrorCode.Compacted => StatusCode.OutOfRange,
        ErrorCode.DiskFull or ErrorCode.TooManyConnections => StatusCode.ResourceExhausted,
        ErrorCode.DeadlineExceeded => StatusCode.DeadlineExceeded,
        ErrorCode.NotSupported or ErrorCode.UnknownOpcode or ErrorCode.UnsupportedVersion => StatusCode.Unimplemented,
        ErrorCode.Overloaded or ErrorCode.ShuttingDown or ErrorCode.Unreachable or ErrorCode.NotPrimary
            or ErrorCode.NotEnoughReplicas or ErrorCode.NoLease or ErrorCode.TooStale or ErrorCode.Faulted
            or ErrorCode.StorageFailed => StatusCode.Unavailable,
        ErrorCode.Unauthenticated => StatusCode.Unauthenticated,
        ErrorCode.PermissionDenied => StatusCode.PermissionDenied,
        ErrorCode.Corruption => StatusCode.DataLoss,
        ErrorCode.OutcomeUnknown => StatusCode.Unknown,
        _ => StatusCode.Internal,
    };

    /// <summary>The end of a call that failed.</summary>
    /// <param name="failure">Why.</param>
    internal static CallStatus Of(KvsException failure) => new(StatusOf(failure.Code), failure.Message, new ErrorDetail
    {
        Code = failure.Code.ToString(),
        Retryable = ErrorResponse.IsRetryable(failure.Code),
        Outcome = OutcomeOf(failure.Outcome),
        PrimaryAddress = failure.PrimaryHint ?? "",
        FailedOperation = -1,
    });

    /// <summary>The end of a call whose write was refused or failed.</summary>
    /// <param name="request">The write.</param>
    internal static CallStatus Of(WriteRequest request) => new(StatusOf(request.Code), request.Message ?? "", new ErrorDetail
    {
        Code = request.Code.ToString(),
        Retryable = ErrorResponse.IsRetryable(request.Code),
        Outcome = OutcomeOf(request.Outcome),
        PrimaryAddress = request.PrimaryAddress ?? "",
        FailedOperation = request.FailedIndex,
        FailedVersion = Translation.Of(request.FailedVersion),
    });

    /// <summary>An outcome in the contract.</summary>
    /// <param name="outcome">The outcome.</param>
    internal static ErrorDetail.Types.Outcome OutcomeOf(WriteOutcome outcome) => outcome switch
    {
        WriteOutcome.Applied => ErrorDetail.Types.Outcome.Applied,
        WriteOutcome.NotApplied => ErrorDetail.Types.Outcome.NotApplied,
        _ => ErrorDetail.Types.Outcome.Unknown,
    };
}

using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors.Http.Answers;

/// <summary>What RFC 9457 calls a problem: why a request was not done, for programs and for people.</summary>
internal sealed record Problem
{
    /// <summary>Content type of a problem.</summary>
    internal const string ContentType = "application/problem+json";

    private const string TypePrefix = "urn:kvs:error:";

    /// <summary>Names the kind of problem; docs/errors.md has a line for each.</summary>
    public required string Type { get; init; }

    /// <summary>The kind in a few words.</summary>
    public required string Title { get; init; }

    /// <summary>The status of the answer.</summary>
    public required int Status { get; init; }

    /// <summary>What happened this time, and what to do.</summary>
    public required string Detail { get; init; }

    /// <summary>The stable code, the same at all doors.</summary>
    public required string Code { get; init; }

    /// <summary>Whether the same request may succeed later, unchanged.</summary>
    public required bool Retryable { get; init; }

    /// <summary>What is known of a write: applied, not_applied, unknown.</summary>
    public required string Outcome { get; init; }

    /// <summary>Address of the node that takes writes, where another one does and is known.</summary>
    public string? Leader { get; init; }

    /// <summary>The condition of a batch that did not hold, from 0 on.</summary>
    public int? FailedCondition { get; init; }

    /// <summary>The operation of a batch that failed, from 0 on.</summary>
    public int? FailedOperation { get; init; }

    /// <summary>The version that its key has; null for a missing key and where it does not matter.</summary>
    public string? FailedVersion { get; init; }

    /// <summary>The problem of a failure.</summary>
    /// <param name="failure">The failure.</param>
    internal static Problem Of(KvsException failure) =>
        Of(failure.Code, failure.Message, failure.Outcome) with { Leader = LeaderOf(failure) };

    /// <summary>The problem of a write that was refused.</summary>
    /// <param name="request">The write, with its code.</param>
    internal static Problem Of(WriteRequest request) =>
        Of(request.Code, request.Message ?? ProblemStatus.TitleOf(request.Code) + ".", request.Outcome) with
        {
            Leader = request.PrimaryAddress,
            FailedOperation = request.FailedIndex >= 0 ? request.FailedIndex : null,
            FailedVersion = request.FailedVersion == KvsVersion.None ? null : request.FailedVersion.ToString(),
        };

    /// <summary>A problem by its code.</summary>
    /// <param name="code">The code.</param>
    /// <param name="detail">What happened.</param>
    /// <param name="outcome">What is known of the write.</param>
    internal static Problem Of(ErrorCode code, string detail, WriteOutcome outcome = WriteOutcome.NotApplied) => new()
    {
        Type = TypePrefix + code,
        Title = ProblemStatus.TitleOf(code),
        Status = ProblemStatus.Of(code),
        Detail = detail,
        Code = code.ToString(),
        Retryable = ProblemStatus.IsRetryable(code),
        Outcome = outcome switch
        {
            WriteOutcome.Applied => "applied",
            WriteOutcome.NotApplied => "not_applied",
            _ => "unknown",
        },
    };

    private static string? LeaderOf(KvsException failure) =>
        (failure as KvsNotPrimaryException)?.PrimaryAddress ?? failure.PrimaryHint;
}

using System.Diagnostics.CodeAnalysis;

namespace Kvs.Server.Cluster.Etcd.Grpc;

/// <summary>The answer of a call, or why there is none: exactly one of the two.</summary>
/// <typeparam name="T">The answer's type.</typeparam>
/// <param name="Answer">The answer.</param>
/// <param name="Failure">Why there is none.</param>
internal readonly record struct GrpcResult<T>(T? Answer, GrpcFailure? Failure)
    where T : class
{
    /// <summary>Whether there is an answer.</summary>
    [MemberNotNullWhen(true, nameof(Answer))]
    [MemberNotNullWhen(false, nameof(Failure))]
    internal bool IsAnswered => Failure is null;

    /// <summary>An answer is a result.</summary>
    public static implicit operator GrpcResult<T>(T answer) => new(answer, null);

    /// <summary>A failure is a result.</summary>
    public static implicit operator GrpcResult<T>(GrpcFailure failure) => new(null, failure);
}

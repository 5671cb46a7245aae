using Google.Protobuf;
using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd.Grpc;

namespace Kvs.Server.Cluster.Etcd;

/// <summary>
/// Calls that go to the next endpoint when one fails: a read whatever the failure, a write only when it is sure that the
/// first endpoint has not done it. So a call waits for a paused member once at most. Threading: any thread.
/// </summary>
/// <param name="endpoints">Where calls go.</param>
/// <param name="options">Times and credentials.</param>
internal sealed class EtcdCalls(EtcdEndpoints endpoints, EtcdOptions options)
{
    private readonly EtcdLogin _login = new(options.Credentials);

    /// <summary>Makes a call that changes nothing.</summary>
    /// <typeparam name="TRequest">What it takes.</typeparam>
    /// <typeparam name="TResponse">What it gives.</typeparam>
    /// <param name="method">The call.</param>
    /// <param name="request">The message.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal Task<GrpcResult<TResponse>> ReadAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        CallAnyAsync(method, request, static failure => !failure.IsRefusal, cancellationToken);

    /// <summary>Makes a call that changes something.</summary>
    /// <typeparam name="TRequest">What it takes.</typeparam>
    /// <typeparam name="TResponse">What it gives.</typeparam>
    /// <param name="method">The call.</param>
    /// <param name="request">The message.</param>
    /// <param name="cancellationToken">Ends the wait; the outcome is then unknown.</param>
    internal Task<GrpcResult<TResponse>> WriteAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        CallAnyAsync(
            method,
            request,
            static failure => !failure.IsRefusal && failure.Outcome == WriteOutcome.NotApplied,
            cancellationToken);

    /// <summary>Opens a stream at an endpoint.</summary>
    /// <typeparam name="TRequest">What it takes.</typeparam>
    /// <typeparam name="TResponse">What it gives.</typeparam>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="method">The call.</param>
    /// <param name="cancellationToken">Ends the wait for the login.</param>
    /// <returns>The stream. Ownership: the caller disposes it.</returns>
    internal async Task<GrpcResult<GrpcStream<TRequest, TResponse>>> OpenAsync<TRequest, TResponse>(
        GrpcEndpoint endpoint, GrpcMethod<TRequest, TResponse> method, CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var (token, failure) = await _login.TokenAsync(endpoint, options.CallTimeout, cancellationToken);
        return failure is not null
            ? failure
            : endpoint.Open(method, new GrpcCallHeaders(Timeout.InfiniteTimeSpan, token) { NeedsLeader = true });
    }

    /// <summary>
    /// Draws from a stream's failure what concerns all calls: after an unknown token, the next call logs in.
    /// </summary>
    /// <param name="failure">The failure.</param>
    internal void NoteFailure(GrpcFailure failure)
    {
        if (failure.Status is GrpcStatus.Unauthenticated or GrpcStatus.PermissionDenied)
        {
            _login.ForgetAny();
        }
    }

    private async Task<GrpcResult<TResponse>> CallAnyAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method,
        TRequest request,
        Predicate<GrpcFailure> mayRepeat,
        CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        GrpcFailure? failure = null;
        foreach (var endpoint in endpoints.InOrder)
        {
            var result = await CallOrDemoteAsync(endpoint, method, request, cancellationToken);
            if (result.IsAnswered || result.Failure.IsRefusal)
            {
                return result;
            }

            failure = Join(failure, result.Failure);
            if (!mayRepeat(result.Failure))
            {
                break;
            }
        }

        return failure!;
    }

    private async Task<GrpcResult<TResponse>> CallOrDemoteAsync<TRequest, TResponse>(
        GrpcEndpoint endpoint,
        GrpcMethod<TRequest, TResponse> method,
        TRequest request,
        CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var isServing = false;
        try
        {
            var result = await CallOneAsync(endpoint, method, request, cancellationToken);
            isServing = result.IsAnswered || result.Failure.IsRefusal;
            return result;
        }
        finally
        {
            // Also when the caller gives up: one with less patience than ours would else meet a paused member each time.
            if (!isServing)
            {
                endpoints.Demote(endpoint);
            }
        }
    }

    private async Task<GrpcResult<TResponse>> CallOneAsync<TRequest, TResponse>(
        GrpcEndpoint endpoint,
        GrpcMethod<TRequest, TResponse> method,
        TRequest request,
        CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        // One limit for the login, the call, and both once more.
        var startedAt = options.Time.GetTimestamp();
        for (var isFirst = true; ; isFirst = false)
        {
            var (token, failure) = await _login.TokenAsync(endpoint, TimeLeft(startedAt), cancellationToken);
            if (failure is not null)
            {
                return failure;
            }

            var headers = new GrpcCallHeaders(TimeLeft(startedAt), token);
            var result = await endpoint.CallAsync(method, request, headers, cancellationToken);
            if (!isFirst || token is null || result.Failure is not { Status: GrpcStatus.Unauthenticated })
            {
                return result;
            }

            _login.Forget(token);
        }
    }

    private TimeSpan TimeLeft(long startedAt)
    {
        var left = options.CallTimeout - options.Time.GetElapsedTime(startedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>The last failure, with the reasons of those before it.</summary>
    private static GrpcFailure Join(GrpcFailure? earlier, GrpcFailure last) =>
        earlier is null ? last : last with { Reason = $"{last.Reason} Before that, {earlier.Message}" };
}

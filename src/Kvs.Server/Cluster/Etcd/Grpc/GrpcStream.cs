using Google.Protobuf;

namespace Kvs.Server.Cluster.Etcd.Grpc;

/// <summary>
/// A call in which messages go both ways. Its first failure is its last: a broken stream is disposed, and another opened.
/// Threading: one sender and one reader at a time, which may be two. Ownership: of the request and the response; disposing
/// resets the call at the server.
/// </summary>
/// <typeparam name="TRequest">What is sent.</typeparam>
/// <typeparam name="TResponse">What is read.</typeparam>
internal sealed class GrpcStream<TRequest, TResponse> : IAsyncDisposable
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private readonly CancellationTokenSource _cut = new();
    private readonly HttpMessageInvoker _http;
    private readonly HttpRequestMessage _request;
    private readonly OutgoingMessages _outgoing;
    private readonly GrpcMethod<TRequest, TResponse> _method;
    private readonly GrpcAnswer _answer;
    private readonly Task<HttpResponseMessage> _response;
    private bool _isJudged; // the reader only

    /// <summary>Begins the call.</summary>
    /// <param name="http">What it goes over.</param>
    /// <param name="request">The request. Ownership: the stream's.</param>
    /// <param name="outgoing">Its body.</param>
    /// <param name="endpoint">Where it goes.</param>
    /// <param name="method">The call.</param>
    internal GrpcStream(
        HttpMessageInvoker http,
        HttpRequestMessage request,
        OutgoingMessages outgoing,
        GrpcEndpoint endpoint,
        GrpcMethod<TRequest, TResponse> method)
    {
        Endpoint = endpoint;
        _http = http;
        _request = request;
        _outgoing = outgoing;
        _method = method;
        _answer = new GrpcAnswer(endpoint.Address, method.Name);
        _response = BeginAsync(http, request, _cut.Token);
    }

    /// <summary>Where it goes.</summary>
    internal GrpcEndpoint Endpoint { get; }

    /// <summary>The failure of a message that did not come in time; its connection is used for no new call.</summary>
    /// <param name="limit">The time that it had.</param>
    internal GrpcFailure Late(TimeSpan limit)
    {
        Endpoint.Leave(_http);
        return _answer.Late(limit);
    }

    /// <summary>Sends a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Ends the wait; the stream is then of no more use.</param>
    /// <returns>Null when it is on its way.</returns>
    internal async Task<GrpcFailure?> SendAsync(TRequest message, CancellationToken cancellationToken)
    {
        try
        {
            // A server answers a stream after its first message at the earliest, so an early end is a failure.
            await Task.WhenAny(_outgoing.Opened, _response).WaitAsync(cancellationToken);
            if (!_outgoing.Opened.IsCompleted)
            {
                var response = await _response;
                return _answer.JudgeHeaders(response) ?? _answer.Cut("the stream ended before its first message");
            }

            var stream = await _outgoing.Opened;
            await stream.WriteAsync(GrpcFrame.Encode(message), cancellationToken);
            await stream.FlushAsync(cancellationToken);
            return null;
        }
        catch (Exception failure) when (IsOfThePeer(failure, cancellationToken))
        {
            return Explain(failure);
        }
    }

    /// <summary>Reads the next message. The end of the stream, too, is a failure: nobody here waits for it.</summary>
    /// <param name="cancellationToken">Ends the wait; the stream is then of no more use.</param>
    internal async Task<GrpcResult<TResponse>> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var response = await _response.WaitAsync(cancellationToken);
            if (!_isJudged && _answer.JudgeHeaders(response) is { } early)
            {
                return early;
            }

            _isJudged = true;
            var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var message = await GrpcFrame.ReadAsync(body, Endpoint.MessageBytesMax, cancellationToken);
            return message is null
                ? _answer.JudgeTrailers(response) ?? _answer.Cut("the stream was ended")
                : _method.Parser.ParseFrom(message);
        }
        catch (Exception failure) when (IsOfThePeer(failure, cancellationToken))
        {
            return Explain(failure);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _outgoing.End();
        await _cut.CancelAsync();
        await ((Task)_response).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_response.IsCompletedSuccessfully)
        {
            (await _response).Dispose();
        }

        _request.Dispose();
        _cut.Dispose();
    }

    // What is thrown at once, too, is a failure of the stream.
    private static async Task<HttpResponseMessage> BeginAsync(
        HttpMessageInvoker http, HttpRequestMessage request, CancellationToken cut) => await http.SendAsync(request, cut);

    /// <summary>
    /// Whether an exception tells of the peer, or of this stream's own end, and not of the waiting caller.
    /// </summary>
    private bool IsOfThePeer(Exception failure, CancellationToken caller) =>
        GrpcEndpoint.Explain(_answer, failure) is not null
        || (failure is OperationCanceledException && !caller.IsCancellationRequested);

    private GrpcFailure Explain(Exception failure) =>
        GrpcEndpoint.Explain(_answer, failure) ?? _answer.Cut("the stream was closed");
}

using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Kvs.Core.Primitives;

namespace Kvs.Server.Cluster.Etcd.Grpc;

/// <summary>
/// One address that gRPC calls go to, over HTTP/2 and one connection where that suffices. It never throws for what the
/// peer does or does not do: that is a <see cref="GrpcFailure"/>. Threading: any thread; no call holds a thread.
/// Ownership: of its connections; streams must be disposed before it.
/// </summary>
internal sealed class GrpcEndpoint : IDisposable
{
    // etcd ends connections that ping it more often than every 5 seconds; while a request is open, 10 is its friend.
    private static readonly TimeSpan _pingDelay = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pingTimeout = TimeSpan.FromSeconds(5);

    // New calls move to a new connection after this time, whatever the old one is like. Open streams stay where they are.
    private static readonly TimeSpan _connectionLifetime = TimeSpan.FromMinutes(1);

    private readonly GrpcEndpointOptions _options;
    private HttpMessageInvoker _http; // Interlocked

    /// <summary>Creates it; nothing is connected yet.</summary>
    /// <param name="address">Scheme, host and port.</param>
    /// <param name="options">How calls are made.</param>
    internal GrpcEndpoint(Uri address, GrpcEndpointOptions options)
    {
        Address = address;
        _options = options;
        _http = NewHttp();
    }

    /// <summary>Scheme, host and port.</summary>
    internal Uri Address { get; }

    /// <summary>Longest message that is taken.</summary>
    internal int MessageBytesMax => _options.MessageBytesMax;

    /// <summary>Makes a call that takes one message and gives one.</summary>
    /// <typeparam name="TRequest">What it takes.</typeparam>
    /// <typeparam name="TResponse">What it gives.</typeparam>
    /// <param name="method">The call.</param>
    /// <param name="request">The message.</param>
    /// <param name="headers">Token and time limit.</param>
    /// <param name="cancellationToken">Ends the wait, not what the server does.</param>
    /// <exception cref="OperationCanceledException">The caller gave up: what the server does is unknown.</exception>
    internal async Task<GrpcResult<TResponse>> CallAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method,
        TRequest request,
        GrpcCallHeaders headers,
        CancellationToken cancellationToken)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var answer = new GrpcAnswer(Address, method.Name);
        var over = Volatile.Read(ref _http);
        using var deadline = new CancellationTokenSource(headers.Timeout, _options.Time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var http = NewRequest(method.Path, headers, new ByteArrayContent(GrpcFrame.Encode(request)));
            using var response = await over.SendAsync(http, end.Token);
            return await ReadOnlyMessageAsync(method, answer, response, end.Token);
        }
        catch (OperationCanceledException)
            when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            Leave(over);
            return answer.Late(headers.Timeout);
        }
        catch (Exception failure) when (Explain(answer, failure) is not null)
        {
            return Explain(answer, failure)!;
        }
    }

    /// <summary>Opens a call in which messages go both ways; the connection is made on the way.</summary>
    /// <typeparam name="TRequest">What it takes.</typeparam>
    /// <typeparam name="TResponse">What it gives.</typeparam>
    /// <param name="method">The call.</param>
    /// <param name="headers">Token; a stream has no time limit of its own.</param>
    /// <returns>The stream. Ownership: the caller disposes it.</returns>
    internal GrpcStream<TRequest, TResponse> Open<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, GrpcCallHeaders headers)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var body = new OutgoingMessages();
        return new GrpcStream<TRequest, TResponse>(Volatile.Read(ref _http), NewRequest(method.Path, headers, body), body, this, method);
    }

    /// <summary>
    /// Something was not answered in time: new calls go over a new connection. After a cut of the network the old one sends
    /// again only after a pause that has grown with the cut; what is open on it stays until it is answered or given up.
    /// </summary>
    /// <param name="over">What it was asked over; nothing happens when that was left already.</param>
    internal void Leave(HttpMessageInvoker over)
    {
        var next = NewHttp();
        (Interlocked.CompareExchange(ref _http, next, over) == over ? over : next).Dispose();
    }

    /// <summary>What an exception of the HTTP layer means.</summary>
    /// <param name="answer">Of the call.</param>
    /// <param name="failure">The exception.</param>
    /// <returns>Null when it is not the peer's doing.</returns>
    internal static GrpcFailure? Explain(GrpcAnswer answer, Exception failure) => failure switch
    {
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError,
        } => answer.Unreached(Sentence(failure.InnerException?.Message ?? failure.Message)),
        HttpRequestException
        {
            HttpRequestError: HttpRequestError.HttpProtocolError or HttpRequestError.VersionNegotiationError,
        } => answer.Broken("no HTTP/2"),
        OperationCanceledException { InnerException: TimeoutException } => answer.Unreached("it was not made in time."),
        InvalidDataException => answer.Broken(failure.Message),
        InvalidProtocolBufferException => answer.Broken("a message that cannot be read"),
        HttpRequestException or IOException or ObjectDisposedException =>
            answer.Cut("the connection broke before the answer was complete"),
        _ => null,
    };

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<GrpcResult<TResponse>> ReadOnlyMessageAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, GrpcAnswer answer, HttpResponseMessage response, CancellationToken end)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        if (answer.JudgeHeaders(response) is { } early)
        {
            return early;
        }

        var body = await response.Content.ReadAsStreamAsync(end);
        var message = await GrpcFrame.ReadAsync(body, MessageBytesMax, end);
        if (message is not null && await GrpcFrame.ReadAsync(body, MessageBytesMax, end) is not null)
        {
            return answer.Broken("a second message");
        }

        if (answer.JudgeTrailers(response) is { } late)
        {
            return late;
        }

        return message is null
            ? answer.Broken("the call ended without an answer")
            : method.Parser.ParseFrom(message);
    }

    // Unlike a client, it ends no call that is under way when it is disposed.
    private HttpMessageInvoker NewHttp()
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = _options.ConnectTimeout,
            KeepAlivePingDelay = _pingDelay,
            KeepAlivePingTimeout = _pingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            PooledConnectionLifetime = _connectionLifetime,
        };
        if (_options.Tls is { } tls)
        {
            handler.SslOptions = tls;
        }

        return new HttpMessageInvoker(handler);
    }

    private HttpRequestMessage NewRequest(string path, GrpcCallHeaders headers, HttpContent body)
    {
        body.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = body,
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        headers.AddTo(request.Headers);
        return request;
    }

    private static string Sentence(string text) => text.EndsWith('.') ? text : text + ".";
}

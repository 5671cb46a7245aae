using Kvs.Core.Primitives;
using Kvs.Server.Doors.Grpc.Wire;
using Kvs.Server.Doors.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Kvs.Server.Doors.Grpc;

/// <summary>
/// Serves calls of gRPC over HTTP/2: finds the method, sets deadline and limits, and ends the call with a status whatever
/// happens. Source: github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md and doc/statuscodes.md. Threading: any thread.
/// </summary>
/// <param name="messageBytesMax">Longest message that is received.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
/// <param name="stopping">The server stops.</param>
internal sealed partial class GrpcEndpoint(int messageBytesMax, TimeProvider time, ILogger logger, CancellationToken stopping)
{
    private const string ContentType = "application/grpc";

    /// <summary>Longest wait for a client to take a part of a response; zero for no limit.</summary>
    internal required TimeSpan SendTimeout { get; init; }

    /// <summary>Longer deadlines are none: timers cannot wait so long.</summary>
    private static readonly TimeSpan _timeoutMax = TimeSpan.FromDays(30);

    /// <summary>Serves a call.</summary>
    /// <param name="http">Its request and response.</param>
    /// <param name="method">The method that is called; null for one that is not there.</param>
    internal async Task ServeAsync(HttpContext http, GrpcMethod? method)
    {
        if (!IsGrpc(http.Request))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }

        Begin(http.Response);
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = MessageReader.PrefixBytes + (long)messageBytesMax;
        }

        StatusTrailers.Write(http.Response, await CallAsync(http, method));
    }

    /// <summary>Makes a response one of gRPC; nothing of it was sent yet.</summary>
    /// <param name="response">The response.</param>
    internal static void Begin(HttpResponse response)
    {
        response.ContentType = ContentType;
        response.Headers["grpc-accept-encoding"] = "identity";
    }

    // application/grpc, also with a message format or parameters behind it: "+proto", ";...". Not grpc-web.
    private static bool IsGrpc(HttpRequest request) =>
        request.ContentType is { } type
        && type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (type.Length == ContentType.Length || type[ContentType.Length] is '+' or ';')
        && HttpMethods.IsPost(request.Method)
        && HttpProtocol.IsHttp2(request.Protocol);

    private async Task<CallStatus> CallAsync(HttpContext http, GrpcMethod? method)
    {
        if (!TryReadTimeout(http.Request, out var timeout))
        {
            return new CallStatus(StatusCode.Internal, $"The header {GrpcTimeout.Header} is malformed.");
        }

        if (http.Request.Headers["grpc-encoding"] is [{ } encoding] && encoding != "identity")
        {
            return new CallStatus(
                StatusCode.Unimplemented, $"The encoding {encoding} is not supported; this server takes identity only.");
        }

        if (method is null)
        {
            return new CallStatus(StatusCode.Unimplemented, $"There is no method {http.Request.Path}.");
        }

        using var late = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan, time);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(late.Token, http.RequestAborted, stopping);
        var deadline = timeout is { } left
            ? time.GetTimestamp() + (long)(left.TotalSeconds * time.TimestampFrequency)
            : long.MaxValue;
        try
        {
            await method.ServeAsync(new GrpcCall
            {
                Http = http,
                Deadline = deadline,
                Cancelled = cancelled.Token,
                MessageBytesMax = messageBytesMax,
                SendTimeout = SendTimeout,
            });
            return new CallStatus(StatusCode.Ok, "");
        }
        catch (OperationCanceledException) when (Admission.IsTakenBack(http))
        {
            return StatusMapping.Of(Admission.Failure);
        }
        catch (OperationCanceledException)
        {
            return (late.IsCancellationRequested, stopping.IsCancellationRequested) switch
            {
                (true, _) => new CallStatus(StatusCode.DeadlineExceeded, "The deadline of the call has passed."),
                (_, true) => new CallStatus(StatusCode.Unavailable, "The server is stopping. Call again later."),
                _ => new CallStatus(StatusCode.Cancelled, "The call was cancelled."),
            };
        }
        catch (KvsException failure)
        {
            return StatusMapping.Of(failure);
        }
        catch (GrpcException failure)
        {
            return failure.Status;
        }
        catch (BadHttpRequestException failure)
        {
            return failure.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? new CallStatus(StatusCode.ResourceExhausted, $"The message is longer than the limit, {messageBytesMax} bytes.")
                : new CallStatus(StatusCode.Internal, failure.Message);
        }
        catch (IOException)
        {
            // The client is gone: nobody reads this status.
            return new CallStatus(StatusCode.Cancelled, "The connection is gone.");
        }
        catch (Exception bug)
        {
            CallFailed(bug, method.Path);
            return new CallStatus(StatusCode.Internal, "A bug of the server; its log says more.");
        }
    }

    private static bool TryReadTimeout(HttpRequest request, out TimeSpan? timeout)
    {
        timeout = null;
        if (request.Headers[GrpcTimeout.Header] is not [{ } text])
        {
            return true;
        }

        var isValid = GrpcTimeout.TryParse(text, out var given);
        timeout = given < _timeoutMax ? given : null;
        return isValid;
    }

    [LoggerMessage(1301, LogLevel.Error, "grpc: a call of {Method} failed")]
    private partial void CallFailed(Exception bug, string method);
}

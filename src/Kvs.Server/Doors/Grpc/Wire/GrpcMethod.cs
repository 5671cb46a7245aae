using Google.Protobuf;
using Kvs.Server.Doors.Web;

namespace Kvs.Server.Doors.Grpc.Wire;

/// <summary>A method of a service: reads its one request message, then answers with one message or a stream of them.</summary>
/// <param name="path">"/package.Service/Method".</param>
/// <param name="need">What a client must be allowed to do.</param>
internal abstract class GrpcMethod(string path, RouteNeed need)
{
    /// <summary>What a client must be allowed to do.</summary>
    internal RouteNeed Need { get; } = need;

    /// <summary>The path of its requests.</summary>
    internal string Path { get; } = path;

    /// <summary>Serves a call. Failures are exceptions.</summary>
    /// <param name="call">The call.</param>
    internal abstract Task ServeAsync(GrpcCall call);

    /// <summary>A method that answers with one message.</summary>
    /// <typeparam name="TRequest">Its request.</typeparam>
    /// <typeparam name="TResponse">Its response.</typeparam>
    /// <param name="path">The path of its requests.</param>
    /// <param name="need">What a client must be allowed to do.</param>
    /// <param name="parser">Parser of the request.</param>
    /// <param name="answerAsync">What it does.</param>
    internal static GrpcMethod Unary<TRequest, TResponse>(
        string path, RouteNeed need, MessageParser<TRequest> parser, Func<TRequest, GrpcCall, Task<TResponse>> answerAsync)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> =>
        new Method<TRequest>(path, need, parser, async (request, call) =>
            await call.Answers.WriteAsync(await answerAsync(request, call)));

    /// <summary>A method that answers with any number of messages.</summary>
    /// <typeparam name="TRequest">Its request.</typeparam>
    /// <param name="path">The path of its requests.</param>
    /// <param name="need">What a client must be allowed to do.</param>
    /// <param name="parser">Parser of the request.</param>
    /// <param name="answerAsync">What it does; it writes to the call's answers.</param>
    internal static GrpcMethod Stream<TRequest>(
        string path, RouteNeed need, MessageParser<TRequest> parser, Func<TRequest, GrpcCall, Task> answerAsync)
        where TRequest : IMessage<TRequest> =>
        new Method<TRequest>(path, need, parser, answerAsync);

    private sealed class Method<TRequest>(
        string path, RouteNeed need, MessageParser<TRequest> parser, Func<TRequest, GrpcCall, Task> serveAsync) : GrpcMethod(path, need)
        where TRequest : IMessage<TRequest>
    {
        internal override async Task ServeAsync(GrpcCall call)
        {
            var request = await MessageReader.ReadSingleAsync(
                call.Http.Request.BodyReader, parser, call.MessageBytesMax, call.Cancelled);
            await serveAsync(request, call);
        }
    }
}

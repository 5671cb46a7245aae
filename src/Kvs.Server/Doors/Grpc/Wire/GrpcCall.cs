using Kvs.Server.Doors.Web;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Grpc.Wire;

/// <summary>One call: its request, its deadline, its response. Threading: one thread at a time.</summary>
internal sealed class GrpcCall
{
    /// <summary>Longest message that the method takes.</summary>
    internal required int MessageBytesMax { get; init; }

    /// <summary>The HTTP request and response that carry it.</summary>
    internal required HttpContext Http { get; init; }

    /// <summary>Timestamp (of the server's clock) at which it is too late; <see cref="long.MaxValue"/> for never.</summary>
    internal required long Deadline { get; init; }

    /// <summary>The client is gone or has cancelled, its deadline has passed, or the server stops.</summary>
    internal required CancellationToken Cancelled { get; init; }

    /// <summary>Longest wait for the client to take a part of the response; zero for no limit.</summary>
    internal required TimeSpan SendTimeout { get; init; }

    /// <summary>Where the messages of the response go.</summary>
    internal MessageWriter Answers => new(new AnswerSender(Http, SendTimeout, Cancelled));
}

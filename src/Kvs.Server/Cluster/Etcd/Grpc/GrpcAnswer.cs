using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Kvs.Core.Primitives;

namespace Kvs.Server.Cluster.Etcd.Grpc;

/// <summary>
/// Reads from an HTTP response how its call ended. The status stands in the trailers after the messages, or in the headers
/// of a response without a body ("trailers only").
/// </summary>
/// <param name="endpoint">The address that was called.</param>
/// <param name="call">The call's name.</param>
internal sealed class GrpcAnswer(Uri endpoint, string call)
{
    private const string StatusHeader = "grpc-status";
    private const string MessageHeader = "grpc-message";
    private const string ContentType = "application/grpc";

    /// <summary>Judges the headers, before any message.</summary>
    /// <param name="response">The response.</param>
    /// <returns>Null when messages may follow.</returns>
    internal GrpcFailure? JudgeHeaders(HttpResponseMessage response)
    {
        if (Read(response.Headers) is { } early)
        {
            return early.Status == GrpcStatus.Ok
                ? Broken("the call ended without an answer")
                : Refused(early.Status, early.Message);
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            return Broken($"HTTP status {(int)response.StatusCode}");
        }

        var type = response.Content.Headers.ContentType?.MediaType;
        return type?.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) is true
            ? null
            : Broken($"an answer of type '{type}'");
    }

    /// <summary>Judges the trailers, after the last message.</summary>
    /// <param name="response">The response, read to its end.</param>
    /// <returns>Null when the call is done.</returns>
    internal GrpcFailure? JudgeTrailers(HttpResponseMessage response) => Read(response.TrailingHeaders) switch
    {
        null => Cut("the answer ended without a status"),
        { Status: GrpcStatus.Ok } => null,
        var (status, message) => Refused(status, message),
    };

    /// <summary>The server does not speak as etcd does.</summary>
    /// <param name="what">What came.</param>
    internal GrpcFailure Broken(string what) => new(
        endpoint, call, GrpcStatus.Internal,
        $"{what}, which is no answer of etcd. Check that the address is etcd's client address, and http or https as there.",
        WriteOutcome.Unknown);

    /// <summary>The connection ended on the way.</summary>
    /// <param name="how">How.</param>
    internal GrpcFailure Cut(string how) => new(
        endpoint, call, GrpcStatus.Unavailable, $"{how}. Look at the log of this etcd member.", WriteOutcome.Unknown);

    /// <summary>There was no connection to send the request on.</summary>
    /// <param name="why">Why.</param>
    internal GrpcFailure Unreached(string why) => new(
        endpoint, call, GrpcStatus.Unavailable,
        $"no connection: {why} Check that this etcd member runs, its address, and TLS files where the address is https.",
        WriteOutcome.NotApplied);

    /// <summary>The answer did not come in time.</summary>
    /// <param name="limit">The time that it had.</param>
    internal GrpcFailure Late(TimeSpan limit) => new(
        endpoint, call, GrpcStatus.DeadlineExceeded,
        $"no answer within {limit.TotalMilliseconds:0} ms. The member is slow, paused or cut off: look at its log and disk.",
        WriteOutcome.Unknown);

    private GrpcFailure Refused(GrpcStatus status, string message)
    {
        // etcd judges these before it proposes anything, or applies the proposal as nothing. Of all others, a write may
        // have been proposed.
        var isRefusal = status is GrpcStatus.InvalidArgument or GrpcStatus.NotFound or GrpcStatus.AlreadyExists
            or GrpcStatus.PermissionDenied or GrpcStatus.FailedPrecondition or GrpcStatus.OutOfRange
            or GrpcStatus.ResourceExhausted or GrpcStatus.Unimplemented or GrpcStatus.Unauthenticated;
        return new GrpcFailure(
            endpoint, call, status, $"{message} ({status}).{Remedy(status)}",
            isRefusal ? WriteOutcome.NotApplied : WriteOutcome.Unknown)
        {
            IsRefusal = isRefusal,
        };
    }

    private static string Remedy(GrpcStatus status) => status switch
    {
        GrpcStatus.Unauthenticated => " Check the user and password for etcd.",
        GrpcStatus.PermissionDenied => " Grant the etcd user a role that reads and writes the cluster's prefix.",
        GrpcStatus.ResourceExhausted => " Compact and defragment etcd, or raise its quota.",
        GrpcStatus.Unimplemented => " Use etcd 3.4 or later.",
        GrpcStatus.Unavailable => " The member has no leader or is stopping: look at the etcd cluster's health.",
        _ => "",
    };

    private static (GrpcStatus Status, string Message)? Read(HttpHeaders headers)
    {
        if (!headers.TryGetValues(StatusHeader, out var values))
        {
            return null;
        }

        // A number that we do not know, or none, is a failure that says nothing.
        var status = int.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && Enum.IsDefined((GrpcStatus)number) ? (GrpcStatus)number : GrpcStatus.Unknown;
        var message = headers.TryGetValues(MessageHeader, out var texts) ? Uri.UnescapeDataString(texts.First()) : "";
        return (status, message.Length > 0 ? message : "no reason given");
    }
}

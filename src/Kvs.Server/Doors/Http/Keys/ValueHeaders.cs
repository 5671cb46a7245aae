using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;
using Kvs.Server.Doors.Http.Requests;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Keys;

/// <summary>
/// What a value is, in headers: the content type is taken as the client says it and given back as it is. Whoever may write may
/// so store a page or a program, and the dashboard has the same origin: browsers are told to run none of it (docs/security.md).
/// Threading: pure functions.
/// </summary>
internal static class ValueHeaders
{
    private const string BytesType = "application/octet-stream";
    private const string FetchDestination = "Sec-Fetch-Dest";

    /// <summary>Reads the content type of a value that is to be stored.</summary>
    /// <param name="request">The request.</param>
    /// <param name="contentType">The content type; null when none is said.</param>
    /// <param name="problem">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryReadContentType(HttpRequest request, out string? contentType, out Problem? problem)
    {
        var lines = request.Headers.ContentType;
        contentType = lines is [{ Length: > 0 } line, ..] ? line : null;
        problem = lines.Count <= 1 && ContentTypes.IsValid(contentType)
            ? null
            : RequestQuery.Invalid($"Content-Type is one line of 1 to {Limits.ContentTypeBytesMax} characters of printable ASCII.");
        return problem is null;
    }

    /// <summary>Says what a value is.</summary>
    /// <param name="context">The request for it.</param>
    /// <param name="contentType">Its content type; null for none.</param>
    internal static void WriteContentType(HttpContext context, string? contentType) =>
        context.Response.ContentType = IsWantedAsData(context.Request) ? contentType ?? BytesType : BytesType;

    /// <summary>Says what a browser may do with a value: show it, without its scripts and without the rights of this address.</summary>
    /// <param name="response">The answer that gives it, or that says that the browser has it.</param>
    internal static void WriteGuards(HttpResponse response)
    {
        // It neither guesses another type, nor runs a page that it shows, nor gives the value to a page of another origin.
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        response.Headers.Vary = FetchDestination;
    }

    /// <summary>
    /// Whether the value is for a program or for a person's eyes. A policy of the answer does not hold where a page takes it as a
    /// script, a worker or a style: there it is bytes, which browsers do not run. They say where on loopback and by TLS.
    /// </summary>
    private static bool IsWantedAsData(HttpRequest request) => request.Headers[FetchDestination].ToString()
        is "" or "empty" or "document" or "image" or "audio" or "video" or "track" or "font";
}

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Kvs.Core.Primitives;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Answers;

/// <summary>How answers are written: JSON by generated code, problems, and what stands in headers. Threading: any thread.</summary>
internal static class HttpAnswers
{
    /// <summary>Header of the position that an answer shows, or that its write made.</summary>
    internal const string PositionHeader = "Kvs-Position";

    private const string JsonType = "application/json";

    /// <summary>Answers with a problem.</summary>
    /// <param name="context">The request.</param>
    /// <param name="problem">The problem.</param>
    internal static Task WriteProblemAsync(HttpContext context, Problem problem)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        response.Headers.CacheControl = "no-store";
        var seconds = Enum.TryParse<ErrorCode>(problem.Code, out var code) ? ProblemStatus.RetryAfterSeconds(code) : 0;
        if (seconds > 0)
        {
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        return WriteAsync(context, problem, HttpJson.Default.Problem, Problem.ContentType);
    }

    /// <summary>Answers with JSON; the status is set before.</summary>
    /// <typeparam name="T">What is written.</typeparam>
    /// <param name="context">The request.</param>
    /// <param name="body">The body.</param>
    /// <param name="type">How it is written.</param>
    /// <param name="contentType">Its content type.</param>
    internal static async Task WriteAsync<T>(
        HttpContext context, T body, JsonTypeInfo<T> type, string contentType = JsonType)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, type);
        context.Response.ContentType = contentType;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
        }
    }

    /// <summary>A moment as text: ISO 8601, UTC, with milliseconds.</summary>
    /// <param name="unixMillis">Unix milliseconds.</param>
    internal static string TextOf(long unixMillis)
    {
        // An expiry may lie further away than a calendar reaches.
        var reachable = Math.Min(unixMillis, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds());
        return DateTimeOffset.FromUnixTimeMilliseconds(reachable)
            .ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
    }

    /// <summary>Says which position an answer shows, or its write made.</summary>
    /// <param name="context">The request.</param>
    /// <param name="position">The position; none is not said.</param>
    internal static void SetPosition(HttpContext context, KvsVersion position)
    {
        if (position != KvsVersion.None)
        {
            context.Response.Headers[PositionHeader] = position.ToString();
        }
    }
}

using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;
using Kvs.Server.Doors.Http.Requests;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Keys;

/// <summary>GET and HEAD of a key. Threading: any thread of the pool.</summary>
/// <param name="calls">The way to the store.</param>
/// <param name="options">The settings.</param>
internal sealed class KeyReads(StoreCalls calls, HttpDoorOptions options)
{
    /// <summary>Header of the time at which a key is gone.</summary>
    internal const string ExpiresHeader = "Kvs-Expires-At";

    private const string BytesType = "application/octet-stream";

    /// <summary>Gives the value of a key.</summary>
    /// <param name="context">The request.</param>
    internal async Task GetAsync(HttpContext context)
    {
        if (await KeyRequest.ReadAsync(context, calls.Dispatcher) is not { } asked)
        {
            return;
        }

        var (call, key, preconditions) = asked;
        using var value = await calls.GetAsync(key, call.Aim, call.Gone);
        HttpAnswers.SetPosition(context, value?.Position ?? calls.Dispatcher.Position);
        var version = value?.Info.Version ?? KvsVersion.None;
        if (await TryAnswerWithoutValueAsync(call, preconditions, version) || value is null)
        {
            return;
        }

        Describe(context.Response, version, value.Info.ExpiresAtMillis, value.Value.Length);
        await new AnswerSender(context, options.SendTimeout).SendAsync(value.Value);
    }

    /// <summary>Gives everything about a key but its value.</summary>
    /// <param name="context">The request.</param>
    internal async Task HeadAsync(HttpContext context)
    {
        if (await KeyRequest.ReadAsync(context, calls.Dispatcher) is not { } asked)
        {
            return;
        }

        var (call, key, preconditions) = asked;
        var found = await calls.StatAsync(key, call.Aim, call.Gone);
        HttpAnswers.SetPosition(context, calls.Dispatcher.Position);
        if (!await TryAnswerWithoutValueAsync(call, preconditions, found.Version))
        {
            Describe(context.Response, found.Version, found.ExpiresAtMillis, found.ValueLength);
        }
    }

    private static void Describe(HttpResponse response, KvsVersion version, long expiresAtMillis, int length)
    {
        response.ContentType = BytesType;
        response.ContentLength = length;
        response.Headers.ETag = EntityTags.Of(version);
        response.Headers.CacheControl = "no-cache";

        // Whoever may write could store a page: it must not run with the rights of this address.
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "sandbox; default-src 'none'";
        if (expiresAtMillis != 0)
        {
            response.Headers[ExpiresHeader] = HttpAnswers.TextOf(expiresAtMillis);
        }
    }

    private static async Task<bool> TryAnswerWithoutValueAsync(HttpCall call, Preconditions preconditions, KvsVersion version)
    {
        if (!preconditions.IsMatch(version))
        {
            SetTag(call.Context, version);
            await call.RefuseAsync(Problem.Of(ErrorCode.ConditionFailed, "The value is not one that If-Match names."));
            return true;
        }

        if (version == KvsVersion.None)
        {
            await call.RefuseAsync(Problem.Of(ErrorCode.NotFound, "The key is not there, or has expired."));
            return true;
        }

        if (!preconditions.IsKnown(version))
        {
            return false;
        }

        SetTag(call.Context, version);
        call.Context.Response.StatusCode = StatusCodes.Status304NotModified;
        return true;
    }

    private static void SetTag(HttpContext context, KvsVersion version)
    {
        if (version != KvsVersion.None)
        {
            context.Response.Headers.ETag = EntityTags.Of(version);
        }
    }
}

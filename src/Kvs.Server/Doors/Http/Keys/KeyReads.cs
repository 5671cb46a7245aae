using Kvs.Core.Engines;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;
using Kvs.Server.Doors.Http.Requests;
using Kvs.Server.Doors.Web;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Keys;

/// <summary>GET and HEAD of a key. Threading: any thread of the pool.</summary>
/// <param name="calls">The way to the store.</param>
/// <param name="options">The settings.</param>
internal sealed class KeyReads(StoreCalls calls, HttpDoorOptions options)
{
    /// <summary>Header of the time at which a key is gone.</summary>
    internal const string ExpiresHeader = "Kvs-Expires-At";

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

        Describe(context, value.Info);
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
        var found = await calls.DescribeAsync(key, call.Aim, call.Gone);
        HttpAnswers.SetPosition(context, calls.Dispatcher.Position);
        if (!await TryAnswerWithoutValueAsync(call, preconditions, found.Version))
        {
            Describe(context, found);
        }
    }

    private static void Describe(HttpContext context, in EntryInfo info)
    {
        var response = context.Response;
        ValueHeaders.WriteContentType(context, info.ContentType);
        ValueHeaders.WriteGuards(response);
        response.ContentLength = info.ValueLength;
        response.Headers.ETag = EntityTags.Of(info.Version);
        response.Headers.CacheControl = "no-cache";
        if (info.ExpiresAtMillis != 0)
        {
            response.Headers[ExpiresHeader] = HttpAnswers.TextOf(info.ExpiresAtMillis);
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
        ValueHeaders.WriteGuards(call.Context.Response);
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

using System.Globalization;
using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;
using Kvs.Server.Doors.Http.Requests;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Keys;

/// <summary>PUT, DELETE and increment of a key. Threading: any thread of the pool.</summary>
/// <param name="calls">The way to the store.</param>
/// <param name="options">The settings.</param>
internal sealed class KeyWrites(StoreCalls calls, HttpDoorOptions options)
{
    /// <summary>Sets a key to the body.</summary>
    /// <param name="context">The request.</param>
    internal async Task PutAsync(HttpContext context)
    {
        if (await KeyRequest.ReadAsync(context, calls.Dispatcher, "", "ttl") is not { } asked)
        {
            return;
        }

        var (call, key, preconditions) = asked;
        var millis = 0L;
        if (call.Query.Text("ttl") is { } ttl && !TimeText.TryMillis(ttl, out millis))
        {
            await call.RefuseAsync(RequestQuery.Invalid($"ttl is {TimeText.Form}."));
            return;
        }

        if (!ValueHeaders.TryReadContentType(context.Request, out var contentType, out var problem))
        {
            await call.RefuseAsync(problem!);
            return;
        }

        var (read, refused) = await RequestBody.ReadAsync(
            context, options.ValueBytesMax, ErrorCode.ValueTooLarge, calls);
        if (read is null)
        {
            await call.RefuseAsync(refused!);
            return;
        }

        using var body = read;
        using var done = await WriteAsync(call, new Operation
        {
            Kind = OperationKind.Set,
            Key = key,
            Value = body.Bytes,
            Condition = await preconditions.ToConditionAsync(calls, key, call),
            Expiry = millis > 0 ? ExpiryKind.In : ExpiryKind.None,
            ExpiryMillis = millis,
            ContentType = contentType,
        });
        if (await TryAcceptAsync(call, done))
        {
            var existed = done.Request.Results[0].Existed;
            context.Response.StatusCode = existed ? StatusCodes.Status204NoContent : StatusCodes.Status201Created;
        }
    }

    /// <summary>Removes a key.</summary>
    /// <param name="context">The request.</param>
    internal async Task DeleteAsync(HttpContext context)
    {
        if (await KeyRequest.ReadAsync(context, calls.Dispatcher) is not { } asked)
        {
            return;
        }

        var (call, key, preconditions) = asked;
        using var done = await WriteAsync(call, new Operation
        {
            Kind = OperationKind.Remove,
            Key = key,
            Condition = await preconditions.ToConditionAsync(calls, key, call),
        });
        if (!await TryAcceptAsync(call, done))
        {
            return;
        }

        context.Response.Headers.Remove("ETag"); // what had it is gone
        if (done.Request.Results[0].Existed)
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await call.RefuseAsync(Problem.Of(ErrorCode.NotFound, "The key was not there, or had expired."));
    }

    /// <summary>Adds to the number of a key.</summary>
    /// <param name="context">The request.</param>
    internal async Task PostAsync(HttpContext context)
    {
        var target = RequestTarget.Of(context);
        if (!target.Path.EndsWith(KeyPath.IncrementAction, StringComparison.Ordinal))
        {
            context.Response.Headers.Allow = "GET, HEAD, PUT, DELETE";
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            return;
        }

        if (await KeyRequest.ReadAsync(context, calls.Dispatcher, KeyPath.IncrementAction, "by")
            is not { } asked)
        {
            return;
        }

        var (call, key, preconditions) = asked;
        var by = 1L;
        if (call.Query.Text("by") is { } text
            && !long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out by))
        {
            await call.RefuseAsync(RequestQuery.Invalid("by is a whole number of 64 bits."));
            return;
        }

        using var done = await WriteAsync(call, new Operation
        {
            Kind = OperationKind.Increment,
            Key = key,
            Delta = by,
            Condition = await preconditions.ToConditionAsync(calls, key, call),
        });
        if (await TryAcceptAsync(call, done))
        {
            var sum = new IncrementAnswer(done.Request.Results[0].Number, done.Request.Version.ToString());
            await HttpAnswers.WriteAsync(context, sum, HttpJson.Default.IncrementAnswer);
        }
    }

    private async Task<CompletedWrite> WriteAsync(HttpCall call, Operation operation)
    {
        var write = new PendingWrite(Durability.Default);
        write.AddOwned(in operation);
        write.Request.Deadline = call.Aim.Deadline;
        write.Item.Origin = call.Aim.Origin;
        return await calls.WriteAsync(write, call.Gone);
    }

    /// <summary>Says what a write has made, or why it was refused.</summary>
    /// <returns>Whether it was done.</returns>
    private async Task<bool> TryAcceptAsync(HttpCall call, CompletedWrite done)
    {
        var request = done.Request;
        var made = request.Code == ErrorCode.None ? request.Version : request.FailedVersion;
        if (made != KvsVersion.None)
        {
            call.Context.Response.Headers.ETag = EntityTags.Of(made);
        }

        if (request.Code is ErrorCode.None or ErrorCode.ConditionFailed)
        {
            HttpAnswers.SetPosition(
                call.Context, request.Version == KvsVersion.None ? calls.Dispatcher.Position : request.Version);
        }

        if (request.Code != ErrorCode.None)
        {
            await call.RefuseAsync(Problem.Of(request) with { FailedOperation = null });
        }

        return request.Code == ErrorCode.None;
    }
}

/// <summary>Answer to an increment.</summary>
/// <param name="Value">The new value.</param>
/// <param name="Version">Its version.</param>
internal sealed record IncrementAnswer(long Value, string Version);

using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;
using Kvs.Server.Doors.Http.Requests;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Batches;

/// <summary>POST of a batch: all of it or nothing. Threading: any thread of the pool.</summary>
/// <param name="calls">The way to the store.</param>
/// <param name="options">The settings.</param>
internal sealed class BatchRoute(StoreCalls calls, HttpDoorOptions options)
{
    /// <summary>Longest body: keys and values of a full batch in base64, and the words around them.</summary>
    private readonly int _bodyBytesMax = (int)Math.Min((options.BatchBytesMax / 3L * 4) + (16L * 1024 * 1024), int.MaxValue / 2);

    /// <summary>Applies a batch.</summary>
    /// <param name="context">The request.</param>
    internal async Task PostAsync(HttpContext context)
    {
        if (!HttpCall.TryRead(context, calls.Dispatcher, [], out var call, out var problem))
        {
            await HttpAnswers.WriteProblemAsync(context, problem);
            return;
        }

        var (read, refused) = await RequestBody.ReadAsync(context, _bodyBytesMax, ErrorCode.BatchTooLarge, calls);
        if (read is null)
        {
            await call.RefuseAsync(refused!);
            return;
        }

        using var body = read;
        var write = new PendingWrite(Durability.Default);
        var code = BatchReader.TryRead(body.Bytes, write, out var conditions, out var fault);
        if (code != ErrorCode.None)
        {
            await call.RefuseAsync(Problem.Of(code, fault!));
            return;
        }

        write.Request.Deadline = call.Aim.Deadline;
        write.Item.Origin = call.Aim.Origin;
        using var done = await calls.WriteAsync(write, call.Gone);
        await AnswerAsync(call, done, conditions);
    }

    private async Task AnswerAsync(HttpCall call, CompletedWrite done, int conditions)
    {
        var request = done.Request;
        if (request.Code is ErrorCode.None or ErrorCode.ConditionFailed)
        {
            HttpAnswers.SetPosition(
                call.Context, request.Version == KvsVersion.None ? calls.Dispatcher.Position : request.Version);
        }

        if (request.Code != ErrorCode.None)
        {
            var index = request.FailedIndex;
            await call.RefuseAsync(Problem.Of(request) with
            {
                FailedCondition = index >= 0 && index < conditions ? index : null,
                FailedOperation = index >= conditions ? index - conditions : null,
            });
            return;
        }

        call.Context.Response.ContentType = "application/json";
        call.Context.Response.Headers.CacheControl = "no-store";
        using var answer = new JsonAnswer(call.Context, options.SendTimeout);
        answer.Json.WriteStartObject();
        if (request.Version != KvsVersion.None)
        {
            answer.Json.WriteString("version", request.Version.ToString());
        }

        answer.Json.WriteStartArray("results");
        for (var i = conditions; i < request.Results.Count; i++)
        {
            await WriteResultAsync(answer, request.Operations[i].Kind, request.Results[i], done);
        }

        answer.Json.WriteEndArray();
        answer.Json.WriteEndObject();
        await answer.FlushAsync();
    }

    private static async Task WriteResultAsync(
        JsonAnswer answer, OperationKind kind, OperationResult result, CompletedWrite done)
    {
        answer.Json.WriteStartObject();
        switch (kind)
        {
            case var _ when result.Code != ErrorCode.None: // of an optional operation
                answer.Json.WriteString("code", $"{result.Code}");
                break;
            case OperationKind.Increment:
                answer.Json.WriteNumber("value", result.Number);
                break;
            case OperationKind.Get when result.Existed:
                await answer.WriteBytesAsync("value", done.BytesOf(in result));
                answer.WriteContentType(result.ContentType);
                answer.Json.WriteString("version", result.Version.ToString());
                if (result.ExpiresAtMillis != 0)
                {
                    answer.Json.WriteString("expires_at", HttpAnswers.TextOf(result.ExpiresAtMillis));
                }

                break;
            case OperationKind.Get:
                answer.Json.WriteNull("value");
                break;
            case OperationKind.IncrementFloat:
                // As text: it may have more digits than readers of JSON keep.
                await answer.WriteBytesAsync("value", done.BytesOf(in result));
                break;
            case OperationKind.Append or OperationKind.SetRange:
                answer.Json.WriteBoolean("existed", result.Existed);
                answer.Json.WriteNumber("length", result.Number);
                break;
            case OperationKind.Persist:
                answer.Json.WriteBoolean("existed", result.Existed);
                answer.Json.WriteBoolean("cleared", result.Number != 0);
                break;
            default:
                answer.Json.WriteBoolean("existed", result.Existed);
                break;
        }

        answer.Json.WriteEndObject();
        await answer.FlushIfFullAsync();
    }
}

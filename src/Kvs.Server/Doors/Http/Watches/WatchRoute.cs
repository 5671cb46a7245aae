using System.Text;
using System.Text.Json;
using Kvs.Core.Engines.Watch;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;
using Kvs.Server.Doors.Http.Requests;
using Kvs.Server.Doors.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Kvs.Server.Doors.Http.Watches;

/// <summary>
/// GET of the changes of a range of keys as server-sent events: what browsers reconnect to by themselves, behind the last
/// event that they have seen. A client that reads slowly holds a part of an answer, and nothing of the store.
/// Threading: any thread of the pool.
/// </summary>
/// <param name="calls">The way to the store.</param>
/// <param name="options">The settings.</param>
internal sealed class WatchRoute(StoreCalls calls, HttpDoorOptions options)
{
    private static readonly string[] _parameters = ["prefix", "key", "since", "keys_only"];

    /// <summary>Tells the changes until the client goes, the server stops, or the history is gone.</summary>
    /// <param name="context">The request.</param>
    internal async Task GetAsync(HttpContext context)
    {
        WatchOptions? asked = null;
        if (!HttpCall.TryRead(context, calls.Dispatcher, _parameters, out var call, out var problem)
            || !TryReadOptions(call, out asked, out problem))
        {
            await HttpAnswers.WriteProblemAsync(context, problem!);
            return;
        }

        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Gone, stopping);
        using var watch = await calls.WatchAsync(asked!, call.Aim.Deadline, end.Token);
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        using var events = new JsonAnswer(context, options.SendTimeout);
        try
        {
            await watch.TellAsync(changes => TellAsync(watch.Position, changes, events, asked!.KeysOnly), end.Token);
        }
        catch (OperationCanceledException) when (Admission.IsTakenBack(context) && events.Json.CurrentDepth == 0)
        {
            // Not within an event: else the client would take the error for a part of it.
            Admission.AllowLastWords(context);
            await TellErrorAsync(events, watch, Admission.Failure);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested && !call.Gone.IsCancellationRequested)
        {
            // The end of the stream is no loss: the client goes on behind its last event, here or at another node.
        }
        catch (KvsException failure)
        {
            await TellErrorAsync(events, watch, failure);
        }
    }

    private static bool TryReadOptions(HttpCall call, out WatchOptions? asked, out Problem? problem)
    {
        asked = null;
        problem = null;
        var last = call.Context.Request.Headers["Last-Event-ID"].ToString();
        var text = last.Length > 0 ? last : call.Query.Text("since");
        var since = default(WatchPosition);
        if (text is not null && !WatchPosition.TryParse(text, out since))
        {
            problem = RequestQuery.Invalid("since and Last-Event-ID are a position: of an event, a write or a page.");
        }
        else if (!call.Query.TrySwitch("keys_only", out var keysOnly))
        {
            problem = RequestQuery.Invalid("keys_only is true or false.");
        }
        else if (call.Query.Bytes("prefix") is not null && call.Query.Bytes("key") is not null)
        {
            problem = RequestQuery.Invalid("A watch is of a prefix or of a key.");
        }
        else
        {
            asked = new WatchOptions
            {
                Range = call.Query.Bytes("key") is { } key ? KeyRange.Only(key) : KeyRange.Prefix(call.Query.Bytes("prefix") ?? []),
                Since = text is null ? null : since,
                KeysOnly = keysOnly,
            };
        }

        return problem is null;
    }

    private static async Task TellAsync(WatchPosition position, ChangeBuffer changes, JsonAnswer events, bool keysOnly)
    {
        if (changes.Count > 0)
        {
            await WriteAsync(changes, events, keysOnly);
            return;
        }

        // An id without data: a browser keeps it for its next connection, and tells its page nothing.
        events.WriteRaw(Encoding.ASCII.GetBytes($"id: {position}\n\n"));
        await events.FlushAsync();
    }

    private static async Task TellErrorAsync(JsonAnswer events, StoreWatch watch, KvsException failure)
    {
        WriteHead(events, "error", watch.Position);
        events.WriteRaw(JsonSerializer.SerializeToUtf8Bytes(Problem.Of(failure), HttpJson.Default.Problem));
        events.WriteRaw("\n\n"u8);
        await events.FlushAsync();
    }

    private static async Task WriteAsync(ChangeBuffer buffer, JsonAnswer events, bool keysOnly)
    {
        for (var i = 0; i < buffer.Count; i++)
        {
            var change = buffer[i];
            WriteHead(events, change.Kind.ToString().ToLowerInvariant(), change.Position);
            events.Json.WriteStartObject();
            await events.WriteBytesAsync("key", change.Key);
            if (change.Kind == ChangeKind.Set && !keysOnly)
            {
                await events.WriteBytesAsync("value", change.Value);
            }

            events.WriteContentType(change.ContentType);

            events.Json.WriteString("version", change.Position.Version.ToString());
            if (change.ExpiresAtMillis != 0)
            {
                events.Json.WriteString("expires_at", HttpAnswers.TextOf(change.ExpiresAtMillis));
            }

            events.Json.WriteEndObject();
            events.EndLine();
            events.WriteRaw("\n"u8);
            await events.FlushIfFullAsync();
        }

        await events.FlushAsync();
    }

    private static void WriteHead(JsonAnswer events, string kind, WatchPosition position) =>
        events.WriteRaw(Encoding.ASCII.GetBytes($"event: {kind}\nid: {position}\ndata: "));
}

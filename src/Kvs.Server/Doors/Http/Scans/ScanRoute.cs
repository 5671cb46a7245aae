using System.Buffers.Text;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Answers;
using Kvs.Server.Doors.Http.Requests;
using Microsoft.AspNetCore.Http;

namespace Kvs.Server.Doors.Http.Scans;

/// <summary>GET of a range of keys: a page of JSON, or a stream of lines. Threading: any thread of the pool.</summary>
/// <param name="calls">The way to the store.</param>
/// <param name="options">The settings.</param>
internal sealed class ScanRoute(StoreCalls calls, HttpDoorOptions options)
{
    private const string LinesType = "application/x-ndjson";

    private static readonly string[] _parameters =
        ["prefix", "from", "to", "limit", "limit_bytes", "cursor", "reverse", "keys_only"];

    /// <summary>Gives the entries.</summary>
    /// <param name="context">The request.</param>
    internal async Task GetAsync(HttpContext context)
    {
        ScanOptions? asked = null;
        if (!HttpCall.TryRead(context, calls.Dispatcher, _parameters, out var call, out var problem)
            || !TryReadOptions(call.Query, out asked, out problem))
        {
            await HttpAnswers.WriteProblemAsync(context, problem!);
            return;
        }

        if (WantsLines(context.Request))
        {
            await StreamAsync(call, asked!);
            return;
        }

        await PageAsync(call, asked! with
        {
            Limit = asked.Limit ?? Limits.ScanPageEntries,
            LimitBytes = asked.LimitBytes ?? Limits.ScanPageBytes,
        });
    }

    private static bool WantsLines(HttpRequest request)
    {
        foreach (var part in request.Headers.Accept.ToString().Split(',', StringSplitOptions.TrimEntries))
        {
            if (part.Split(';', StringSplitOptions.TrimEntries)[0].Equals(LinesType, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryReadOptions(RequestQuery query, out ScanOptions? asked, out Problem? problem)
    {
        asked = null;
        problem = null;
        var keysOnly = false;
        if (!query.TryCount("limit", out var limit) || !query.TryCount("limit_bytes", out var limitBytes))
        {
            problem = RequestQuery.Invalid("limit and limit_bytes are whole numbers from 1 on.");
            return false;
        }

        if (!query.TrySwitch("reverse", out var reverse) || !query.TrySwitch("keys_only", out keysOnly))
        {
            problem = RequestQuery.Invalid("reverse and keys_only are true or false.");
            return false;
        }

        byte[]? cursor = null;
        if (query.Text("cursor") is { } text && !TryCursor(text, out cursor))
        {
            problem = RequestQuery.Invalid("cursor is the one that an earlier page has given, unchanged.");
            return false;
        }

        asked = new ScanOptions
        {
            Range = RangeOf(query),
            Reverse = reverse,
            KeysOnly = keysOnly,
            Limit = limit,
            LimitBytes = limitBytes,
            Cursor = cursor is null ? default(ReadOnlyMemory<byte>?) : cursor,
        };
        return true;
    }

    private static KeyRange RangeOf(RequestQuery query)
    {
        var to = query.Bytes("to");
        var range = new KeyRange(query.Bytes("from") ?? [], to is null ? default(ReadOnlyMemory<byte>?) : to);
        return query.Bytes("prefix") is { } prefix ? KeyRange.Prefix(prefix).Intersect(range) : range;
    }

    private static bool TryCursor(string text, out byte[]? cursor)
    {
        cursor = null;
        if (!Base64Url.IsValid(text))
        {
            return false;
        }

        cursor = Base64Url.DecodeFromChars(text);
        return true;
    }

    private async Task PageAsync(HttpCall call, ScanOptions asked)
    {
        using var scan = await calls.ScanAsync(asked, call.Aim, call.Gone);
        var part = await scan.ReadAsync(StoreScan.PartBytes, call.Gone);
        Begin(call.Context, scan, "application/json");
        using var answer = new JsonAnswer(call.Context, options.SendTimeout);
        answer.Json.WriteStartObject();
        answer.Json.WriteStartArray("entries");
        while (true)
        {
            foreach (var entry in part)
            {
                await answer.WriteEntryAsync(entry, asked.KeysOnly);
            }

            if (scan.IsDone)
            {
                break;
            }

            part = await scan.ReadAsync(StoreScan.PartBytes, call.Gone);
        }

        answer.Json.WriteEndArray();
        if (scan.Cursor is { } cursor)
        {
            answer.Json.WriteString("cursor", Base64Url.EncodeToString(cursor.Span));
        }
        else
        {
            answer.Json.WriteNull("cursor");
        }

        answer.Json.WriteString("snapshot", scan.Version.ToString());
        answer.Json.WriteEndObject();
        await answer.FlushAsync();
    }

    private async Task StreamAsync(HttpCall call, ScanOptions asked)
    {
        using var scan = await calls.ScanAsync(asked, call.Aim, call.Gone);
        var part = await scan.ReadAsync(StoreScan.PartBytes, call.Gone);
        Begin(call.Context, scan, LinesType);
        using var answer = new JsonAnswer(call.Context, options.SendTimeout);
        while (true)
        {
            foreach (var entry in part)
            {
                await answer.WriteEntryAsync(entry, asked.KeysOnly);
                answer.EndLine();
            }

            await answer.FlushAsync();
            if (scan.IsDone)
            {
                return;
            }

            part = await scan.ReadAsync(StoreScan.PartBytes, call.Gone);
        }
    }

    private static void Begin(HttpContext context, StoreScan scan, string contentType)
    {
        context.Response.ContentType = contentType;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.Vary = "Accept";
        HttpAnswers.SetPosition(context, scan.Version);
    }
}

using System.Text.Json;
using Kvs.Core.Primitives;
using Kvs.Server.Doors;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>Every way in which the HTTP interface says no.</summary>
public sealed class HttpErrorTests
{
    private const string Json = "Content-Type: application/json";

    /// <summary>Request line, body, headers, status, code.</summary>
    public static TheoryData<string, string?, string[], int, string> Refusals => new()
    {
        { "GET /nothing", null, [], 404, "InvalidArgument" },
        { "GET /", null, [], 404, "InvalidArgument" },
        { "POST /v1/nothing", "{}", [], 404, "InvalidArgument" },
        { "GET /v1/../v1/kv/text", null, [], 400, "InvalidArgument" },
        { "GET /V1/KV/text", null, [], 400, "InvalidArgument" },
        { "PATCH /v1/kv/text", "x", [], 405, "InvalidArgument" },
        { "DELETE /v1/kv", null, [], 400, "InvalidArgument" },
        { "PUT /v1/batch", "{}", [], 405, "InvalidArgument" },
        { "POST /v1/kv/text", "", [], 405, "InvalidArgument" },
        { "POST /livez", "", [], 405, "InvalidArgument" },
        { "POST /v1/batch", "{}", ["Content-Type: text/plain"], 415, "InvalidArgument" },
        { "POST /v1/batch", "{}", ["Content-Type: "], 415, "InvalidArgument" },
        { "POST /v1/kv/number:incr", "", ["Content-Type: application/x-www-form-urlencoded"], 415, "InvalidArgument" },
        { "GET /v1/kv/text", null, ["Host: evil.example"], 421, "InvalidArgument" },
        { "GET /livez", null, ["Host: evil.example:80"], 421, "InvalidArgument" },
        { "GET /v1/kv/missing", null, [], 404, "NotFound" },
        { "GET /v1/kv-b64/bWlzc2luZw", null, [], 404, "NotFound" },
        { "DELETE /v1/kv/missing", null, [], 404, "NotFound" },
        { "GET /v1/kv/%GG", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv/a%2", null, [], 400, "InvalidArgument" },
        { "PUT /v1/kv/%", "x", [], 400, "InvalidArgument" },
        { "GET /v1/kv-b64/a!", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv/text?tll=1s", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv/text?timeout=1s&timeout=1s", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv/text?timeout=%zz", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv/text?timeout=0s", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv/text?timeout=5", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv/text?timeout=50d", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv/text?consistency=strong", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv/text?at_least=x", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv/text?at_least=0-ffff", null, [], 503, "TooStale" },
        { "PUT /v1/kv/text?consistency=stale", "x", [], 400, "InvalidArgument" },
        { "PUT /v1/kv/text?ttl=", "x", [], 400, "InvalidArgument" },
        { "PUT /v1/kv/text?ttl=-1s", "x", [], 400, "InvalidArgument" },
        { "PUT /v1/kv/text?ttl=0s", "x", [], 400, "InvalidArgument" },
        { "PUT /v1/kv/text?ttl=99999999999999999d", "x", [], 400, "InvalidArgument" },
    };

    /// <summary>The same, of what asks for more than a key.</summary>
    public static TheoryData<string, string?, string[], int, string> RefusedConditions => new()
    {
        { "GET /v1/kv/text", null, ["If-Match: \"1-1\""], 412, "ConditionFailed" },
        { "GET /v1/kv/missing", null, ["If-Match: *"], 412, "ConditionFailed" },
        { "GET /v1/kv/text", null, ["If-None-Match: 1-1"], 400, "InvalidArgument" },
        { "PUT /v1/kv/text", "x", ["If-Match: \"1-1\""], 412, "ConditionFailed" },
        { "PUT /v1/kv/text", "x", ["If-Match: \"no version\""], 412, "ConditionFailed" },
        { "PUT /v1/kv/text", "x", ["If-Match: \"1-1\", \"2-2\""], 412, "ConditionFailed" },
        { "PUT /v1/kv/missing", "x", ["If-Match: *"], 412, "ConditionFailed" },
        { "PUT /v1/kv/text", "x", ["If-None-Match: *"], 412, "ConditionFailed" },
        { "PUT /v1/kv/text", "x", ["If-Match: *", "If-None-Match: *"], 412, "ConditionFailed" },
        { "PUT /v1/kv/text", "x", ["If-Match: \"1-1"], 400, "InvalidArgument" },
        { "PUT /v1/kv/text", "x", ["If-Match: \"1-1\" \"2-2\""], 400, "InvalidArgument" },
        { "PUT /v1/kv/text", "x", ["If-Match: "], 400, "InvalidArgument" },
        { "DELETE /v1/kv/text", null, ["If-Match: \"1-1\""], 412, "ConditionFailed" },
        { "DELETE /v1/kv/missing", null, ["If-Match: \"1-1\""], 412, "ConditionFailed" },
        { "PUT /v1/kv/text", new string('x', 1001), [], 413, "ValueTooLarge" },
        { "PUT /v1/kv/text", new string('x', 1001), ["Transfer-Encoding: chunked"], 413, "ValueTooLarge" },
        { "PUT /v1/kv/" + new string('k', 131_073), "x", [], 414, "KeyTooLarge" },
        { "GET /v1/kv/" + new string('k', 131_073), null, [], 414, "KeyTooLarge" },
        { "POST /v1/kv/text:incr", "", [], 409, "NotAnInteger" },
        { "POST /v1/kv/number:incr?by=9223372036854775807", "", [], 409, "IntegerOverflow" },
        { "POST /v1/kv/number:incr?by=1.5", "", [], 400, "InvalidArgument" },
        { "POST /v1/kv/number:incr?by=9223372036854775808", "", [], 400, "InvalidArgument" },
        { "POST /v1/kv/number:incr", "", ["If-Match: \"1-1\""], 412, "ConditionFailed" },
    };

    /// <summary>As <see cref="Refusals"/>, of ranges and batches.</summary>
    public static TheoryData<string, string?, string[], int, string> RefusalsOfMany => new()
    {
        { "GET /v1/kv?limit=0", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv?limit=-1", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv?limit_bytes=x", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv?reverse=yes", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv?keys_only=1", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv?cursor=!", null, [], 400, "InvalidArgument" },
        { "GET /v1/kv?ttl=1s", null, [], 400, "InvalidArgument" },
        { "POST /v1/batch", "", [Json], 400, "InvalidArgument" },
        { "POST /v1/batch", "[]", [Json], 400, "InvalidArgument" },
        { "POST /v1/batch", "{}", [Json], 400, "InvalidArgument" },
        { "POST /v1/batch", """{"operations":[]}""", [Json], 400, "InvalidArgument" },
        { "POST /v1/batch", """{"operations":[{"op":"set","key":"a","value":"x"}]} x""", [Json], 400, "InvalidArgument" },
        {
            "POST /v1/batch", """{"conditions":[{"key":"text","absent":true}],"operations":[{"op":"remove","key":"text"}]}""",
            [Json], 412, "ConditionFailed"
        },
        { "POST /v1/batch", """{"operations":[{"op":"increment","key":"text"}]}""", [Json], 409, "NotAnInteger" },
        { "POST /v1/batch", """{"operations":[{"op":"increment_float","key":"text","by":1}]}""", [Json], 409, "NotAFloat" },
        { "POST /v1/batch", """{"operations":[{"op":"increment_float","key":"number","by":"one"}]}""", [Json], 409, "NotAFloat" },
        { "POST /v1/batch", """{"operations":[{"op":"copy","key":"text","to":"number"}]}""", [Json], 412, "ConditionFailed" },
        { "POST /v1/batch", """{"operations":[{"op":"copy","key":"text","to":"text"}]}""", [Json], 400, "InvalidArgument" },
        {
            "POST /v1/batch", """{"operations":[{"op":"set_range","key":"text","offset":9223372036854775807,"value":"x"}]}""",
            [Json], 413, "ValueTooLarge"
        },
        {
            "POST /v1/batch", $$"""{"operations":[{"op":"append","key":"text","value":"{{new string('x', 998)}}"}]}""",
            [Json], 413, "ValueTooLarge"
        },
        {
            "POST /v1/batch", $$"""{"operations":[{"op":"set","key":"a","value":"{{new string('x', 1001)}}"}]}""",
            [Json], 413, "ValueTooLarge"
        },
    };

    /// <summary>What the engine says, its outcome and the primary that it names; the status and whether one may try again.</summary>
    public static TheoryData<ErrorCode, WriteOutcome, string?, int, bool> Failures => new()
    {
        { ErrorCode.Overloaded, WriteOutcome.NotApplied, null, 429, true },
        { ErrorCode.DeadlineExceeded, WriteOutcome.NotApplied, null, 504, false },
        { ErrorCode.OutcomeUnknown, WriteOutcome.Unknown, null, 504, false },
        { ErrorCode.DiskFull, WriteOutcome.NotApplied, null, 507, true },
        { ErrorCode.Faulted, WriteOutcome.Unknown, null, 503, false },
        { ErrorCode.ShuttingDown, WriteOutcome.NotApplied, null, 503, true },
        { ErrorCode.NotPrimary, WriteOutcome.NotApplied, "10.0.0.1:4000", 503, true },
        { ErrorCode.NotEnoughReplicas, WriteOutcome.Unknown, null, 503, true },
        { ErrorCode.NoLease, WriteOutcome.NotApplied, null, 503, true },
        { ErrorCode.NotSupported, WriteOutcome.NotApplied, null, 501, false },
        { ErrorCode.Corruption, WriteOutcome.NotApplied, null, 500, false },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    [MemberData(nameof(RefusalsOfMany))]
    [MemberData(nameof(RefusedConditions))]
    public async Task What_has_no_meaning_is_refused_as_a_problem_and_changes_nothing(
        string line, string? body, string[] headers, int status, string code)
    {
        await using var server = await OpenAsync();
        using var answer = await server.SendAsync(line, body, headers);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{(int)answer.StatusCode} {text}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal("not_applied", problem.GetProperty("outcome").GetString());
        Assert.Equal($"urn:kvs:error:{code}", problem.GetProperty("type").GetString());
        Assert.NotEmpty(problem.GetProperty("title").GetString()!);
        Assert.NotEmpty(problem.GetProperty("detail").GetString()!);
        Assert.Equal(status == 405, answer.Content.Headers.Allow.Count > 0);
        Assert.Equal("200 old", await server.ReadAsync("GET /v1/kv/text"));
        Assert.Equal("200 5", await server.ReadAsync("GET /v1/kv/number"));
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task What_the_store_refuses_has_its_status_and_says_what_is_known(
        ErrorCode code, WriteOutcome outcome, string? primary, int status, bool saysWhen)
    {
        await using var server = await HttpFixture.OpenAsync(new RefusingEngine(code, outcome, primary));
        foreach (var line in (string[])["PUT /v1/kv/a", "DELETE /v1/kv/a", "POST /v1/kv/a:incr", "POST /v1/batch"])
        {
            var body = line.EndsWith("batch", StringComparison.Ordinal) ? """{"operations":[{"op":"remove","key":"a"}]}""" : "";
            using var answer = await server.SendAsync(line, body);
            var problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
            Assert.Equal(status, (int)answer.StatusCode);
            Assert.Equal(code.ToString(), problem.GetProperty("code").GetString());
            Assert.Equal(
                outcome == WriteOutcome.Unknown ? "unknown" : "not_applied", problem.GetProperty("outcome").GetString());
            Assert.Equal(primary, problem.TryGetProperty("leader", out var leader) ? leader.GetString() : null);
            Assert.Equal(saysWhen, answer.Headers.RetryAfter is not null);
        }

        using var read = await server.SendAsync("GET /v1/kv/a");
        Assert.Equal(status, (int)read.StatusCode);
        using var head = await server.SendAsync("HEAD /v1/kv/a");
        Assert.Equal(status, (int)head.StatusCode);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task A_failed_condition_tells_the_version_that_the_key_has()
    {
        await using var server = await OpenAsync();
        var tag = await server.TagAsync("/v1/kv/text");
        using var refused = await server.SendAsync("PUT /v1/kv/text", "x", "If-Match: \"1-1\"");
        Assert.Equal(tag, refused.Headers.ETag!.ToString());
        Assert.Contains($"\"failed_version\":{tag}", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var again = await server.SendAsync("PUT /v1/kv/text", "x", $"If-Match: {tag}");
        Assert.Equal(204, (int)again.StatusCode);
    }

    [Fact]
    public async Task A_failed_batch_names_its_condition_or_its_operation()
    {
        await using var server = await OpenAsync();
        var condition = await server.ReadAsync("POST /v1/batch",
            """{"conditions":[{"key":"text","present":true},{"key":"number","absent":true}],"operations":[{"op":"remove","key":"text"}]}""");
        Assert.StartsWith("412", condition, StringComparison.Ordinal);
        Assert.Contains("\"failed_condition\":1", condition, StringComparison.Ordinal);
        var operation = await server.ReadAsync("POST /v1/batch",
            """{"conditions":[{"key":"text","present":true}],"operations":[{"op":"get","key":"a"},{"op":"increment","key":"text"}]}""");
        Assert.StartsWith("409", operation, StringComparison.Ordinal);
        Assert.Contains("\"failed_operation\":1", operation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_all_doors_hold_already_are_waited_for_and_then_refused()
    {
        var time = new ManualTimeProvider();
        await using var server = await HttpFixture.OpenAsync(
            budgets: DoorLimits.Default with { QueuedBytesMax = 100 }, time: time);
        var budget = server.Web.Dispatcher.Budgets.Queue;
        await budget.AcquireAsync(100);
        var sent = server.SendAsync("PUT /v1/kv/a", "x");
        await Until.HoldsAsync(() =>
        {
            time.Advance(BudgetShare.WaitMax);
            return sent.IsCompleted;
        });
        using var refused = await sent;
        Assert.Equal(429, (int)refused.StatusCode);
        Assert.Equal(1, refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
        budget.Release(100);
        using var taken = await server.SendAsync("PUT /v1/kv/a", "x");
        Assert.Equal(201, (int)taken.StatusCode);
    }

    [Fact]
    public async Task More_snapshots_than_allowed_are_refused_as_overload()
    {
        await using var server = await OpenAsync();
        var held = Enumerable.Range(0, 4).Select(_ => server.Web.Dispatcher.Snapshots.Open()).ToList();
        Assert.StartsWith("429", await server.ReadAsync("GET /v1/kv"), StringComparison.Ordinal);
        held.ForEach(lease => lease.End());
        Assert.StartsWith("200", await server.ReadAsync("GET /v1/kv"), StringComparison.Ordinal);
    }

    private static async Task<HttpFixture> OpenAsync()
    {
        var server = await HttpFixture.OpenAsync(
            new Kvs.Core.Engines.Memory.MemoryEngine(TimeProvider.System, new Random(1), new Kvs.Core.Engines.WriteLimits(1000, 10_000)),
            HttpFixture.Options with { ValueBytesMax = 1000, BatchBytesMax = 10_000 });
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/text", "old"));
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/number", "5"));
        return server;
    }
}

using System.Text.Json;
using Xunit;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>Operations that make a value of one that is there, by a batch over HTTP.</summary>
public sealed class HttpBatchTests
{
    /// <summary>An operation, its result, a key, and what is read of it then.</summary>
    public static TheoryData<string, string, string, string> Edits => new()
    {
        { """{"op":"append","key":"text","value":"er"}""", """{"existed":true,"length":5}""", "text", "200 older" },
        { """{"op":"append","key":"new","value":{"b64":"YQ=="}}""", """{"existed":false,"length":1}""", "new", "200 a" },
        { """{"op":"append","key":"new","value":""}""", """{"existed":false,"length":0}""", "new", "200" },
        { """{"op":"set_range","key":"text","offset":1,"value":"r"}""", """{"existed":true,"length":3}""", "text", "200 ord" },
        { """{"value":"x","offset":2,"key":"new","op":"set_range"}""", """{"existed":false,"length":3}""", "new", "200 \0\0x" },
        { """{"op":"set_range","key":"text","offset":9,"value":""}""", """{"existed":true,"length":3}""", "text", "200 old" },
        { """{"op":"increment_float","key":"number","by":0.1}""", """{"value":"5.1"}""", "number", "200 5.1" },
        { """{"op":"increment_float","key":"number","by":"1e2"}""", """{"value":"105"}""", "number", "200 105" },
        { """{"op":"increment_float","key":"new","by":-0.50}""", """{"value":"-0.5"}""", "new", "200 -0.5" },
        {
            """{"op":"increment_float","key":"number","by":0.123456789012345678901234567}""",
            """{"value":"5.123456789012345678901234567"}""", "number", "200 5.123456789012345678901234567"
        },
        { """{"op":"copy","key":"text","to":"new"}""", """{"existed":true}""", "new", "200 old" },
        { """{"op":"copy","key":"text","to":{"b64":"bmV3"}}""", """{"existed":true}""", "new", "200 old" },
        { """{"op":"copy","key":"text","to":"number","replace":true}""", """{"existed":true}""", "number", "200 old" },
        { """{"op":"copy","key":"missing","to":"number","replace":true}""", """{"existed":false}""", "number", "200 5" },
        { """{"op":"copy","key":"text","to":"number","optional":true}""", """{"code":"ConditionFailed"}""", "number", "200 5" },
        { """{"op":"increment","key":"text","optional":true}""", """{"code":"NotAnInteger"}""", "text", "200 old" },
        { """{"op":"increment","key":"number","optional":true}""", """{"value":6}""", "number", "200 6" },
        { """{"op":"increment_float","key":"text","by":1,"optional":true}""", """{"code":"NotAFloat"}""", "text", "200 old" },
        { """{"op":"get","key":"missing","optional":true}""", """{"value":null}""", "number", "200 5" },
        { """{"op":"set","key":"text","value":"x","absent":true,"optional":true}""", """{"code":"ConditionFailed"}""", "text", "200 old" },
        { """{"op":"set","key":"text","value":"x","present":true}""", """{"existed":true}""", "text", "200 x" },
        { """{"op":"append","key":"new","value":"x","absent":true}""", """{"existed":false,"length":1}""", "new", "200 x" },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task An_edit_says_what_it_did_and_is_read_after_it(string operation, string result, string key, string read)
    {
        await using var server = await OpenAsync();
        var answer = await server.ReadAsync("POST /v1/batch", $$"""{"operations":[{{operation}}]}""");
        Assert.StartsWith("200 ", answer, StringComparison.Ordinal);
        Assert.Equal(result, JsonDocument.Parse(answer[4..]).RootElement.GetProperty("results")[0].GetRawText());
        Assert.Equal(read, await server.ReadAsync($"GET /v1/kv/{key}"));
    }

    [Fact]
    public async Task An_optional_operation_stops_nothing_and_one_that_is_not_stops_all()
    {
        await using var server = await OpenAsync();
        var done = await server.ReadAsync("POST /v1/batch", """
            {"operations":[
              {"op":"remove","key":"text","version":"9-9","optional":true},{"op":"increment","key":"number","by":2},
              {"op":"get","key":"text"}]}
            """);
        Assert.Contains("""[{"code":"ConditionFailed"},{"value":7},{"value":"old",""", done, StringComparison.Ordinal);
        var failed = await server.ReadAsync("POST /v1/batch", """
            {"operations":[{"op":"increment","key":"number","by":2},{"op":"remove","key":"text","absent":true}]}
            """);
        Assert.StartsWith("412 ", failed, StringComparison.Ordinal);
        Assert.Contains("\"failed_operation\":1", failed, StringComparison.Ordinal);
        Assert.Equal("200 7", await server.ReadAsync("GET /v1/kv/number"));
    }

    [Fact]
    public async Task Edits_are_in_order_with_what_stands_around_them_and_apply_wholly_or_not_at_all()
    {
        await using var server = await OpenAsync();
        const string Rename = """{"op":"copy","key":"text","to":"renamed"},{"op":"remove","key":"text"}""";
        var failed = await server.ReadAsync("POST /v1/batch", $$"""
            {"operations":[{{Rename}},{"op":"append","key":"number","value":"x"},{"op":"increment_float","key":"number","by":1}]}
            """);
        Assert.StartsWith("409 ", failed, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"NotAFloat\"", failed, StringComparison.Ordinal);
        Assert.Contains("\"failed_operation\":3", failed, StringComparison.Ordinal);
        Assert.Equal("200 old", await server.ReadAsync("GET /v1/kv/text"));
        Assert.Equal("200 5", await server.ReadAsync("GET /v1/kv/number"));
        var done = await server.ReadAsync("POST /v1/batch", $$"""
            {"operations":[{{Rename}},{"op":"append","key":"renamed","value":"er"},{"op":"get","key":"renamed"}]}
            """);
        Assert.Contains("\"value\":\"older\"", done, StringComparison.Ordinal);
        Assert.StartsWith("404", await server.ReadAsync("GET /v1/kv/text"), StringComparison.Ordinal);
    }

    private static async Task<HttpFixture> OpenAsync()
    {
        var server = await HttpFixture.OpenAsync();
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/text", "old"));
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/number", "5"));
        return server;
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Server.Doors.Resp;
using Kvs.Server.Doors.Tcp;
using Kvs.Server.Tests.Doors.Resp;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>What a value is: taken, given back, and safe for who looks at it with a browser.</summary>
public sealed class HttpContentTypeTests
{
    private const string Bytes = "application/octet-stream";
    private const string Number = "text/x-number";

    /// <summary>A command of another door, the key that it leaves, and the content type that this has then.</summary>
    public static TheoryData<string, string, string> Commands => new()
    {
        { "SET n 6", "n", Bytes },
        { "SET n 6 KEEPTTL", "n", Bytes },
        { "SETEX n 100 6", "n", Bytes },
        { "GETSET n 6", "n", Bytes },
        { "MSET n 6", "n", Bytes },
        { "APPEND n 6", "n", Number },
        { "SETRANGE n 0 6", "n", Number },
        { "INCR n", "n", Number },
        { "INCRBYFLOAT n 0.5", "n", Number },
        { "EXPIRE n 100", "n", Number },
        { "COPY n other", "other", Number },
        { "RENAME n other", "other", Number },
    };

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/html; charset=utf-8")]
    [InlineData("image/svg+xml")]
    [InlineData("no type at all, but \"printable\"")]
    public async Task What_a_value_was_set_as_is_given_back_and_a_browser_runs_none_of_it(string type)
    {
        await using var server = await HttpFixture.OpenAsync();
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/a", "<script>alert(1)</script>", $"Content-Type: {type}"));
        foreach (var method in (string[])["GET", "HEAD"])
        {
            using var answer = await server.SendAsync($"{method} /v1/kv/a");
            Assert.Equal(type, TypeOf(answer));
            Assert.Equal(25, answer.Content.Headers.ContentLength);
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("sandbox; default-src 'none'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
            Assert.Equal("same-origin", Assert.Single(answer.Headers.GetValues("Cross-Origin-Resource-Policy")));
        }

        using var known = await server.SendAsync("GET /v1/kv/a", null, $"If-None-Match: {await server.TagAsync("/v1/kv/a")}");
        Assert.Equal(304, (int)known.StatusCode);
        Assert.Contains("sandbox", Assert.Single(known.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("Sec-Fetch-Dest", Assert.Single(known.Headers.GetValues("Vary")));
    }

    [Theory]
    [InlineData("empty", "text/javascript")]
    [InlineData("document", "text/javascript")]
    [InlineData("image", "text/javascript")]
    [InlineData("script", Bytes)]
    [InlineData("worker", Bytes)]
    [InlineData("serviceworker", Bytes)]
    [InlineData("style", Bytes)]
    [InlineData("iframe", Bytes)]
    [InlineData("object", Bytes)]
    [InlineData("whatever comes", Bytes)]
    public async Task A_page_that_asks_for_a_value_to_run_it_gets_bytes(string destination, string type)
    {
        await using var server = await HttpFixture.OpenAsync();
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/a", "alert(1)", "Content-Type: text/javascript"));
        using var answer = await server.SendAsync("GET /v1/kv/a", null, $"Sec-Fetch-Dest: {destination}");
        Assert.Equal(type, TypeOf(answer));
        using var head = await server.SendAsync("HEAD /v1/kv/a", null, $"Sec-Fetch-Dest: {destination}");
        Assert.Equal(type, TypeOf(head));
    }

    [Fact]
    public async Task A_set_without_a_content_type_clears_it()
    {
        await using var server = await HttpFixture.OpenAsync();
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/a", "1", $"Content-Type: {Number}"));
        Assert.Equal("204", await server.ReadAsync("PUT /v1/kv/a", "2"));
        using var answer = await server.SendAsync("GET /v1/kv/a");
        Assert.Equal(Bytes, TypeOf(answer));
    }

    [Theory]
    [InlineData(255, 201)]
    [InlineData(256, 400)]
    public async Task A_content_type_has_a_limit(int length, int status)
    {
        await using var server = await HttpFixture.OpenAsync();
        var type = "text/" + new string('x', length - 5);
        using var put = await server.SendAsync("PUT /v1/kv/a", "1", $"Content-Type: {type}");
        Assert.Equal(status, (int)put.StatusCode);
        using var read = await server.SendAsync("GET /v1/kv/a");
        Assert.Equal(status == 201 ? type : "application/problem+json", TypeOf(read));
    }

    [Theory]
    [InlineData("Content-Type: text/plain\r\nContent-Type: text/html\r\n")]
    [InlineData("Content-Type: text/\u00fc\r\n")]
    [InlineData("Content-Type: text/\tplain\r\n")]
    public async Task A_content_type_that_is_none_is_refused_and_nothing_is_stored(string header)
    {
        await using var server = await HttpFixture.OpenAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Web.Door.Port);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
            $"PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1\r\n{header}\r\n1"));
        using var reader = new StreamReader(client.GetStream());
        Assert.StartsWith("HTTP/1.1 400 ", await reader.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.StartsWith("404", await server.ReadAsync("GET /v1/kv/a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Batches_pages_and_lines_tell_it_where_there_is_one()
    {
        await using var server = await HttpFixture.OpenAsync();
        var batch = await server.ReadAsync("POST /v1/batch", """
            {"operations":[
              {"op":"set","key":"a","value":"1","content_type":"image/svg+xml"},
              {"op":"set","key":"b","value":"2"},
              {"op":"get","key":"a"},{"op":"get","key":"b"}]}
            """);
        Assert.Contains("{\"value\":\"1\",\"content_type\":\"image/svg+xml\",\"version\":", batch, StringComparison.Ordinal);
        Assert.Contains("{\"value\":\"2\",\"version\":", batch, StringComparison.Ordinal);
        foreach (var accept in (string[])["application/json", "application/x-ndjson"])
        {
            var entries = await server.ReadAsync("GET /v1/kv", null, $"Accept: {accept}");
            Assert.Contains("\"value\":\"1\",\"content_type\":\"image/svg+xml\",\"version\":", entries, StringComparison.Ordinal);
            Assert.Contains("\"value\":\"2\",\"version\":", entries, StringComparison.Ordinal);
            var keys = await server.ReadAsync("GET /v1/kv?keys_only", null, $"Accept: {accept}");
            Assert.DoesNotContain("content_type", keys, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Another_door_that_sets_clears_it_and_one_that_changes_a_part_keeps_it(string command, string key, string type)
    {
        await using var server = await HttpFixture.OpenAsync();
        await using var door = RespDoor.Open(
            new SocketTransport(), RespFixture.Options, server.Web.Dispatcher, TimeProvider.System, NullLogger.Instance);
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/n", "5", $"Content-Type: {Number}"));
        using var redis = await RespWire.ConnectAsync(door.Port);
        Assert.DoesNotContain("-ERR", await redis.AskAsync(command.Split(' ')), StringComparison.Ordinal);
        using var answer = await server.SendAsync($"HEAD /v1/kv/{key}");
        Assert.Equal(type, TypeOf(answer));
    }

    [Fact]
    public async Task The_binary_door_and_http_tell_each_other()
    {
        await using var server = await HttpFixture.OpenAsync();
        await using var door = TcpDoor.Open(
            new SocketTransport(), DoorFixture.Options, server.Web.Dispatcher, TimeProvider.System, NullLogger.Instance);
        await using var client = await KvsClient.ConnectAsync($"127.0.0.1:{door.Port}");
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/n", "5", $"Content-Type: {Number}"));
        Assert.Equal(Number, (await client.GetAsync("n"))!.ContentType);
        Assert.Equal(6, await client.IncrementAsync("n"));
        Assert.Equal(Number, await TypeAsync(server, "n"));
        await client.SetAsync("n", "7", new SetOptions { ContentType = "text/x-other" });
        Assert.Equal("text/x-other", await TypeAsync(server, "n"));
        await client.SetAsync("n", "8");
        Assert.Equal(Bytes, await TypeAsync(server, "n"));
    }

    private static async Task<string> TypeAsync(HttpFixture server, string key)
    {
        using var answer = await server.SendAsync($"GET /v1/kv/{key}");
        return TypeOf(answer);
    }

    // As it was sent: a type of .NET would tidy it.
    private static string TypeOf(HttpResponseMessage answer) =>
        Assert.Single(answer.Content.Headers.NonValidated["Content-Type"]);
}

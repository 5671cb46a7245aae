using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Kvs.Server.Doors.Http.Keys;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>Keys over HTTP: what goes in comes out, whatever it is.</summary>
public sealed class HttpKeyTests
{
    [Fact]
    public async Task A_value_comes_back_with_its_version_and_goes_when_it_is_removed()
    {
        await using var server = await HttpFixture.OpenAsync();
        using var created = await server.SendAsync("PUT /v1/kv/greeting", "hello");
        Assert.Equal(201, (int)created.StatusCode);
        using var read = await server.SendAsync("GET /v1/kv/greeting");
        Assert.Equal("hello", await read.Content.ReadAsStringAsync());
        Assert.Equal(created.Headers.ETag, read.Headers.ETag);
        Assert.Equal(created.Headers.GetValues("Kvs-Position"), read.Headers.GetValues("Kvs-Position"));
        Assert.Equal("application/octet-stream", read.Content.Headers.ContentType!.MediaType);
        Assert.Equal("nosniff", Assert.Single(read.Headers.GetValues("X-Content-Type-Options")));
        Assert.Contains("sandbox", Assert.Single(read.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        using var replaced = await server.SendAsync("PUT /v1/kv/greeting", "hi");
        Assert.Equal(204, (int)replaced.StatusCode);
        Assert.NotEqual(created.Headers.ETag, replaced.Headers.ETag);
        Assert.Equal("204", await server.ReadAsync("DELETE /v1/kv/greeting"));
        Assert.StartsWith("404", await server.ReadAsync("GET /v1/kv/greeting"), StringComparison.Ordinal);
    }

    /// <summary>A path, and another one that is the same key.</summary>
    [Theory]
    [InlineData("/v1/kv/a/b", "/v1/kv/a%2Fb")]
    [InlineData("/v1/kv/a/b", "/v1/kv/a%2fb")]
    [InlineData("/v1/kv/a%2Fb/", "/v1/kv-b64/YS9iLw")]
    [InlineData("/v1/kv/%FF%80", "/v1/kv-b64/_4A")]
    [InlineData("/v1/kv/", "/v1/kv-b64/")]
    [InlineData("/v1/kv/a+b", "/v1/kv/a%2Bb")]
    [InlineData("/v1/kv/a%20b", "/v1/kv-b64/YSBi")]
    [InlineData("/v1/kv/%252F", "/v1/kv-b64/JTJG")]
    [InlineData("/v1/kv/%C3%BC", "/v1/kv-b64/w7w")]
    [InlineData("/v1/kv/x%3Aincr", "/v1/kv/x:incr")]
    [InlineData("/v1/kv//a", "/v1/kv/%2Fa")]
    [InlineData("/v1/kv/a?timeout=5s", "/v1/kv/a")]
    public async Task A_key_is_the_same_however_it_is_escaped(string path, string same)
    {
        await using var server = await HttpFixture.OpenAsync();
        Assert.Equal("201", await server.ReadAsync($"PUT {path}", "x"));
        Assert.Equal("200 x", await server.ReadAsync($"GET {same}"));
        Assert.Equal("204", await server.ReadAsync($"PUT {same}", "y"));
        Assert.Equal("200 y", await server.ReadAsync($"GET {path}"));
        Assert.Equal("204", await server.ReadAsync($"DELETE {same}"));
        Assert.StartsWith("404", await server.ReadAsync($"GET {path}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_escaped_escape_is_another_key_than_a_slash()
    {
        await using var server = await HttpFixture.OpenAsync();
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/a%252Fb", "escape"));
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/a%2Fb", "slash"));
        Assert.Equal("200 escape", await server.ReadAsync("GET /v1/kv/a%252Fb"));
    }

    [Fact]
    public async Task The_largest_key_fits_in_a_request()
    {
        await using var server = await HttpFixture.OpenAsync();
        var path = "/v1/kv-b64/" + System.Buffers.Text.Base64Url.EncodeToString(new byte[131_072]);
        Assert.Equal("201", await server.ReadAsync($"PUT {path}", "x"));
        Assert.Equal("200 x", await server.ReadAsync($"GET {path}"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(5_000_000)]
    public async Task A_value_of_any_length_and_bytes_comes_back(int length)
    {
        await using var server = await HttpFixture.OpenAsync();
        var value = new byte[length];
        new Random(length).NextBytes(value);
        using var put = await server.SendBytesAsync("PUT /v1/kv/a", value);
        Assert.Equal(201, (int)put.StatusCode);
        using var read = await server.SendAsync("GET /v1/kv/a");
        Assert.Equal(value, await read.Content.ReadAsByteArrayAsync());
        using var head = await server.SendAsync("HEAD /v1/kv/a");
        Assert.Equal(length, head.Content.Headers.ContentLength);
        using var streamed = server.NewRequest("PUT /v1/kv/b", new ByteArrayContent(value), ["Transfer-Encoding: chunked"]);
        using var chunked = await server.Web.Client.SendAsync(streamed);
        Assert.Equal(201, (int)chunked.StatusCode);
        using var second = await server.SendAsync("GET /v1/kv/b");
        Assert.Equal(value, await second.Content.ReadAsByteArrayAsync());
        Assert.Equal(0, server.Web.Dispatcher.Budgets.LargeRequests.Held);
        Assert.Equal(0, server.Web.Dispatcher.Budgets.Queue.Held);
    }

    [Fact]
    public async Task Preconditions_are_those_of_the_standard()
    {
        await using var server = await HttpFixture.OpenAsync();
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/a", "1", "If-None-Match: *"));
        var tag = await server.TagAsync("/v1/kv/a");
        Assert.Equal("304", await server.ReadAsync("GET /v1/kv/a", null, $"If-None-Match: {tag}"));
        Assert.Equal("304", await server.ReadAsync("GET /v1/kv/a", null, $"If-None-Match: \"x\", W/{tag}"));
        Assert.Equal("304", await server.ReadAsync("HEAD /v1/kv/a", null, "If-None-Match: *"));
        Assert.Equal("200 1", await server.ReadAsync("GET /v1/kv/a", null, "If-None-Match: \"x\""));
        Assert.Equal("200 1", await server.ReadAsync("GET /v1/kv/a", null, $"If-Match: {tag}"));
        Assert.StartsWith("412", await server.ReadAsync("PUT /v1/kv/a", "2", $"If-Match: W/{tag}"), StringComparison.Ordinal);
        Assert.Equal("204", await server.ReadAsync("PUT /v1/kv/a", "2", $"If-Match: \"1-1\", {tag}"));
        Assert.StartsWith("412", await server.ReadAsync("PUT /v1/kv/a", "3", $"If-Match: {tag}"), StringComparison.Ordinal);
        Assert.Equal("204", await server.ReadAsync("PUT /v1/kv/a", "3", $"If-None-Match: {tag}"));
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/b", "1", $"If-None-Match: {tag}"));
        Assert.Equal("204", await server.ReadAsync("DELETE /v1/kv/a", null, $"If-Match: {await server.TagAsync("/v1/kv/a")}"));
    }

    [Fact]
    public async Task A_time_to_live_is_told()
    {
        await using var server = await HttpFixture.OpenAsync();
        var before = TimeProvider.System.GetUtcNow();
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/a?ttl=1h", "x"));
        using var read = await server.SendAsync("GET /v1/kv/a");
        var text = Assert.Single(read.Headers.GetValues(KeyReads.ExpiresHeader));
        var expiry = DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(expiry, before.AddHours(1).AddSeconds(-1), before.AddHours(1).AddMinutes(5));
        Assert.Equal("204", await server.ReadAsync("PUT /v1/kv/a", "x"));
        using var cleared = await server.SendAsync("GET /v1/kv/a");
        Assert.False(cleared.Headers.Contains(KeyReads.ExpiresHeader));
    }

    [Fact]
    public async Task A_number_is_incremented()
    {
        await using var server = await HttpFixture.OpenAsync();
        using var first = await server.SendAsync("POST /v1/kv/n:incr");
        var answer = JsonDocument.Parse(await first.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(1, answer.GetProperty("value").GetInt64());
        Assert.Equal($"\"{answer.GetProperty("version").GetString()}\"", first.Headers.ETag!.ToString());
        Assert.Contains("\"value\":-6,", await server.ReadAsync("POST /v1/kv-b64/bg:incr?by=-7"), StringComparison.Ordinal);
        Assert.Equal("200 -6", await server.ReadAsync("GET /v1/kv/n"));
    }

    [Fact]
    public async Task A_read_may_ask_for_the_position_of_a_write()
    {
        await using var server = await HttpFixture.OpenAsync();
        using var put = await server.SendAsync("PUT /v1/kv/a", "x");
        var position = Assert.Single(put.Headers.GetValues("Kvs-Position"));
        Assert.Equal("200 x", await server.ReadAsync($"GET /v1/kv/a?at_least={position}&consistency=stale&timeout=10s"));
    }

    [Theory]
    [InlineData("127.0.0.1:1")]
    [InlineData("[::1]")]
    [InlineData("localhost")]
    [InlineData("LOCALHOST.:8080")]
    [InlineData("kvs.example")]
    public async Task A_name_of_the_server_is_answered(string host)
    {
        await using var server = await HttpFixture.OpenAsync(options: HttpFixture.Options with { Hosts = ["kvs.example"] });
        Assert.StartsWith("200", await server.ReadAsync("GET /livez", null, $"Host: {host}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_batch_does_all_that_it_says_in_its_order()
    {
        await using var server = await HttpFixture.OpenAsync();
        var answer = await server.ReadAsync("POST /v1/batch", """
            {
              "conditions": [{"key": "a", "absent": true}],
              "operations": [
                {"op": "set", "key": "a", "value": "\u00fc\n", "ttl": "1h"},
                {"op": "set", "key": {"b64": "AP8="}, "value": {"b64": "/w=="}},
                {"op": "get", "key": "a"},
                {"op": "get", "key": {"b64": "AP8="}},
                {"op": "get", "key": "missing"},
                {"op": "increment", "key": "n", "by": 41},
                {"op": "increment", "key": "n"},
                {"op": "persist", "key": "a"},
                {"op": "expire", "key": "n", "ttl": "5m"},
                {"op": "remove", "key": "missing"}
              ]
            }
            """);
        Assert.StartsWith("200 ", answer, StringComparison.Ordinal);
        var results = JsonDocument.Parse(answer[4..]).RootElement.GetProperty("results");
        Assert.Equal(10, results.GetArrayLength());
        Assert.False(results[0].GetProperty("existed").GetBoolean());
        Assert.Equal("\u00fc\n", results[2].GetProperty("value").GetString());
        Assert.Equal("/w==", results[3].GetProperty("value").GetProperty("b64").GetString());
        Assert.Equal(JsonValueKind.Null, results[4].GetProperty("value").ValueKind);
        Assert.Equal(42, results[6].GetProperty("value").GetInt64());
        Assert.True(results[7].GetProperty("cleared").GetBoolean());
        Assert.True(results[8].GetProperty("existed").GetBoolean());
        Assert.False(results[9].GetProperty("existed").GetBoolean());
        using var read = await server.SendAsync("GET /v1/kv-b64/AP8");
        Assert.Equal([0xFF], await read.Content.ReadAsByteArrayAsync());
        Assert.Equal("200 42", await server.ReadAsync("GET /v1/kv/n"));
    }

    [Fact]
    public async Task A_batch_that_gives_much_back_gives_it_whole()
    {
        await using var server = await HttpFixture.OpenAsync();
        var value = new string('x', 300_000);
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/a", value));
        var answer = await server.ReadAsync("POST /v1/batch", """{"operations":[{"op":"get","key":"a"},{"op":"increment","key":"n"}]}""");
        var results = JsonDocument.Parse(answer[4..]).RootElement.GetProperty("results");
        Assert.Equal(value, results[0].GetProperty("value").GetString());
        Assert.Equal(1, results[1].GetProperty("value").GetInt64());
        Assert.Equal(0, server.Web.Dispatcher.Budgets.LargeAnswers.Held);
    }

    [Fact]
    public async Task A_client_that_does_not_take_its_answer_loses_the_connection_and_its_share()
    {
        await using var server = await HttpFixture.OpenAsync(
            options: HttpFixture.Options with { SendTimeout = TimeSpan.FromMilliseconds(100) });
        using var put = await server.SendBytesAsync("PUT /v1/kv/a", new byte[30_000_000]);
        Assert.Equal(201, (int)put.StatusCode);
        var held = server.Web.Dispatcher.Budgets.LargeAnswers;
        using var client = new TcpClient { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(IPAddress.Loopback, server.Web.Door.Port);
        await client.GetStream().WriteAsync("GET /v1/kv/a HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        await Until.HoldsAsync(() => held.Held > 0);
        await Until.HoldsAsync(() => held.Held == 0);
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            var buffer = new byte[1_000_000];
            while (await client.GetStream().ReadAsync(buffer) > 0)
            {
            }

            throw new EndOfStreamException(); // closed before the end is as good as reset
        });
    }

    [Fact]
    public async Task A_client_that_goes_in_the_middle_of_its_body_leaves_nothing_behind()
    {
        await using var server = await HttpFixture.OpenAsync();
        using (var client = new TcpClient())
        {
            await client.ConnectAsync(IPAddress.Loopback, server.Web.Door.Port);
            await client.GetStream().WriteAsync(
                "PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\nhalf"u8.ToArray());
        }

        await Until.HoldsAsync(() => server.Web.Dispatcher.Info().Connections == 0);
        Assert.StartsWith("404", await server.ReadAsync("GET /v1/kv/a"), StringComparison.Ordinal);
        Assert.Equal(0, server.Web.Dispatcher.Budgets.LargeRequests.Held);
    }

    [Fact]
    public void Text_of_a_target_that_is_no_ascii_is_utf_8()
    {
        Assert.True(Kvs.Server.Doors.Http.Requests.RequestTarget.TryUnescape("\u00fc\ud83d\ude00%41", false, out var bytes));
        Assert.Equal("\u00fc\ud83d\ude00A", Encoding.UTF8.GetString(bytes));
    }
}

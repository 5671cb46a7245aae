using System.Text.Json;
using Xunit;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>Ranges of keys over HTTP.</summary>
public sealed class HttpScanTests
{
    private const string Lines = "Accept: text/html;q=0.5, application/x-ndjson";

    /// <summary>A query, the keys of the page, and whether more is there.</summary>
    [Theory]
    [InlineData("", "a b/1 b/2 c", false)]
    [InlineData("?prefix=b/", "b/1 b/2", false)]
    [InlineData("?prefix=b%2F&reverse=true", "b/2 b/1", false)]
    [InlineData("?from=b/2", "b/2 c", false)]
    [InlineData("?from=a&to=b/2", "a b/1", false)]
    [InlineData("?prefix=b&from=b/2&reverse", "b/2", false)]
    [InlineData("?limit=2", "a b/1", true)]
    [InlineData("?limit=4", "a b/1 b/2 c", false)]
    [InlineData("?limit_bytes=1", "a", true)]
    [InlineData("?limit_bytes=1000&keys_only=true", "a b/1 b/2 c", false)]
    [InlineData("?prefix=z", "", false)]
    public async Task A_page_gives_the_entries_of_a_range(string query, string keys, bool more)
    {
        await using var server = await OpenAsync();
        var page = await PageAsync(server, query);
        Assert.Equal(keys, Keys(page.GetProperty("entries").EnumerateArray()));
        Assert.Equal(more, page.GetProperty("cursor").ValueKind == JsonValueKind.String);
        var lines = await server.ReadAsync($"GET /v1/kv{query}", null, Lines);
        Assert.Equal(keys, Keys(lines["200".Length..].Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)));
    }

    [Fact]
    public async Task Pages_go_on_where_the_last_one_ended_in_both_directions()
    {
        await using var server = await OpenAsync();
        foreach (var (direction, keys) in new[] { ("", "a b/1 b/2 c"), ("&reverse=true", "c b/2 b/1 a") })
        {
            var found = new List<string>();
            var cursor = "";
            do
            {
                var page = await PageAsync(server, $"?limit=1{direction}{cursor}");
                found.Add(Keys(page.GetProperty("entries").EnumerateArray()));
                cursor = page.GetProperty("cursor").GetString() is { } next ? $"&cursor={next}" : null;
            }
            while (cursor is not null);
            Assert.Equal(keys, string.Join(' ', found));
        }
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_base64_and_an_expiry_is_told()
    {
        await using var server = await HttpFixture.OpenAsync();
        (await server.SendBytesAsync("PUT /v1/kv/%FF?ttl=1h", [0x80, 0x81])).Dispose();
        var entry = (await PageAsync(server, "")).GetProperty("entries")[0];
        Assert.Equal("/w==", entry.GetProperty("key").GetProperty("b64").GetString());
        Assert.Equal("gIE=", entry.GetProperty("value").GetProperty("b64").GetString());
        Assert.EndsWith("Z", entry.GetProperty("expires_at").GetString()!, StringComparison.Ordinal);
        Assert.False((await PageAsync(server, "?keys_only")).GetProperty("entries")[0].TryGetProperty("value", out _));
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/x-ndjson")]
    public async Task Large_values_of_text_and_bytes_come_through_whole(string accept)
    {
        await using var server = await HttpFixture.OpenAsync();
        var text = string.Concat(Enumerable.Repeat("\u00fc\ud83d\ude00\"\n", 100_000));
        var bytes = new byte[400_001];
        Array.Fill(bytes, (byte)0xFE);
        (await server.SendAsync("PUT /v1/kv/a", text)).Dispose();
        (await server.SendBytesAsync("PUT /v1/kv/b", bytes)).Dispose();
        var answer = (await server.ReadAsync("GET /v1/kv?limit_bytes=10000000", null, $"Accept: {accept}"))[4..];
        var entries = accept == "application/json"
            ? [.. JsonDocument.Parse(answer).RootElement.GetProperty("entries").EnumerateArray()]
            : answer.Split('\n').Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(text, entries[0].GetProperty("value").GetString());
        Assert.Equal(bytes, entries[1].GetProperty("value").GetProperty("b64").GetBytesFromBase64());
        Assert.Equal(0, server.Web.Dispatcher.Budgets.LargeAnswers.Held);
    }

    [Fact]
    public async Task A_stream_of_lines_gives_more_than_one_part_and_the_position_that_it_shows()
    {
        await using var server = await HttpFixture.OpenAsync();
        var sets = string.Join(',', Enumerable.Range(0, 3000).Select(i => $$"""{"op":"set","key":"k{{i:0000}}","value":"{{i}}"}"""));
        Assert.StartsWith("200", await server.ReadAsync("POST /v1/batch", $$"""{"operations":[{{sets}}]}"""), StringComparison.Ordinal);
        using var answer = await server.SendAsync("GET /v1/kv", null, Lines);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3000, lines.Length);
        Assert.Equal("application/x-ndjson", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(server.Web.Dispatcher.Position.ToString(), Assert.Single(answer.Headers.GetValues("Kvs-Position")));
        var page = await PageAsync(server, "");
        Assert.Equal(1000, page.GetProperty("entries").GetArrayLength());
        Assert.Equal(server.Web.Dispatcher.Position.ToString(), page.GetProperty("snapshot").GetString());
    }

    private static string Keys(IEnumerable<JsonElement> entries) =>
        string.Join(' ', entries.Select(entry => entry.GetProperty("key").GetString()));

    private static async Task<JsonElement> PageAsync(HttpFixture server, string query)
    {
        var answer = await server.ReadAsync($"GET /v1/kv{query}");
        Assert.StartsWith("200 ", answer, StringComparison.Ordinal);
        return JsonDocument.Parse(answer[4..]).RootElement;
    }

    private static async Task<HttpFixture> OpenAsync()
    {
        var server = await HttpFixture.OpenAsync();
        foreach (var key in (string[])["a", "b/1", "b/2", "c"])
        {
            Assert.Equal("201", await server.ReadAsync($"PUT /v1/kv/{key}", key));
        }

        return server;
    }
}

using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kvs.Server.Tests.Telemetry;
using Xunit;

namespace Kvs.Server.Tests.Doors.Pages;

/// <summary>What of the HTTP address is for watching, as bytes.</summary>
public sealed partial class PageRoutesTests : IAsyncLifetime
{
    private PageServer _server = null!;

    public async Task InitializeAsync() => _server = await PageServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData("dashboard")]
    public async Task The_address_itself_leads_to_the_dashboard(string path)
    {
        using var answer = await _server.Http.GetAsync(path);
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal("/dashboard/", answer.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Every_file_that_the_page_names_is_there_and_none_comes_from_elsewhere()
    {
        var names = new Queue<string>([""]);
        var seen = new HashSet<string>();
        while (names.TryDequeue(out var name))
        {
            if (!seen.Add(name))
            {
                continue;
            }

            using var answer = await _server.Http.GetAsync("dashboard/" + name);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'self';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            var text = await answer.Content.ReadAsStringAsync();
            Assert.DoesNotMatch(OtherHost(), text);
            foreach (Match named in NamedFile().Matches(text))
            {
                names.Enqueue(named.Groups[1].Value + named.Groups[2].Value);
            }
        }

        Assert.Contains("main.js", seen);
        Assert.Contains("chart.js", seen);
        Assert.Contains("style.css", seen);
    }

    [Fact]
    public async Task A_file_that_is_known_is_not_sent_again()
    {
        using var first = await _server.Http.GetAsync("dashboard/style.css");
        using var again = new HttpRequestMessage(HttpMethod.Get, "dashboard/style.css");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var answer = await _server.Http.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, answer.StatusCode);
    }

    [Theory]
    [InlineData("dashboard/none.js")]
    [InlineData("dashboard/..%2Fkvs-server.dll")]
    [InlineData("dashboard/site/index.html")]
    public async Task Nothing_else_of_the_program_can_be_read(string path)
    {
        using var answer = await _server.Http.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Metrics_are_served_as_prometheus_wants_them()
    {
        await _server.Store.SetAsync("a", "1");
        using var answer = await _server.Http.GetAsync("metrics");
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        var metrics = PrometheusParser.Read(await answer.Content.ReadAsStringAsync());
        Assert.Equal(1, metrics.Samples["kvs_operations_total{kvs_operation=\"set\",kvs_result=\"ok\"}"]);
        Assert.True(metrics.Samples["kvs_connections{kvs_door=\"http\"}"] >= 1);
        Assert.True(metrics.Samples["kvs_connections{kvs_door=\"tcp\"}"] >= 1);
    }

    [Fact]
    public async Task Status_tells_counts_that_grow_with_what_is_done()
    {
        var before = await StatusAsync();
        Assert.False(before.GetProperty("operations").TryGetProperty("set", out _));
        await _server.Store.SetAsync("a", "1");
        await _server.Store.GetAsync("none");
        var after = await StatusAsync();
        var operations = after.GetProperty("operations");
        Assert.Equal(1, operations.GetProperty("set").GetProperty("answered").GetInt64());
        Assert.Equal(1, operations.GetProperty("get").GetProperty("missing").GetInt64());
        var durations = after.GetProperty("durations");
        var buckets = durations.GetProperty("operations").GetProperty("set").EnumerateArray().Select(count => count.GetInt64()).ToList();
        Assert.Equal(durations.GetProperty("bounds").GetArrayLength() + 1, buckets.Count);
        Assert.Equal(1, buckets.Sum());
        Assert.Equal("standalone", after.GetProperty("server").GetProperty("role").GetString());
        Assert.Equal(JsonValueKind.Null, after.GetProperty("cluster").ValueKind);
        Assert.Contains(after.GetProperty("doors").EnumerateArray(), door => door.GetProperty("port").GetInt32() == _server.Url.Port);
    }

    private async Task<JsonElement> StatusAsync()
    {
        using var answer = await _server.Http.GetAsync("v1/status");
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.ToString());
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
    }

    [GeneratedRegex("""(?:href|src)="([\w.]+)"|from '\./([\w.]+)'""")]
    private static partial Regex NamedFile();

    [GeneratedRegex("""(?:href|src|@import|url\()\W{0,2}(?:https?:)?//""")]
    private static partial Regex OtherHost();
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using Kvs.Core.Engines;
using Kvs.Core.Platform;
using Kvs.Server.Access;
using Kvs.Server.Doors;
using Kvs.Server.Tests.Access;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>Changes as server-sent events.</summary>
public sealed class HttpWatchTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Changes_come_in_order_and_a_watch_goes_on_behind_the_last_one()
    {
        await using var server = await OpenAsync();
        await using var first = await EventStream.OpenAsync(server, "/v1/watch?prefix=a");
        Assert.NotEmpty((await first.ReadAsync()).Id);
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/a1?ttl=1h", "one", "Content-Type: text/plain"));
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/b", "not wanted"));
        Assert.Equal("204", await server.ReadAsync("DELETE /v1/kv/a1"));
        var set = await first.ReadAsync();
        Assert.Equal("set", set.Event);
        Assert.Equal("a1", set.Data.GetProperty("key").GetString());
        Assert.Equal("one", set.Data.GetProperty("value").GetString());
        Assert.Equal("text/plain", set.Data.GetProperty("content_type").GetString());
        Assert.EndsWith("Z", set.Data.GetProperty("expires_at").GetString()!, StringComparison.Ordinal);
        var removed = await first.ReadAsync();
        Assert.Equal("removed", removed.Event);
        Assert.False(removed.Data.TryGetProperty("value", out _));
        Assert.False(removed.Data.TryGetProperty("content_type", out _));

        await using var second = await EventStream.OpenAsync(server, "/v1/watch?prefix=a&since=0-0", $"Last-Event-ID: {set.Id}");
        Assert.Equal(set.Id, (await second.ReadAsync()).Id);
        Assert.Equal(removed.Id, (await second.ReadAsync()).Id);
    }

    [Fact]
    public async Task A_watch_since_the_beginning_tells_every_change_once_however_many_there_are()
    {
        await using var server = await OpenAsync();
        for (var batch = 0; batch < 20; batch++)
        {
            var sets = string.Join(',', Enumerable.Range(0, 500).Select(i => $$"""{"op":"set","key":"k{{i}}","value":"{{batch}}"}"""));
            Assert.StartsWith("200", await server.ReadAsync("POST /v1/batch", $$"""{"operations":[{{sets}}]}"""), StringComparison.Ordinal);
        }

        await using var watch = await EventStream.OpenAsync(server, "/v1/watch?since=0-0&keys_only");
        _ = await watch.ReadAsync();
        for (var i = 0; i < 10_000; i++)
        {
            var change = await watch.ReadAsync();
            Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"k{i % 500}"), change.Data.GetProperty("key").GetString());
            Assert.False(change.Data.TryGetProperty("value", out _));
        }
    }

    [Fact]
    public async Task A_watch_of_quiet_keys_tells_how_far_it_has_come()
    {
        var time = new ManualTimeProvider();
        await using var server = await OpenAsync(time);
        await using var watch = await EventStream.OpenAsync(server, "/v1/watch?key=quiet");
        var begun = await watch.ReadAsync();
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/loud", "x"));
        var told = watch.ReadAsync();
        await Until.HoldsAsync(() =>
        {
            time.Advance(StoreWatch.ProgressPeriod);
            return told.IsCompleted;
        });
        var progress = await told;
        Assert.Equal("", progress.Event);
        Assert.NotEqual("", progress.Id);
        Assert.Equal("", begun.Event);
    }

    [Fact]
    public async Task A_stopping_server_ends_its_streams_at_once()
    {
        await using var server = await OpenAsync();
        await using var watch = await EventStream.OpenAsync(server, "/v1/watch");
        _ = await watch.ReadAsync();
        await server.Web.Door.DrainAsync(TimeSpan.FromMinutes(5));
        await Assert.ThrowsAsync<EndOfStreamException>(watch.ReadAsync);
    }

    [Fact]
    public async Task A_stream_ends_with_an_error_when_the_access_of_its_user_is_taken_back()
    {
        using var users = new TestUsers(TestUsers.User("alice", "read"));
        await using var server = await OpenAsync(access: users.Open());
        var proof = Convert.ToBase64String(Encoding.UTF8.GetBytes($"alice:{TestUsers.Password}"));
        await using var watch = await EventStream.OpenAsync(server, "/v1/watch", $"Authorization: Basic {proof}");
        _ = await watch.ReadAsync();
        users.Write(TestUsers.User("bob", "read"));
        var told = await watch.ReadAsync();
        Assert.Equal("error", told.Event);
        Assert.Equal("Unauthenticated", told.Data.GetProperty("code").GetString());
        await Assert.ThrowsAsync<EndOfStreamException>(watch.ReadAsync);
    }

    [Fact]
    public async Task A_change_that_is_large_is_told_within_the_budget_of_all_answers()
    {
        await using var server = await OpenAsync();
        var value = new string('v', 3_000_000);
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/a", "small"));
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/large", value));
        var budget = server.Web.Dispatcher.Budgets.LargeAnswers;
        await budget.AcquireAsync(budget.BytesMax);
        await using var watch = await EventStream.OpenAsync(server, "/v1/watch?since=0-0");
        _ = await watch.ReadAsync();
        Assert.Equal("small", (await watch.ReadAsync()).Data.GetProperty("value").GetString());
        var large = watch.ReadAsync();
        await Until.HoldsAsync(() => !budget.TryAcquire(0));
        Assert.False(large.IsCompleted);
        budget.Release(budget.BytesMax);
        Assert.Equal(value, (await large).Data.GetProperty("value").GetString());
        Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/b", "small again"));
        Assert.Equal("b", (await watch.ReadAsync()).Data.GetProperty("key").GetString());
        Assert.Equal(0, budget.Held);
    }

    [Theory]
    [InlineData("?since=x", 400, "InvalidArgument")]
    [InlineData("?since=0-ffff", 503, "TooStale")]
    [InlineData("?since=1-0", 409, "TokenLost")]
    [InlineData("?prefix=a&key=b", 400, "InvalidArgument")]
    [InlineData("?keys_only=x", 400, "InvalidArgument")]
    [InlineData("?limit=1", 400, "InvalidArgument")]
    public async Task A_watch_from_nowhere_is_refused(string query, int status, string code)
    {
        await using var server = await OpenAsync();
        var answer = await server.ReadAsync($"GET /v1/watch{query}");
        Assert.StartsWith(status.ToString(CultureInfo.InvariantCulture), answer, StringComparison.Ordinal);
        Assert.Contains($"\"code\":\"{code}\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_without_history_refuses()
    {
        await using var server = await HttpFixture.OpenAsync();
        Assert.StartsWith("501", await server.ReadAsync("GET /v1/watch"), StringComparison.Ordinal);
        Assert.Equal(0, server.Web.Dispatcher.Watches.Count);
    }

    private async Task<HttpFixture> OpenAsync(TimeProvider? time = null, IAccess? access = null)
    {
        var engine = await LogEngine.OpenAsync(
            _directory.FullPath, new LogEngineOptions(), KvsEnvironment.Real(), CancellationToken.None);
        return await HttpFixture.OpenAsync(engine, time: time, access: access);
    }

    /// <summary>A stream of events as a client reads it.</summary>
    private sealed class EventStream(HttpResponseMessage answer, StreamReader reader) : IAsyncDisposable
    {
        internal static async Task<EventStream> OpenAsync(HttpFixture server, string target, params string[] headers)
        {
            using var request = server.NewRequest($"GET {target}", null, headers);
            var answer = await server.Web.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.ToString());
            return new EventStream(answer, new StreamReader(await answer.Content.ReadAsStreamAsync()));
        }

        internal async Task<(string Id, string Event, JsonElement Data)> ReadAsync()
        {
            var (id, kind, data) = ("", "", default(JsonElement));
            while (await reader.ReadLineAsync() is { } line)
            {
                if (line.Length == 0)
                {
                    return (id, kind, data);
                }

                var parts = line.Split(": ", 2);
                (id, kind) = (parts[0] == "id" ? parts[1] : id, parts[0] == "event" ? parts[1] : kind);
                data = parts[0] == "data" ? JsonDocument.Parse(parts[1]).RootElement : data;
            }

            throw new EndOfStreamException();
        }

        public ValueTask DisposeAsync()
        {
            reader.Dispose();
            answer.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

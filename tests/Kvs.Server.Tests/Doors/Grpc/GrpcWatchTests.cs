using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Kvs.Core.Engines;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Access;
using Kvs.Server.Doors;
using Kvs.Server.Doors.Grpc;
using Kvs.Server.Doors.Grpc.Contract;
using Kvs.Server.Doors.Grpc.Wire;
using Kvs.Server.Telemetry.Operations;
using Kvs.Server.Tests.Access;
using Kvs.Server.Tests.Doors.Web;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kvs.Server.Tests.Doors.Grpc;

/// <summary>Changes over gRPC: by the stock client of Node, and how a stream ends.</summary>
public sealed class GrpcWatchTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [NodeFact]
    public async Task The_stock_client_of_Node_follows_changes_over_everything_that_happens()
    {
        await using var server = await OpenAsync();
        var folder = Path.Combine(Repository.Root, "src", "Kvs.Server", "Doors", "Grpc", "Contract");
        var (code, text) = await NodeScript.RunAsync("grpc-watch.mjs", $"127.0.0.1:{server.Door.Port}", folder);
        Assert.True(code == 0, text);
        Assert.Equal(6, text.Split('\n').Count(line => line.StartsWith("ok: ", StringComparison.Ordinal)));
        await Until.HoldsAsync(() => server.Dispatcher.Watches.Count == 0);
        Assert.Equal(0, server.Dispatcher.Budgets.LargeAnswers.Held);
    }

    [Fact]
    public async Task A_watch_of_quiet_keys_tells_how_far_it_has_come()
    {
        var time = new ManualTimeProvider();
        await using var server = await OpenAsync(time: time);
        using var watch = await Stream.OpenAsync(server, new WatchRequest { Key = ByteString.CopyFromUtf8("quiet") });
        var begun = await watch.ReadAsync();
        using var set = await Stream.OpenAsync(server, new SetRequest { Key = ByteString.CopyFromUtf8("loud") }, "Set");
        var told = watch.ReadAsync();
        await Until.HoldsAsync(() =>
        {
            time.Advance(StoreWatch.ProgressPeriod);
            return told.IsCompleted;
        });
        Assert.Empty(begun.Changes);
        Assert.Empty((await told).Changes);
        Assert.NotNull((await told).Position);
    }

    [Fact]
    public async Task A_server_that_stops_ends_its_watches_as_unavailable()
    {
        await using var server = await OpenAsync();
        using var watch = await Stream.OpenAsync(server, new WatchRequest());
        _ = await watch.ReadAsync();
        var drained = server.Door.DrainAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(StatusCode.Unavailable, await watch.EndAsync());
        await drained;
        Assert.Equal(0, server.Dispatcher.Watches.Count);
    }

    [Fact]
    public async Task One_watch_too_many_is_refused_and_one_that_is_left_makes_room()
    {
        await using var server = await OpenAsync(watchersMax: 1);
        using (var first = await Stream.OpenAsync(server, new WatchRequest()))
        {
            _ = await first.ReadAsync();
            using var second = await Stream.OpenAsync(server, new WatchRequest());
            Assert.Equal(StatusCode.Unavailable, await second.EndAsync());
        }

        await Until.HoldsAsync(() => server.Dispatcher.Watches.Count == 0);
        using var third = await Stream.OpenAsync(server, new WatchRequest());
        Assert.NotNull(await third.ReadAsync());
    }

    [Fact]
    public async Task A_watch_ends_when_the_access_of_its_user_is_taken_back()
    {
        using var users = new TestUsers(TestUsers.User("alice", "read"));
        await using var server = await OpenAsync(users.Open());
        using var watch = await Stream.OpenAsync(server, new WatchRequest(), user: "alice");
        _ = await watch.ReadAsync();
        users.Write(TestUsers.User("bob", "read"));
        Assert.Equal(StatusCode.Unauthenticated, await watch.EndAsync());
    }

    [Fact]
    public async Task The_slow_log_says_who_called()
    {
        var meter = new OperationMeter(TimeProvider.System) { SlowLog = new SlowLog(TimeSpan.Zero, 10, TimeProvider.System) };
        await using var server = await WebFixture.OpenAsync(NewRoutes, operations: meter);
        var key = ByteString.CopyFromUtf8("a");
        using (var set = await Stream.OpenAsync(server, new SetRequest { Key = key }, "Set"))
        {
            Assert.Equal(StatusCode.Ok, await set.EndAsync());
        }

        using (var get = await Stream.OpenAsync(server, new GetRequest { Key = key }, "Get"))
        {
            Assert.Equal(StatusCode.Ok, await get.EndAsync());
        }

        var entries = meter.SlowLog.Newest(10);
        Assert.Equal(["grpc get", "grpc set"], entries.Select(entry => $"{entry.Door} {entry.Operation}"));
        Assert.All(entries, entry => Assert.StartsWith("127.0.0.1:", entry.Client, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Watch")]
    [InlineData("Scan")]
    [InlineData("Get")]
    public async Task A_client_that_does_not_take_its_answer_loses_the_stream_and_its_share(string method)
    {
        var engine = await LogEngine.OpenAsync(
            _directory.FullPath, new LogEngineOptions(), KvsEnvironment.Real(), CancellationToken.None);
        await using var server = await WebFixture.OpenAsync(calls => NewRoutes(calls, TimeSpan.FromMilliseconds(200)), engine);
        var key = ByteString.CopyFromUtf8("large");
        using (var set = await Stream.OpenAsync(
            server, new SetRequest { Key = key, Value = ByteString.CopyFrom(new byte[5_000_000]) }, "Set"))
        {
            Assert.Equal(StatusCode.Ok, await set.EndAsync());
        }

        IMessage request = method switch
        {
            "Watch" => new WatchRequest { Since = new ChangePosition() },
            "Scan" => new ScanRequest(),
            _ => new GetRequest { Key = key },
        };
        var budget = server.Dispatcher.Budgets.LargeAnswers;
        using var stream = await Stream.OpenAsync(server, request, method);
        await Until.HoldsAsync(() => budget.Held > 0);
        await Until.HoldsAsync(() => budget.Held == 0 && server.Dispatcher.Watches.Count == 0);
        await Assert.ThrowsAnyAsync<Exception>(stream.EndAsync);
        using var other = await Stream.OpenAsync(server, new GetRequest { Key = ByteString.CopyFromUtf8("none") }, "Get");
        Assert.Equal(StatusCode.Ok, await other.EndAsync());
    }

    [Fact]
    public async Task An_engine_without_history_refuses()
    {
        await using var server = await WebFixture.OpenAsync(NewRoutes);
        using var watch = await Stream.OpenAsync(server, new WatchRequest());
        Assert.Equal(StatusCode.Unimplemented, await watch.EndAsync());
    }

    private static GrpcRoutes[] NewRoutes(StoreCalls calls) => NewRoutes(calls, TimeSpan.FromSeconds(30));

    private static GrpcRoutes[] NewRoutes(StoreCalls calls, TimeSpan sendTimeout) =>
    [
        new GrpcRoutes(new KvsAddress("127.0.0.1", 0), 8 * 1024 * 1024, calls, TimeProvider.System, NullLoggerFactory.Instance)
        {
            SendTimeout = sendTimeout,
        },
    ];

    private async Task<WebFixture> OpenAsync(IAccess? access = null, TimeProvider? time = null, int watchersMax = WatchTable.Default)
    {
        var engine = await LogEngine.OpenAsync(
            _directory.FullPath, new LogEngineOptions { HistoryBytes = 8 * 1024 * 1024 }, KvsEnvironment.Real(), CancellationToken.None);
        return await WebFixture.OpenAsync(NewRoutes, engine, time: time, access: access, watchersMax: watchersMax);
    }

    /// <summary>A call as it goes over HTTP/2, and its answer, read message by message.</summary>
    private sealed class Stream(HttpResponseMessage response, System.IO.Stream body) : IDisposable
    {
        internal static async Task<Stream> OpenAsync(WebFixture server, IMessage request, string method = "Watch", string? user = null)
        {
            var message = request.ToByteArray();
            var framed = new byte[5 + message.Length];
            BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
            message.CopyTo(framed, 5);
            using var call = new HttpRequestMessage(HttpMethod.Post, $"/kvs.v1.Kvs/{method}")
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new ByteArrayContent(framed) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
            };
            call.Headers.Authorization = user is null ? null : new AuthenticationHeaderValue(
                "Basic", Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{user}:{TestUsers.Password}")));
            var response = await server.Client.SendAsync(call, HttpCompletionOption.ResponseHeadersRead);
            return new Stream(response, await response.Content.ReadAsStreamAsync());
        }

        internal async Task<WatchResponse> ReadAsync()
        {
            var prefix = new byte[5];
            await body.ReadExactlyAsync(prefix);
            var message = new byte[BinaryPrimitives.ReadInt32BigEndian(prefix.AsSpan(1))];
            await body.ReadExactlyAsync(message);
            return WatchResponse.Parser.ParseFrom(message);
        }

        internal async Task<StatusCode> EndAsync()
        {
            var buffer = new byte[4096];
            while (await body.ReadAsync(buffer) > 0)
            {
            }

            var status = response.TrailingHeaders.Concat(response.Headers).Single(one => one.Key == "grpc-status");
            return (StatusCode)int.Parse(Assert.Single(status.Value), System.Globalization.CultureInfo.InvariantCulture);
        }

        public void Dispose() => response.Dispose();
    }
}

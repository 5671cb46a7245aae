using System.Threading.Channels;
using Google.Protobuf;
using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd;
using Kvs.Server.Cluster.Etcd.Keys;
using Kvs.Server.Cluster.Etcd.Wire;
using Kvs.Server.Tests.Cluster.Etcd.Fake;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Etcd;

/// <summary>A watch over breaks and silence, on a clock that the test moves.</summary>
public sealed class EtcdWatchTests
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);
    private static readonly EtcdKeys _keys = EtcdKeys.Prefix("/kvs/");

    private readonly ManualTimeProvider _clock = new();
    private readonly Channel<WatchCall> _watches = Channel.CreateUnbounded<WatchCall>();

    [Fact]
    public async Task Changes_are_told_from_the_asked_revision_on()
    {
        await using var fake = await FakeEtcd.StartAsync(ReceiveAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, fake));
        await using var watch = client.Watch(_keys, 7);

        var next = watch.NextAsync(CancellationToken.None);
        var server = await AcceptAsync();
        await server.SendAsync(Put(7, "a"), Delete(9, "a"));
        var step = await next.WaitAsync(_patience);

        Assert.Equal(7, server.Create.StartRevision);
        Assert.Equal("/kvs/", server.Create.Key.ToStringUtf8());
        Assert.Equal("/kvs0", server.Create.RangeEnd.ToStringUtf8());
        Assert.Equal([(false, "a", 7L), (true, "a", 9L)], step.Events.Select(one => (one.IsDelete, one.KeyValue.Key, one.KeyValue.ModRevision)));
        Assert.Equal(10, watch.NextRevision);
    }

    [Fact]
    public async Task A_stream_that_breaks_goes_on_elsewhere_after_the_last_event_told()
    {
        await using var one = await FakeEtcd.StartAsync(ReceiveAsync);
        await using var other = await FakeEtcd.StartAsync(ReceiveAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, one, other));
        await using var watch = client.Watch(_keys, 1);
        var next = watch.NextAsync(CancellationToken.None);
        var first = await AcceptAsync();
        await first.SendAsync(Put(3, "a"));
        await next.WaitAsync(_patience);

        next = watch.NextAsync(CancellationToken.None);
        first.Break();
        var second = await AcceptAsync();

        // A member that tells an event again is not believed twice.
        await second.SendAsync(Put(3, "a"), Put(4, "b"));
        var step = await next.WaitAsync(_patience);

        Assert.Equal(4, second.Create.StartRevision);
        Assert.NotEqual(first.Port, second.Port);
        Assert.Equal("b", Assert.Single(step.Events).KeyValue.Key);
    }

    [Fact]
    public async Task A_silent_member_is_asked_for_a_sign_of_life_and_left_when_it_gives_none()
    {
        await using var one = await FakeEtcd.StartAsync(ReceiveAsync);
        await using var other = await FakeEtcd.StartAsync(ReceiveAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, one, other));
        await using var watch = client.Watch(_keys, 5);
        var next = watch.NextAsync(CancellationToken.None);
        var first = await AcceptAsync();
        await first.SendAsync(Put(5, "a"));
        await next.WaitAsync(_patience);
        next = watch.NextAsync(CancellationToken.None);

        // The answer to a progress request may be ahead of events that are still to come.
        await PassAsync(TimeSpan.FromSeconds(1));
        await first.ProgressAsked(1);
        await IsDueAsync(TimeSpan.FromMilliseconds(500));
        await first.SendProgressAsync(revision: 100);
        await PassAsync(TimeSpan.FromSeconds(1));
        await first.ProgressAsked(2);
        await PassAsync(TimeSpan.FromMilliseconds(500));
        var second = await AcceptAsync();

        Assert.NotEqual(first.Port, second.Port);
        Assert.Equal(6, second.Create.StartRevision);
        await second.SendAsync(Put(6, "a"));
        Assert.Single((await next.WaitAsync(_patience)).Events);
        Assert.Null(watch.LastFailure);
    }

    [Fact]
    public async Task A_silent_connection_is_left_for_another_where_there_is_no_other_member()
    {
        await using var fake = await FakeEtcd.StartAsync(ReceiveAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, fake));
        await using var watch = client.Watch(_keys, 5);
        var next = watch.NextAsync(CancellationToken.None);
        var first = await AcceptAsync();
        await first.SendAsync(Put(5, "a"));
        await next.WaitAsync(_patience);
        next = watch.NextAsync(CancellationToken.None);
        await PassAsync(TimeSpan.FromSeconds(1));
        await first.ProgressAsked(1);
        await PassAsync(TimeSpan.FromMilliseconds(500));
        await PassPauseAsync();
        var second = await AcceptAsync();

        Assert.NotEqual(first.Connection, second.Connection);
        await second.SendAsync(Put(6, "a"));
        Assert.Single((await next.WaitAsync(_patience)).Events);
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_loses_nothing()
    {
        await using var fake = await FakeEtcd.StartAsync(ReceiveAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, fake));
        await using var watch = client.Watch(_keys, 1);
        using var stop = new CancellationTokenSource();
        var abandoned = watch.NextAsync(stop.Token);
        var server = await AcceptAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned.WaitAsync(_patience));

        await server.SendAsync(Put(2, "a"));
        var step = await watch.NextAsync(CancellationToken.None).WaitAsync(_patience);

        Assert.Equal("a", Assert.Single(step.Events).KeyValue.Key);
        Assert.Single(fake.Calls);
    }

    [Fact]
    public async Task A_compacted_revision_is_told()
    {
        await using var fake = await FakeEtcd.StartAsync(ReceiveAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, fake));
        await using var watch = client.Watch(_keys, 5);
        var next = watch.NextAsync(CancellationToken.None);

        await (await AcceptAsync()).SendAsync(new WatchResponse { Canceled = true, CompactRevision = 9 });
        var step = await next.WaitAsync(_patience);

        Assert.True(step.IsCompacted);
        Assert.Equal(9, step.CompactedAt);
    }

    [Fact]
    public async Task A_watch_without_the_right_ends_with_the_reason()
    {
        await using var fake = await FakeEtcd.StartAsync(ReceiveAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, fake));
        await using var watch = client.Watch(_keys, 5);
        var next = watch.NextAsync(CancellationToken.None);

        await (await AcceptAsync()).SendAsync(new WatchResponse { Canceled = true, CancelReason = "etcdserver: permission denied" });
        var failure = await Assert.ThrowsAnyAsync<KvsException>(() => next.WaitAsync(_patience));

        Assert.Equal(ErrorCode.Configuration, failure.Code);
        Assert.Contains("etcdserver: permission denied", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_refused_for_its_token_logs_in_again_and_goes_on()
    {
        var logins = 0;
        await using var fake = await FakeEtcd.StartAsync(context =>
        {
            var isLogin = context.Request.Path.Value!.EndsWith("/Authenticate", StringComparison.Ordinal);
            return isLogin
                ? FakeEtcd.AnswerAsync(context, new AuthenticateResponse { Token = $"token-{++logins}" })
                : ReceiveAsync(context);
        });
        var options = FakeOptions.For(_clock, fake) with { Credentials = new EtcdCredentials("ada", "pw") };
        using var client = new EtcdClient(options);
        await using var watch = client.Watch(_keys, 5);
        var refusal = new WatchResponse { Canceled = true, CancelReason = "etcdserver: permission denied" };
        var next = watch.NextAsync(CancellationToken.None);

        await (await AcceptAsync()).SendAsync(refusal);
        await PassPauseAsync();
        await (await AcceptAsync()).SendAsync(Put(6, "a"));
        await next.WaitAsync(_patience);

        Assert.Equal(["Authenticate", "Watch", "Authenticate", "Watch"], fake.Calls);
    }

    [Fact]
    public void A_watch_from_no_revision_is_refused()
    {
        using var client = new EtcdClient(FakeOptions.For(_clock, new Uri("http://127.0.0.1:1")));

        Assert.Throws<ArgumentOutOfRangeException>(() => client.Watch(_keys, 0));
    }

    private static Event Put(long revision, string key) => Change(Event.Types.EventType.Put, revision, key);

    private static Event Delete(long revision, string key) => Change(Event.Types.EventType.Delete, revision, key);

    private static Event Change(Event.Types.EventType type, long revision, string key) =>
        new() { Type = type, Kv = new KeyValue { Key = ByteString.CopyFromUtf8(key), ModRevision = revision } };

    /// <summary>Moves the clock when a timer is armed for that time: not before the watch waits for it.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        await IsDueAsync(time);
        _clock.Advance(time);
    }

    /// <summary>Moves the clock over the pause before the only endpoint is tried again, which is random and short.</summary>
    private async Task PassPauseAsync()
    {
        var pauseMax = TimeSpan.FromMilliseconds(150);
        await Until.HoldsAsync(() => _clock.NextDue is { } due && _clock.GetElapsedTime(_clock.GetTimestamp(), due) <= pauseMax);
        _clock.Advance(pauseMax);
    }

    private Task IsDueAsync(TimeSpan time) =>
        Until.HoldsAsync(() => _clock.NextDue is { } due && _clock.GetElapsedTime(_clock.GetTimestamp(), due) == time);

    private async Task<WatchCall> AcceptAsync() => await _watches.Reader.ReadAsync().AsTask().WaitAsync(_patience);

    /// <summary>The server's side of a watch: hands it to the test, then counts the progress requests.</summary>
    private async Task ReceiveAsync(HttpContext context)
    {
        var request = await FakeEtcd.ReadAsync(context, WatchRequest.Parser);
        var call = new WatchCall(context, request.CreateRequest);
        await FakeEtcd.SendAsync(context, new WatchResponse { Created = true });
        await _watches.Writer.WriteAsync(call);
        while (!context.RequestAborted.IsCancellationRequested)
        {
            var next = await FakeEtcd.ReadAsync(context, WatchRequest.Parser);
            Assert.NotNull(next.ProgressRequest);
            call.CountProgress();
        }
    }

    private sealed class WatchCall(HttpContext context, WatchCreateRequest create)
    {
        private int _progressCount;

        internal WatchCreateRequest Create => create;

        internal int Port { get; } = context.Connection.LocalPort;

        internal string Connection { get; } = context.Connection.Id;

        internal void CountProgress() => Interlocked.Increment(ref _progressCount);

        internal Task ProgressAsked(int times) => Until.HoldsAsync(() => Volatile.Read(ref _progressCount) == times);

        internal Task SendAsync(params Event[] events)
        {
            var response = new WatchResponse();
            response.Events.Add(events);
            return SendAsync(response);
        }

        internal Task SendProgressAsync(long revision) =>
            SendAsync(new WatchResponse { WatchId = -1, Header = new ResponseHeader { Revision = revision } });

        internal Task SendAsync(WatchResponse response) => FakeEtcd.SendAsync(context, response);

        internal void Break() => context.Abort();
    }
}

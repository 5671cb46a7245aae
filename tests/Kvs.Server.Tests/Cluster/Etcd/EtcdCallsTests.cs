using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd;
using Kvs.Server.Cluster.Etcd.Grpc;
using Kvs.Server.Cluster.Etcd.Keys;
using Kvs.Server.Cluster.Etcd.Wire;
using Kvs.Server.Tests.Cluster.Etcd.Fake;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Etcd;

/// <summary>Which endpoint a call goes to, when it goes to another, and what is said of a write.</summary>
public sealed class EtcdCallsTests
{
    private static readonly EtcdKeys _key = EtcdKeys.One("k");

    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public async Task A_paused_member_costs_one_call_its_time_and_the_next_call_nothing()
    {
        // Whoever is asked first is paused from then on.
        var pausedPort = 0;
        Task AnswerAsync(HttpContext context)
        {
            var port = context.Connection.LocalPort;
            Interlocked.CompareExchange(ref pausedPort, port, 0);
            return port == pausedPort
                ? FakeEtcd.Stall(context)
                : FakeEtcd.AnswerAsync(context, new RangeResponse { Header = new ResponseHeader { Revision = 5 } });
        }

        await using var one = await FakeEtcd.StartAsync(AnswerAsync);
        await using var other = await FakeEtcd.StartAsync(AnswerAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, one, other));

        var first = client.RangeAsync(_key, isSerializable: false, CancellationToken.None);
        await Until.HoldsAsync(() => one.Calls.Count + other.Calls.Count == 1);
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(5, (await first.WaitAsync(_patience)).Revision);

        // The clock stands still: a second wait for the paused member would never end.
        var second = client.RangeAsync(_key, isSerializable: false, CancellationToken.None);
        Assert.Equal(5, (await second.WaitAsync(_patience)).Revision);
        Assert.Equal([1, 2], new[] { one.Calls.Count, other.Calls.Count }.Order());
    }

    [Fact]
    public async Task A_caller_with_less_patience_does_not_meet_a_paused_member_twice()
    {
        await using var one = await FakeEtcd.StartAsync(FakeEtcd.Stall);
        await using var other = await FakeEtcd.StartAsync(FakeEtcd.Stall);
        using var client = new EtcdClient(FakeOptions.For(_clock, one, other));
        for (var call = 1; call <= 2; call++)
        {
            using var patience = new CancellationTokenSource();
            var read = client.RangeAsync(_key, isSerializable: false, patience.Token);
            await Until.HoldsAsync(() => one.Calls.Count + other.Calls.Count == call);
            await patience.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read.WaitAsync(_patience));
        }

        Assert.Equal([1, 1], new[] { one.Calls.Count, other.Calls.Count });
    }

    [Fact]
    public async Task A_connection_on_which_no_answer_came_in_time_is_used_for_no_further_call()
    {
        // As after a cut of the network: what goes over the old connection stays away for long, though the member is back.
        string? cut = null;
        await using var fake = await FakeEtcd.StartAsync(context =>
        {
            Interlocked.CompareExchange(ref cut, context.Connection.Id, null);
            return context.Connection.Id == cut
                ? FakeEtcd.Stall(context)
                : FakeEtcd.AnswerAsync(context, new RangeResponse { Header = new ResponseHeader { Revision = 5 } });
        });
        using var client = new EtcdClient(FakeOptions.For(_clock, fake));

        var late = client.RangeAsync(_key, isSerializable: false, CancellationToken.None);
        await Until.HoldsAsync(() => fake.Calls.Count == 1);
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        await Assert.ThrowsAsync<KvsUnavailableException>(() => late.WaitAsync(_patience));

        var next = client.RangeAsync(_key, isSerializable: false, CancellationToken.None);
        Assert.Equal(5, (await next.WaitAsync(_patience)).Revision);
    }

    [Fact]
    public async Task A_read_that_no_endpoint_answers_tells_of_all_of_them()
    {
        await using var one = await FakeEtcd.StartAsync(NoLeader);
        await using var other = await FakeEtcd.StartAsync(NoLeader);
        using var client = new EtcdClient(FakeOptions.For(_clock, one, other));

        var failure = await Assert.ThrowsAsync<KvsUnavailableException>(
            () => client.RangeAsync(_key, isSerializable: false, CancellationToken.None));

        Assert.Equal(ErrorCode.Unreachable, failure.Code);
        Assert.Contains($":{one.Address.Port},", failure.Message, StringComparison.Ordinal);
        Assert.Contains($":{other.Address.Port},", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_write_that_may_have_been_sent_is_unknown_and_not_repeated()
    {
        await using var one = await FakeEtcd.StartAsync(FakeEtcd.Stall);
        await using var other = await FakeEtcd.StartAsync(FakeEtcd.Stall);
        using var client = new EtcdClient(FakeOptions.For(_clock, one, other));

        var write = client.TxnAsync(new EtcdTxn().IfModRevision("k", 3).Put("k", "v"u8), CancellationToken.None);
        await Until.HoldsAsync(() => one.Calls.Count + other.Calls.Count == 1);
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        var result = await write.WaitAsync(_patience);

        Assert.Equal(EtcdWriteState.Unknown, result.State);
        Assert.Equal(GrpcStatus.DeadlineExceeded, result.Failure?.Status);
        Assert.Equal(1, one.Calls.Count + other.Calls.Count);
    }

    [Fact]
    public async Task A_write_goes_on_to_the_next_endpoint_when_the_first_was_not_reached()
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var gone = await FakeEtcd.StartAsync(NoLeader);
            var goneAddress = gone.Address;
            await gone.DisposeAsync();
            await using var there = await FakeEtcd.StartAsync(context => FakeEtcd.AnswerAsync(context, new PutResponse()));
            var options = FakeOptions.For(_clock, goneAddress, there.Address) with { Random = new Random(seed) };
            using var client = new EtcdClient(options);

            var write = await client.PutAsync("k", "v"u8.ToArray(), 0, CancellationToken.None);

            Assert.Equal(EtcdWriteState.Done, write.State);
        }
    }

    [Fact]
    public async Task A_write_that_no_endpoint_got_is_refused()
    {
        var gone = await FakeEtcd.StartAsync(NoLeader);
        var address = gone.Address;
        await gone.DisposeAsync();
        using var client = new EtcdClient(FakeOptions.For(_clock, address));

        var write = await client.PutAsync("k", "v"u8.ToArray(), 0, CancellationToken.None);

        Assert.Equal(EtcdWriteState.Refused, write.State);
        Assert.NotNull(write.Failure);
    }

    [Fact]
    public async Task A_write_refused_by_the_server_is_refused_and_not_tried_elsewhere()
    {
        await using var one = await FakeEtcd.StartAsync(Denied);
        await using var other = await FakeEtcd.StartAsync(Denied);
        using var client = new EtcdClient(FakeOptions.For(_clock, one, other));

        var write = await client.PutAsync("k", "v"u8.ToArray(), 0, CancellationToken.None);

        Assert.Equal(EtcdWriteState.Refused, write.State);
        Assert.Equal(GrpcStatus.PermissionDenied, write.Failure?.Status);
        Assert.Equal(1, one.Calls.Count + other.Calls.Count);
    }

    [Fact]
    public async Task One_login_serves_all_calls_until_its_token_is_forgotten()
    {
        var tokens = 0;
        var known = "";
        async Task AnswerAsync(HttpContext context)
        {
            if (context.Request.Path.Value!.EndsWith("/Authenticate", StringComparison.Ordinal))
            {
                var login = await FakeEtcd.ReadAsync(context, AuthenticateRequest.Parser);
                known = $"{login.Name}-{login.Password}-{++tokens}";
                await FakeEtcd.AnswerAsync(context, new AuthenticateResponse { Token = known });
            }
            else if (context.Request.Headers["token"] == known)
            {
                await FakeEtcd.AnswerAsync(context, new PutResponse());
            }
            else
            {
                await FakeEtcd.Refuse(context, GrpcStatus.Unauthenticated, "etcdserver: invalid auth token");
            }
        }

        await using var fake = await FakeEtcd.StartAsync(AnswerAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, fake) with { Credentials = new EtcdCredentials("ada", "pw") });
        async Task PutAsync() =>
            Assert.Equal(EtcdWriteState.Done, (await client.PutAsync("k", default, 0, CancellationToken.None)).State);

        await PutAsync();
        await PutAsync();
        known = "forgotten";
        await PutAsync();

        Assert.Equal(["Authenticate", "Put", "Put", "Put", "Authenticate", "Put"], fake.Calls);
        Assert.Equal("ada-pw-2", known);
    }

    [Fact]
    public async Task A_login_that_fails_is_told_and_the_write_was_not_sent()
    {
        await using var fake = await FakeEtcd.StartAsync(context =>
            FakeEtcd.Refuse(context, GrpcStatus.InvalidArgument, "etcdserver: authentication failed, invalid user ID or password"));
        using var client = new EtcdClient(FakeOptions.For(_clock, fake) with { Credentials = new EtcdCredentials("ada", "pw") });

        var write = await client.PutAsync("k", default, 0, CancellationToken.None);

        Assert.Equal(EtcdWriteState.Refused, write.State);
        Assert.Contains("call Authenticate: etcdserver: authentication failed", write.Failure?.Message, StringComparison.Ordinal);
        Assert.Equal(["Authenticate"], fake.Calls);
    }

    private static Task NoLeader(HttpContext context) =>
        FakeEtcd.Refuse(context, GrpcStatus.Unavailable, "etcdserver: no leader");

    private static Task Denied(HttpContext context) =>
        FakeEtcd.Refuse(context, GrpcStatus.PermissionDenied, "etcdserver: permission denied");
}

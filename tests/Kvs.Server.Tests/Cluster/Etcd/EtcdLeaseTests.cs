using System.Threading.Channels;
using Kvs.Server.Cluster.Etcd;
using Kvs.Server.Cluster.Etcd.Leases;
using Kvs.Server.Cluster.Etcd.Wire;
using Kvs.Server.Tests.Cluster.Etcd.Fake;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Etcd;

/// <summary>The keepalive of a lease, on a clock that the test moves.</summary>
public sealed class EtcdLeaseTests
{
    private const long LeaseId = 42;

    private static readonly TimeSpan _timeToLive = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan _second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly Channel<Keepalive> _keepalives = Channel.CreateUnbounded<Keepalive>();

    [Fact]
    public async Task A_keepalive_goes_out_each_second_on_one_stream()
    {
        await using var fake = await FakeEtcd.StartAsync(ReceiveAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, fake));
        await using var lease = Keep(client);

        for (var count = 0; count < 5; count++)
        {
            await AnswerNextAsync(lease);
            Assert.Equal(_timeToLive, lease.Remaining);
            await AdvanceOnePauseAsync(_second);
        }

        Assert.Single(fake.Calls);
        Assert.True(lease.IsHeld);
    }

    [Fact]
    public async Task After_one_missed_answer_a_new_stream_goes_to_another_endpoint()
    {
        await using var one = await FakeEtcd.StartAsync(ReceiveAsync);
        await using var other = await FakeEtcd.StartAsync(ReceiveAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, one, other));
        await using var lease = Keep(client);
        await AnswerNextAsync(lease);
        var first = lease.Member;
        await AdvanceOnePauseAsync(_second);

        var missed = await NextAsync();
        _clock.Advance(TimeSpan.FromMilliseconds(500));
        await AnswerNextAsync(lease);

        Assert.Equal(first!.Port, missed.Port);
        Assert.NotEqual(first, lease.Member);
        Assert.Equal([1, 1], new[] { one.Calls.Count, other.Calls.Count });
        Assert.Equal(_timeToLive, lease.Remaining);
        Assert.True(lease.IsHeld);
    }

    [Fact]
    public async Task The_time_counts_from_the_sending_of_what_was_answered()
    {
        await using var fake = await FakeEtcd.StartAsync(ReceiveAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, fake));
        await using var lease = Keep(client);

        var keepalive = await NextAsync();
        _clock.Advance(TimeSpan.FromMilliseconds(300));
        keepalive.Answer(TimeSpan.FromSeconds(7));
        await Until.HoldsAsync(() => lease.Remaining > _timeToLive);

        Assert.Equal(TimeSpan.FromSeconds(6.7), lease.Remaining);
    }

    [Fact]
    public async Task A_lease_that_etcd_no_longer_knows_is_lost()
    {
        await using var fake = await FakeEtcd.StartAsync(ReceiveAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, fake));
        await using var lease = Keep(client);

        (await NextAsync()).Answer(TimeSpan.Zero);

        Assert.Equal(EtcdLeaseState.Lost, await lease.Ended.WaitAsync(_patience));
        Assert.False(lease.IsHeld);
    }

    [Fact]
    public async Task Without_answers_a_lease_runs_out_exactly_when_its_time_is_up()
    {
        await using var one = await FakeEtcd.StartAsync(FakeEtcd.Stall);
        await using var other = await FakeEtcd.StartAsync(FakeEtcd.Stall);
        using var client = new EtcdClient(FakeOptions.For(_clock, one, other));
        var grantedAt = _clock.GetTimestamp();
        await using var lease = Keep(client);

        while (!lease.Ended.IsCompleted)
        {
            Assert.True(_clock.GetElapsedTime(grantedAt) <= _timeToLive, "It did not notice that its time was up.");
            await AdvanceToNextDueAsync(lease);
        }

        Assert.Equal(EtcdLeaseState.RanOut, await lease.Ended);
        Assert.Equal(_timeToLive, _clock.GetElapsedTime(grantedAt));
        Assert.Equal(TimeSpan.Zero, lease.Remaining);
        Assert.NotNull(lease.LastFailure);
    }

    [Fact]
    public async Task A_node_that_may_not_keep_its_lease_lets_it_run_out()
    {
        var isHealthy = true;
        await using var fake = await FakeEtcd.StartAsync(ReceiveAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, fake));
        await using var lease = Keep(client, () => isHealthy);
        await AnswerNextAsync(lease);

        isHealthy = false;
        while (!lease.Ended.IsCompleted)
        {
            await AdvanceToNextDueAsync(lease);
        }

        Assert.Equal(EtcdLeaseState.RanOut, await lease.Ended);

        // A keepalive that was sent would have missed its answer.
        Assert.Null(lease.LastFailure);
    }

    [Fact]
    public async Task Disposing_stops_the_keepalive_and_says_so()
    {
        await using var fake = await FakeEtcd.StartAsync(ReceiveAsync);
        using var client = new EtcdClient(FakeOptions.For(_clock, fake));
        var lease = Keep(client);
        await AnswerNextAsync(lease);

        await lease.DisposeAsync();

        Assert.Equal(EtcdLeaseState.Stopped, await lease.Ended);
    }

    private EtcdLease Keep(EtcdClient client, Func<bool>? mayKeep = null) =>
        client.Keep(new EtcdGrant(LeaseId, _timeToLive, _clock.GetTimestamp()), mayKeep ?? (static () => true));

    /// <summary>The server's side of a stream: hands each keepalive to the test, which answers it or does not.</summary>
    private async Task ReceiveAsync(HttpContext context)
    {
        while (true)
        {
            var request = await FakeEtcd.ReadAsync(context, LeaseKeepAliveRequest.Parser);
            var keepalive = new Keepalive(request.ID, context.Connection.LocalPort);
            await _keepalives.Writer.WriteAsync(keepalive);
            var timeToLive = await keepalive.Answered.WaitAsync(context.RequestAborted);
            await FakeEtcd.SendAsync(context, new LeaseKeepAliveResponse { ID = request.ID, TTL = (long)timeToLive.TotalSeconds });
        }
    }

    private async Task<Keepalive> NextAsync()
    {
        var keepalive = await _keepalives.Reader.ReadAsync().AsTask().WaitAsync(_patience);
        Assert.Equal(LeaseId, keepalive.Id);
        return keepalive;
    }

    /// <summary>Answers the next keepalive, and waits until the lease has heard it.</summary>
    private async Task AnswerNextAsync(EtcdLease lease)
    {
        (await NextAsync()).Answer(_timeToLive);
        await Until.HoldsAsync(() => lease.Remaining == _timeToLive && lease.LastFailure is null && IsPausing(_second));
    }

    /// <summary>Whether the next timer is a whole pause away: the keepalive's own deadline is nearer.</summary>
    private bool IsPausing(TimeSpan pause) =>
        _clock.NextDue is { } due && _clock.GetElapsedTime(_clock.GetTimestamp(), due) == pause;

    private async Task AdvanceOnePauseAsync(TimeSpan pause)
    {
        await Until.HoldsAsync(() => IsPausing(pause));
        _clock.Advance(pause);
    }

    private async Task AdvanceToNextDueAsync(EtcdLease lease)
    {
        await Until.HoldsAsync(() => lease.Ended.IsCompleted || _clock.NextDue is not null);
        if (!lease.Ended.IsCompleted)
        {
            _clock.AdvanceTo(_clock.NextDue!.Value);
        }
    }

    private sealed record Keepalive(long Id, int Port)
    {
        private readonly TaskCompletionSource<TimeSpan> _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task<TimeSpan> Answered => _answered.Task;

        internal void Answer(TimeSpan timeToLive) => _answered.SetResult(timeToLive);
    }
}

using Kvs.Core.Client.Connections;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Replication;
using Kvs.Server.Cluster.Driver;
using Kvs.Server.Cluster.Forwarding;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Kvs.TestKit.Network;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Forwarding;

/// <summary>The way to the primary while it is gone without a word, and another one takes over.</summary>
public sealed class PrimaryConnectionTests : IAsyncDisposable
{
    private const int Callers = 20;

    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50);

    private readonly SimulatedEnvironment _machine = new(seed: 1);
    private readonly MemoryTransport _transport = new();
    private readonly IListener _silent;
    private readonly DoorFixture _door;
    private readonly PrimaryConnection _primary;
    private NodeStatus _status;

    public PrimaryConnectionTests()
    {
        _silent = _transport.Listen("memory", 0); // it takes connections, and never says a word
        _door = DoorFixture.Open(transport: _transport);
        _status = LedBy(_silent.Port);
        _primary = new PrimaryConnection(_transport, _machine.Environment, () => _status);
    }

    public async ValueTask DisposeAsync()
    {
        await _primary.DisposeAsync();
        await _door.DisposeAsync();
        _silent.Dispose();
    }

    // After a failover, writes through the other nodes stood still for seconds: whoever waited went on to knock at the old
    // primary's door, each a second, one behind the other.
    [Fact]
    public async Task All_who_wait_for_the_old_primary_go_to_the_new_one_as_soon_as_it_is_known()
    {
        var waiting = Connect();
        await Until.HoldsAsync(() => _machine.Time.NextDue == s_look.Ticks);
        _status = LedBy(_door.Port);
        _machine.Time.Advance(s_look);
        var connections = await Task.WhenAll(waiting).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Single(connections.Distinct());
    }

    [Fact]
    public async Task One_attempt_speaks_for_all_who_wait()
    {
        var waiting = Connect();
        await Until.HoldsAsync(() => _machine.Time.NextDue is not null);
        _machine.Time.Advance(TimeSpan.FromSeconds(1));
        foreach (var caller in waiting)
        {
            var failure = await Assert.ThrowsAsync<KvsUnavailableException>(() => caller.WaitAsync(TimeSpan.FromSeconds(20)));
            Assert.Equal((ErrorCode.Unreachable, WriteOutcome.NotApplied), (failure.Code, failure.Outcome));
        }
    }

    [Fact]
    public async Task Who_leads_itself_by_now_knocks_at_nobodys_door()
    {
        var waiting = Connect();
        await Until.HoldsAsync(() => _machine.Time.NextDue == s_look.Ticks);
        _status = LedBy(_door.Port) with { Role = NodeRole.Recovering };
        _machine.Time.Advance(s_look);
        foreach (var caller in waiting)
        {
            await Assert.ThrowsAsync<KvsNotPrimaryException>(() => caller.WaitAsync(TimeSpan.FromSeconds(20)));
        }
    }

    private static NodeStatus LedBy(int port) =>
        NodeStatus.Unknown with { Role = NodeRole.Follower, Primary = "p", PrimaryAddress = $"memory:{port}" };

    private List<Task<KvsConnection>> Connect() =>
        [.. Enumerable.Range(0, Callers).Select(_ => _primary.ConnectAsync(CancellationToken.None).AsTask())];
}

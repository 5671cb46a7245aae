using System.Text;
using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Driver;
using Kvs.Server.Cluster.Forwarding;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Kvs.TestKit.Network;
using Xunit;
using NodeRole = Kvs.Core.Replication.NodeRole;

namespace Kvs.Server.Tests.Cluster.Forwarding;

/// <summary>The way to the primary while it is gone without a word, and another one takes over.</summary>
public sealed class PrimaryConnectionTests : IAsyncDisposable
{
    private const int Callers = 20;

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
        Become(LedBy(_door.Port));
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
        Become(LedBy(_door.Port) with { Role = NodeRole.Recovering });
        foreach (var caller in waiting)
        {
            await Assert.ThrowsAsync<KvsNotPrimaryException>(() => caller.WaitAsync(TimeSpan.FromSeconds(20)));
        }
    }

    // Clients that had written through this node just before the primary was cut off waited for two seconds more than the
    // election took, and all that they asked behind that with them.
    [Fact]
    public async Task What_waits_for_the_old_primary_is_given_up_soon_after_another_one_is_known()
    {
        var engine = new GatedEngine();
        await using var old = DoorFixture.Open(engine: engine, transport: _transport);
        Become(LedBy(old.Port));
        var connection = await _primary.ConnectAsync(CancellationToken.None);
        var waiting = connection.CallAsync(PrimaryCalls.Write, Write("a"), default, CancellationToken.None);
        Become(LedBy(_door.Port));
        Assert.False(waiting.IsCompleted);
        await Until.HoldsAsync(() => _machine.Time.NextDue is not null);
        _machine.Time.Advance(TimeSpan.FromMilliseconds(500));
        var failure = await Assert.ThrowsAsync<KvsUnavailableException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal((ErrorCode.OutcomeUnknown, WriteOutcome.Unknown), (failure.Code, failure.Outcome));
        engine.Release();
    }

    private static WriteRequest Write(string key)
    {
        var request = new WriteRequest();
        request.Operations.Add(new Operation { Kind = OperationKind.Set, Key = Encoding.UTF8.GetBytes(key) });
        return request;
    }

    private void Become(NodeStatus status)
    {
        _status = status;
        _primary.PrimaryChanged();
    }

    private static NodeStatus LedBy(int port) =>
        NodeStatus.Unknown with { Role = NodeRole.Follower, Primary = "p", PrimaryAddress = $"memory:{port}" };

    private List<Task<KvsConnection>> Connect() =>
        [.. Enumerable.Range(0, Callers).Select(_ => _primary.ConnectAsync(CancellationToken.None).AsTask())];
}

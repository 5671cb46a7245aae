using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication;
using Kvs.Server.Cluster.Driver;
using Kvs.Server.Cluster.Driver.Shipping;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Driver;

/// <summary>What is sent of a log that grows meanwhile.</summary>
public sealed class LogShipperTests : IDisposable, INodeLinks
{
    private readonly SimulatedMember _member = new();
    private readonly List<Append> _sent = [];

    public LogShipperTests()
    {
        _member.Lead(1);
        _member.Log.Commit(1);
        _member.Set("a");
        _member.Set("b");
        Assert.Equal(3UL, _member.Log.Last.Sequence);
    }

    public void Dispose() => _member.Dispose();

    // A primary ended itself by a broken invariant: a frame can be read from the log before the node has heard that it was
    // appended, and the node was told that it had been sent.
    [Fact]
    public void A_frame_that_the_node_has_not_heard_of_yet_is_not_sent()
    {
        using var shipper = new LogShipper(7, this);
        Assert.Equal(new KvsVersion(1, 2), shipper.Ship(_member.Log, Order(after: 0, through: 2))!.Through);
        Assert.Equal(new KvsVersion(1, 3), shipper.Ship(_member.Log, Order(after: 2, through: 3))!.Through);
        Assert.Equal([(1UL, 2UL), (3UL, 3UL)], _sent.Select(static append => (append.First.Sequence, append.Last.Sequence)));
    }

    void INodeLinks.Dial(string peer) => throw new NotSupportedException();

    void INodeLinks.Send(long connection, ClusterMessage message, IDisposable? owner)
    {
        _sent.Add((Append)message);
        owner?.Dispose();
    }

    void INodeLinks.Close(long connection) => throw new NotSupportedException();

    private static NodeOutput.Ship Order(ulong after, ulong through) =>
        new(7, 1, new KvsVersion(after == 0 ? 0UL : 1, after), through, 1_000_000, 0);
}

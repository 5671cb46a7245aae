using Kvs.Core.Platform;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Server.Access;
using Kvs.Server.Cluster.Links;
using Kvs.Server.Doors.Sessions;
using Kvs.Server.Doors.Tcp;
using Kvs.Server.Tests.Doors;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kvs.Server.Tests.Cluster.Links;

/// <summary>A node as far as its links go: a door on a free port, links, and who is told of them. Ownership: of all of it.</summary>
internal sealed class LinkNode : IAsyncDisposable
{
    private readonly DoorFixture _door;

    private LinkNode(LinkOptions? options, DoorOptions? doorOptions, TimeProvider? time, ClusterSecret? secret, ILogger? log)
    {
        _door = DoorFixture.Open(doorOptions);
        Links = new ClusterLinks(options ?? new LinkOptions(), Events, time ?? TimeProvider.System, log ?? NullLogger.Instance)
        {
            Secret = secret,
        };
        _door.Door.AcceptLink = Links.Accept;
    }

    internal LinkEvents Events { get; } = new();

    internal ClusterLinks Links { get; }

    internal TcpDoor Door => _door.Door;

    internal string Address => $"127.0.0.1:{_door.Port}";

    internal static LinkNode Open(
        LinkOptions? options = null, DoorOptions? door = null, TimeProvider? time = null, ClusterSecret? secret = null,
        ILogger? log = null) => new(options, door, time, secret, log);

    /// <summary>Dials another node; both must have nothing left to be looked at.</summary>
    /// <returns>This side's link, and the other's.</returns>
    internal async Task<(ClusterLink Mine, ClusterLink Theirs)> DialAsync(LinkNode other)
    {
        await new LinkDialler(new SocketTransport(), Links).DialAsync(other.Address, other.Address, CancellationToken.None);
        var (mine, _) = await Events.ConnectedAsync();
        mine.Send(new TransferReady(1, 0, Accepted: true)); // the door waits for a first frame
        var (theirs, _) = await other.Events.ConnectedAsync();
        await other.Events.ReceivedAsync<TransferReady>();
        return (mine, theirs);
    }

    /// <summary>Connects with a client that sends what a test wants; this node is told when it has sent something.</summary>
    internal Task<WireClient> ConnectRawAsync(int? receiveBytes = null) => WireClient.ConnectRawAsync(_door.Port, receiveBytes);

    public async ValueTask DisposeAsync()
    {
        await Links.DisposeAsync();
        await _door.DisposeAsync();
    }
}

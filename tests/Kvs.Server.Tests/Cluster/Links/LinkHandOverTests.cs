using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Server.Tests.Doors;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Links;

/// <summary>One port for all: what another node sends first decides who serves the connection.</summary>
public sealed class LinkHandOverTests
{
    private static readonly byte[] _first = Sent.Encode(new LogStateRequest(1, 2, "n1:1", "n2:1", ["n1:1", "n2:1"]));

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(21)]
    [InlineData(1000)]
    public async Task A_link_gets_the_bytes_that_the_door_has_received_and_goes_on_behind_them(int pieceBytes)
    {
        await using var node = LinkNode.Open();
        using var client = await node.ConnectRawAsync();
        byte[] sent = [.. _first, .. Sent.Encode(Sent.Ack(5)), .. Sent.Encode(Sent.Append(6, 3000))];
        foreach (var piece in sent.Chunk(pieceBytes))
        {
            await client.SendRawAsync(piece);
        }

        var (_, peer) = await node.Events.ConnectedAsync();
        Assert.Null(peer);
        Assert.Equal(_first, Sent.Encode(await node.Events.ReceivedAsync<LogStateRequest>()));
        Assert.Equal(Sent.Ack(5), await node.Events.ReceivedAsync<AppendAck>());
        var append = await node.Events.HeldAsync();
        Assert.Equal(Sent.Bytes(6, 3000), Assert.IsType<Append>(append.Message).Frames.ToArray());
        append.Release();
    }

    [Fact]
    public async Task A_server_in_no_cluster_refuses_another_nodes_frames()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectRawAsync(server.Port);
        await client.SendRawAsync(_first);
        Assert.Equal(ErrorCode.Protocol, WireClient.ErrorOf(await client.ReadAsync()).Code);
        client.FinishSending();
        await client.WaitForCloseAsync();
    }

    [Fact]
    public async Task Clients_are_served_as_ever_and_cannot_become_a_link_later()
    {
        await using var node = LinkNode.Open();
        using var client = await WireClient.ConnectAsync(node.Door.Port);
        await client.Set(2, "a", "1").SendAsync();
        await client.ReadAppliedAsync(2);
        await client.SendRawAsync(_first);
        Assert.Equal(ErrorCode.UnknownOpcode, WireClient.ErrorOf(await client.ReadAsync()).Code);
        Assert.True(node.Events.IsEmpty);
    }

    [Fact]
    public async Task Clients_that_take_all_connections_keep_no_node_out()
    {
        await using var node = LinkNode.Open(door: DoorFixture.Options with { ConnectionsMax = 1 });
        using var client = await WireClient.ConnectAsync(node.Door.Port);
        using var other = await node.ConnectRawAsync();
        await other.SendRawAsync(_first);
        await node.Events.ConnectedAsync();
        await node.Events.ReceivedAsync<LogStateRequest>();

        using var refused = await node.ConnectRawAsync();
        await refused.Write(target => WireClient.NewHello().Write(target, 1)).SendAsync();
        Assert.Equal(ErrorCode.TooManyConnections, WireClient.ErrorOf(await refused.ReadAsync()).Code);
    }

    [Fact]
    public async Task Links_stay_when_the_door_has_closed()
    {
        await using var node = LinkNode.Open();
        using var client = await node.ConnectRawAsync();
        await client.SendRawAsync(_first);
        await node.Events.ConnectedAsync();
        await node.Events.ReceivedAsync<LogStateRequest>();
        await node.Door.DrainAsync(TimeSpan.Zero);
        await client.SendRawAsync(Sent.Encode(Sent.Ack(1)));
        Assert.Equal(Sent.Ack(1), await node.Events.ReceivedAsync<AppendAck>());
    }
}

using System.Buffers.Binary;
using Kvs.Core.Protocol.Cluster;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Server.Cluster.Links;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Links;

/// <summary>How links end: here, there, and by what makes no sense.</summary>
public sealed class LinkCloseTests
{
    private const int MiB = 1024 * 1024;

    [Fact]
    public async Task Closing_sends_what_was_queued_first_and_tells_the_other_side_only()
    {
        const int Count = 20;
        await using var a = LinkNode.Open();
        await using var b = LinkNode.Open();
        var (mine, _) = await a.DialAsync(b);
        for (var i = 0; i < Count; i++)
        {
            mine.Send(Sent.Append(i, MiB));
        }

        var goodbye = new Goodbye(1, GoodbyeReason.Stopping, 5);
        mine.Send(goodbye);
        mine.Close();
        mine.Close();
        Assert.False(mine.Send(Sent.Ack(1)));
        for (var i = 0; i < Count; i++)
        {
            var message = await b.Events.HeldAsync();
            Assert.True(Assert.IsType<Append>(message.Message).Frames.Span.SequenceEqual(Sent.Bytes(i, MiB)));
            message.Release();
        }

        Assert.Equal(goodbye, await b.Events.ReceivedAsync<Goodbye>());
        Assert.Equal(LinkEnd.Closed.Reason, await b.Events.DisconnectedAsync());
        await Until.HoldsAsync(() => a.Links.Count == 0 && b.Links.Count == 0);
        Assert.True(a.Events.IsEmpty && b.Events.IsEmpty);
    }

    [Fact]
    public async Task A_node_that_stops_sends_what_its_closed_links_were_given()
    {
        const int Count = 20;
        var a = LinkNode.Open();
        await using var b = LinkNode.Open();
        var (mine, _) = await a.DialAsync(b);
        for (var i = 0; i < Count; i++)
        {
            mine.Send(Sent.Append(i, MiB));
        }

        var goodbye = new Goodbye(1, GoodbyeReason.Stopping, 0);
        mine.Send(goodbye);
        mine.Close();
        var stopping = a.DisposeAsync();
        for (var i = 0; i < Count; i++)
        {
            (await b.Events.HeldAsync()).Release();
        }

        Assert.Equal(goodbye, await b.Events.ReceivedAsync<Goodbye>());
        await stopping;
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_holds_a_node_that_stops_up_for_a_moment_only()
    {
        var time = new ManualTimeProvider();
        var node = LinkNode.Open(time: time);
        using var client = await node.ConnectRawAsync(receiveBytes: 8192);
        await client.SendRawAsync(Sent.Encode(Sent.Ack(1)));
        var (link, _) = await node.Events.ConnectedAsync();
        await node.Events.ReceivedAsync<AppendAck>();
        link.Send(Sent.Append(1, 60 * MiB));
        link.Close();
        var stopping = node.DisposeAsync().AsTask();
        time.Advance(node.Links.Options.StopTimeout - TimeSpan.FromMilliseconds(1));
        Assert.False(stopping.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await stopping;
    }

    [Fact]
    public async Task Nothing_is_received_behind_a_close_and_what_the_peer_still_sends_keeps_no_goodbye_from_it()
    {
        await using var node = LinkNode.Open();
        using var client = await node.ConnectRawAsync();
        await client.SendRawAsync(Sent.Encode(Sent.Ack(1)));
        var (link, _) = await node.Events.ConnectedAsync();
        await node.Events.ReceivedAsync<AppendAck>();
        var goodbye = new Goodbye(1, GoodbyeReason.NotPrimary, 0);
        link.Send(goodbye);
        link.Close();
        await client.SendRawAsync(Sent.Encode(Sent.Append(1, MiB)));
        Assert.Equal(goodbye, await ReadAsync(client));
        client.FinishSending();
        await client.WaitForCloseAsync();
        await Until.HoldsAsync(() => node.Links.Count == 0);
        Assert.True(node.Events.IsEmpty);
    }

    [Fact]
    public async Task A_peer_that_neither_takes_what_is_queued_nor_closes_is_left_after_a_time()
    {
        var time = new ManualTimeProvider();
        await using var node = LinkNode.Open(time: time);
        using var client = await node.ConnectRawAsync(receiveBytes: 8192);
        await client.SendRawAsync(Sent.Encode(Sent.Ack(1)));
        var (link, _) = await node.Events.ConnectedAsync();
        await node.Events.ReceivedAsync<AppendAck>();
        var owner = new Owner();
        link.Send(Sent.Append(1, new byte[60 * MiB]), owner);
        link.Close();
        time.Advance(node.Links.Options.CloseTimeout - TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, node.Links.Count);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await Until.HoldsAsync(() => node.Links.Count == 0);
        Assert.Equal(1, owner.Count);
    }

    [Fact]
    public async Task A_peer_that_closes_is_told_of()
    {
        await using var node = LinkNode.Open();
        using var client = await node.ConnectRawAsync();
        await client.SendRawAsync(Sent.Encode(Sent.Ack(1)));
        await node.Events.ConnectedAsync();
        await node.Events.ReceivedAsync<AppendAck>();
        client.FinishSending();
        Assert.Equal(LinkEnd.Closed.Reason, await node.Events.DisconnectedAsync());
        await client.WaitForCloseAsync();
    }

    [Theory]
    [InlineData(3)]
    [InlineData(19)]
    [InlineData(400_000)]
    public async Task A_peer_that_closes_in_the_middle_of_a_frame_is_told_of(int bytes)
    {
        await using var node = LinkNode.Open();
        using var client = await node.ConnectRawAsync();
        await client.SendRawAsync((byte[])[.. Sent.Encode(Sent.Ack(1)), .. Sent.Encode(Sent.Append(2, MiB))[..bytes]]);
        await node.Events.ConnectedAsync();
        await node.Events.ReceivedAsync<AppendAck>();
        client.FinishSending();
        Assert.Equal(LinkEnd.ClosedWithinFrame.Reason, await node.Events.DisconnectedAsync());
        await Until.HoldsAsync(() => node.Links.Count == 0);
        Assert.True(node.Events.IsEmpty);
    }

    [Fact]
    public async Task Messages_that_wait_to_be_handed_out_come_before_the_end()
    {
        await using var node = LinkNode.Open(new LinkOptions { HandedOutBytesMax = 100 });
        using var client = await node.ConnectRawAsync();
        await client.SendRawAsync((byte[])[.. Sent.Encode(Sent.Ack(1)), .. Sent.Encode(Sent.Append(1, 90)), .. Sent.Encode(Sent.Ack(2))]);
        client.Dispose();
        await node.Events.ConnectedAsync();
        await node.Events.ReceivedAsync<AppendAck>();
        var append = await node.Events.HeldAsync();
        Assert.True(node.Events.IsEmpty);
        append.Release();
        Assert.Equal(Sent.Ack(2), await node.Events.ReceivedAsync<AppendAck>());
        await node.Events.DisconnectedAsync();
    }

    [Theory]
    [InlineData("FFFFFFFF 42")]
    [InlineData("14000000 01 01 0000 00000000 0000000000000000 00")]
    [InlineData("14000000 43 02 0000 00000000 0000000000000000 00")]
    [InlineData("14000000 43 01 0000 00000000 0000000000000000 00000000")]
    public async Task Nonsense_gets_a_goodbye_behind_what_was_sent_and_a_close(string hex)
    {
        await using var node = LinkNode.Open();
        using var client = await node.ConnectRawAsync();
        await client.SendRawAsync(Sent.Encode(Sent.Ack(1)));
        var (link, _) = await node.Events.ConnectedAsync();
        await node.Events.ReceivedAsync<AppendAck>();
        link.Send(Sent.Ack(9));
        await client.SendRawAsync((byte[])[
            .. Sent.Encode(Sent.Ack(2)), .. Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), .. new byte[100_000]]);
        Assert.Equal(Sent.Ack(2), await node.Events.ReceivedAsync<AppendAck>());
        Assert.NotEmpty(await node.Events.DisconnectedAsync());
        Assert.Equal(Sent.Ack(9), await ReadAsync(client));
        Assert.Equal(new Goodbye(node.Events.Epoch, GoodbyeReason.Protocol, 0), await ReadAsync(client));
        client.FinishSending();
        await client.WaitForCloseAsync();
        await Until.HoldsAsync(() => node.Links.Count == 0);
        Assert.True(node.Events.IsEmpty);
    }

    [Fact]
    public async Task Frames_of_a_newer_kind_are_skipped()
    {
        await using var node = LinkNode.Open();
        using var client = await node.ConnectRawAsync();
        var newer = Sent.Encode(Sent.Append(1, 500_000));
        newer[LinkLayout.OpcodeOffset] = LinkLayout.SkippableMin;
        await client.SendRawAsync((byte[])[.. newer, .. Sent.Encode(Sent.Ack(2))]);
        await node.Events.ConnectedAsync();
        Assert.Equal(Sent.Ack(2), await node.Events.ReceivedAsync<AppendAck>());
    }

    /// <summary>The next message that a raw client gets.</summary>
    private static async Task<ClusterMessage?> ReadAsync(WireClient client)
    {
        var header = await client.ReadBytesAsync(LinkLayout.HeaderBytes);
        var rest = BinaryPrimitives.ReadInt32LittleEndian(header) + LinkLayout.LengthBytes - LinkLayout.HeaderBytes;
        byte[] bytes = [.. header, .. await client.ReadBytesAsync(rest)];
        Assert.Equal(Kvs.Core.Protocol.FrameStatus.Ready, LinkFrameDecoder.TryRead(bytes, out var frame, out _));
        Assert.True(LinkDecoder.TryRead(in frame, out var message, out _));
        return message;
    }
}

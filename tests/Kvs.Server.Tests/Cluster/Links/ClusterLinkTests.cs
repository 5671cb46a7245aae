using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Server.Cluster.Links;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Links;

/// <summary>Messages between two nodes over real sockets.</summary>
public sealed class ClusterLinkTests
{
    private const int MiB = 1024 * 1024;

    [Fact]
    public async Task Thousands_of_small_messages_arrive_in_order_both_ways()
    {
        const int Count = 5000;
        await using var a = LinkNode.Open();
        await using var b = LinkNode.Open();
        var (mine, theirs) = await a.DialAsync(b);
        for (var i = 0; i < Count; i++)
        {
            Assert.True(mine.Send(Sent.Ack(i)));
            Assert.True(theirs.Send(Sent.Ack(Count + i)));
        }

        for (var i = 0; i < Count; i++)
        {
            Assert.Equal(Sent.Ack(i), await b.Events.ReceivedAsync<AppendAck>());
            Assert.Equal(Sent.Ack(Count + i), await a.Events.ReceivedAsync<AppendAck>());
        }

        Assert.Equal((0, 0), (mine.HandedOutBytes, theirs.HandedOutBytes));
    }

    [Fact]
    public async Task Large_appends_arrive_whole_and_in_order_and_stay_as_they_are_until_they_are_released()
    {
        int[] sizes = [1, 200_000, 5 * MiB, 300, 262_144 - 60, 3 * MiB, 262_144, 700_000, 9 * MiB, 4096];
        await using var a = LinkNode.Open();
        await using var b = LinkNode.Open();
        var (mine, _) = await a.DialAsync(b);
        for (var i = 0; i < sizes.Length; i++)
        {
            Assert.True(mine.Send(Sent.Append(i, sizes[i])));
            Assert.True(mine.Send(Sent.Ack(i)));
        }

        var held = new List<LinkMessage>();
        for (var i = 0; i < sizes.Length; i++)
        {
            held.Add(await b.Events.HeldAsync());
            Assert.Equal(Sent.Ack(i), await b.Events.ReceivedAsync<AppendAck>());
        }

        for (var i = 0; i < sizes.Length; i++)
        {
            var append = Assert.IsType<Append>(held[i].Message);
            Assert.Equal((ulong)i, append.Previous.Sequence);
            Assert.True(append.Frames.Span.SequenceEqual(Sent.Bytes(i, sizes[i])), $"append {i}");
            held[i].Release();
        }
    }

    [Fact]
    public async Task An_append_is_sent_from_the_pieces_in_which_it_lies_and_its_owner_told_once()
    {
        await using var a = LinkNode.Open();
        await using var b = LinkNode.Open();
        var (mine, _) = await a.DialAsync(b);
        byte[][] pieces =
        [
            Sent.Bytes(1, 100), Sent.Bytes(2, 2 * MiB), [], Sent.Bytes(3, 8192), Sent.Bytes(4, 8193), .. Sent.Bytes(5, MiB).Chunk(700),
        ];
        var owner = new Owner();
        Assert.True(mine.Send(Sent.Append(0, default(ReadOnlyMemory<byte>)), [.. pieces.Select(piece => piece.AsMemory())], owner));
        var message = await b.Events.HeldAsync();
        Assert.True(Assert.IsType<Append>(message.Message).Frames.Span.SequenceEqual(pieces.SelectMany(piece => piece).ToArray()));
        message.Release();

        mine.Send(Sent.Ack(1));
        await b.Events.ReceivedAsync<AppendAck>();
        mine.Close();
        await b.Events.DisconnectedAsync();
        Assert.Equal(1, owner.Count);
    }

    [Fact]
    public async Task A_receiver_that_keeps_what_it_is_given_is_given_no_more_than_it_may_hold()
    {
        const int Count = 40;
        const int Bytes = 30_000;
        var options = new LinkOptions { BlockBytes = 8192, HandedOutBytesMax = 100_000 };
        await using var a = LinkNode.Open();
        await using var b = LinkNode.Open(options);
        var most = 0L;
        b.Events.OnReceived = link => most = Math.Max(most, link.HandedOutBytes);
        var (mine, theirs) = await a.DialAsync(b);
        for (var i = 0; i < Count; i++)
        {
            Assert.True(mine.Send(Sent.Append(i, Bytes)));
        }

        var held = new Queue<LinkMessage>();
        for (var i = 0; i < Count; i++)
        {
            if (held.Count == 3)
            {
                // The fourth would go beyond: it comes when one of these has gone.
                Assert.True(b.Events.IsEmpty);
                held.Dequeue().Release();
            }

            held.Enqueue(await b.Events.HeldAsync());
            Assert.Equal((ulong)i, Assert.IsType<Append>(held.Last().Message).Previous.Sequence);
        }

        Assert.InRange(most, 3 * Bytes, options.HandedOutBytesMax);
        Assert.Equal(held.Sum(message => (long)message.Bytes), theirs.HandedOutBytes);
    }

    [Fact]
    public async Task One_message_larger_than_all_that_may_be_held_comes_alone()
    {
        await using var a = LinkNode.Open();
        await using var b = LinkNode.Open(new LinkOptions { HandedOutBytesMax = 1000 });
        var (mine, _) = await a.DialAsync(b);
        mine.Send(Sent.Append(0, 2 * MiB));
        mine.Send(Sent.Ack(1));
        var large = await b.Events.HeldAsync();
        Assert.IsType<Append>(large.Message);
        Assert.True(b.Events.IsEmpty);
        large.Release();
        await b.Events.ReceivedAsync<AppendAck>();
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_loses_its_link_and_every_owner_gets_its_bytes_back()
    {
        await using var node = LinkNode.Open(new LinkOptions { QueuedBytesMax = 4 * MiB });
        using var client = await node.ConnectRawAsync(receiveBytes: 8192);
        await client.SendRawAsync(Sent.Encode(Sent.Ack(1)));
        var (link, _) = await node.Events.ConnectedAsync();
        await node.Events.ReceivedAsync<AppendAck>();
        var owners = new List<Owner>();
        bool sent;
        do
        {
            owners.Add(new Owner());
            sent = link.Send(Sent.Append(owners.Count, MiB), owners[^1]);
            Assert.InRange(owners.Count, 1, 100);
        }
        while (sent);

        Assert.Contains("does not take", await node.Events.DisconnectedAsync(), StringComparison.Ordinal);
        await Until.HoldsAsync(() => node.Links.Count == 0);
        Assert.All(owners, owner => Assert.Equal(1, owner.Count));
        Assert.False(link.Send(Sent.Ack(2)));
    }

    [Fact]
    public async Task Stopping_ends_links_whatever_they_wait_for()
    {
        var a = LinkNode.Open(new LinkOptions { QueuedBytesMax = 64 * MiB });
        await using var b = LinkNode.Open(new LinkOptions { HandedOutBytesMax = 1000 });
        var (mine, _) = await a.DialAsync(b);
        var owners = Enumerable.Range(0, 50).Select(_ => new Owner()).ToList();
        var bytes = Sent.Bytes(1, MiB);
        owners.ForEach(owner => mine.Send(Sent.Append(1, bytes), owner));
        var held = await b.Events.HeldAsync();
        await b.Links.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        await a.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.All(owners, owner => Assert.Equal(1, owner.Count));
        Assert.True(Assert.IsType<Append>(held.Message).Frames.Span.SequenceEqual(bytes));
        held.Release();
    }

    [Fact]
    public async Task A_link_that_comes_while_the_node_stops_does_not_stay()
    {
        var node = LinkNode.Open();
        await node.Links.DisposeAsync();
        using var client = await node.ConnectRawAsync();
        await client.SendRawAsync(Sent.Encode(Sent.Ack(1)));
        await client.WaitForCloseAsync();
        await Until.HoldsAsync(() => node.Links.Count == 0);
        await node.DisposeAsync();
    }

    [Fact]
    public async Task A_message_is_released_once()
    {
        var budget = new Kvs.Core.Buffers.ByteBudget(100);
        await budget.AcquireAsync(20);
        var message = new LinkMessage(Sent.Ack(1), 20, budget, block: null);
        message.Release();
        Assert.Throws<Kvs.Core.Primitives.KvsException>(message.Release);
        Assert.Equal(0, budget.Held);
    }
}

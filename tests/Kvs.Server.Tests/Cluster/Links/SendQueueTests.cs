using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Copies;
using Kvs.Server.Cluster.Links;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Links;

public sealed class SendQueueTests
{
    [Fact]
    public void Messages_come_out_in_order_but_a_beacon_goes_before_the_bulk_at_the_end()
    {
        var queue = new SendQueue(1000_000);
        var chunk = new BaseCopyChunk(1, 1, 1, 1, 1, new byte[1]);
        var goodbye = new Goodbye(1, GoodbyeReason.Stopping, 0);
        ClusterMessage[] added =
        [
            Sent.Append(1, 10), Sent.Ack(1), Sent.Append(2, 10), chunk, Sent.Beacon(1), Sent.Append(3, 10), Sent.Beacon(2), goodbye, Sent.Beacon(3),
        ];
        ClusterMessage[] expected =
        [
            added[0], added[1], added[4], added[6], added[2], added[3], added[5], goodbye, added[8],
        ];
        Assert.All(added, message => Assert.Equal(Queueing.Queued, queue.Add(OutgoingMessage.Of(message, null))));
        Assert.Equal(expected, TakeAll(queue));
    }

    [Fact]
    public void A_beacon_goes_first_where_only_bulk_waits()
    {
        var queue = new SendQueue(1000_000);
        queue.Add(OutgoingMessage.Of(Sent.Append(1, 10), null));
        queue.Add(OutgoingMessage.Of(Sent.Beacon(1), null));
        Assert.IsType<Beacon>(TakeAll(queue)[0]);
    }

    [Fact]
    public void It_takes_so_many_bytes_or_one_larger_message()
    {
        var queue = new SendQueue(2000);
        Assert.Equal(Queueing.Queued, queue.Add(OutgoingMessage.Of(Sent.Append(1, 5000), null)));
        Assert.Equal(Queueing.Full, queue.Add(OutgoingMessage.Of(Sent.Ack(1), null)));
        Assert.NotNull(queue.Take(out _));
        Assert.Equal(Queueing.Queued, queue.Add(OutgoingMessage.Of(Sent.Append(1, 1000), null)));
        Assert.Equal(Queueing.Full, queue.Add(OutgoingMessage.Of(Sent.Append(2, 1000), null)));
        Assert.Equal(Queueing.Queued, queue.Add(OutgoingMessage.Of(Sent.Ack(1), null)));
    }

    [Fact]
    public async Task Who_waits_is_woken_by_a_message_and_by_the_end()
    {
        var queue = new SendQueue(1000);
        Assert.Null(queue.Take(out var isClosed));
        Assert.False(isClosed);
        var waiting = queue.WaitAsync();
        Assert.False(waiting.IsCompleted);
        queue.Add(OutgoingMessage.Of(Sent.Ack(1), null));
        await waiting;
        Assert.NotNull(queue.Take(out _));
        Assert.Null(queue.Take(out _));
        waiting = queue.WaitAsync();
        queue.Close();
        await waiting;
        Assert.Null(queue.Take(out isClosed));
        Assert.True(isClosed);
        Assert.Equal(Queueing.Closed, queue.Add(OutgoingMessage.Of(Sent.Ack(2), null)));
    }

    [Fact]
    public void Closed_it_keeps_what_waits_and_dropped_it_gives_it_back()
    {
        var queue = new SendQueue(1000_000);
        var owner = new Owner();
        queue.Add(OutgoingMessage.Of(Sent.Append(1, 10), owner));
        queue.Close();
        Assert.Equal(0, owner.Count);
        queue.Drop();
        queue.Drop();
        Assert.Equal(1, owner.Count);
        Assert.Null(queue.Take(out _));
    }

    private static List<ClusterMessage> TakeAll(SendQueue queue)
    {
        var taken = new List<ClusterMessage>();
        while (queue.Take(out _) is { } next)
        {
            taken.Add(next.Message);
        }

        return taken;
    }
}

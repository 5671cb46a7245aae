using Kvs.Core.Engines.Commit.Queue;
using Kvs.Core.Operations;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

public sealed class CommitQueueTests
{
    private static readonly IWorkItemOwner Nobody = new Owner();

    [Fact]
    public void Items_come_out_in_the_order_in_which_they_went_in()
    {
        var queue = new CommitQueue(1000);
        var items = Enumerable.Range(0, 5).Select(_ => Item(10)).ToList();
        items.ForEach(item => Assert.True(queue.TryEnqueue(item)));

        Assert.Equal(items, Walk(queue.TakeAll()));
        Assert.True(queue.IsEmpty);
        Assert.Null(queue.TakeAll());
    }

    [Fact]
    public void A_full_queue_refuses_until_bytes_are_released()
    {
        var queue = new CommitQueue(100);
        Assert.True(queue.TryEnqueue(Item(60)));
        Assert.False(queue.TryEnqueue(Item(41)));
        Assert.True(queue.TryEnqueue(Item(40)));

        // Taken is not answered: the bytes still count.
        queue.TakeAll();
        Assert.False(queue.TryEnqueue(Item(1)));
        queue.Release(60);
        Assert.True(queue.TryEnqueue(Item(60)));
        Assert.Equal(100, queue.Bytes);
    }

    [Fact]
    public void An_empty_queue_takes_an_item_of_any_size()
    {
        var queue = new CommitQueue(100);
        Assert.True(queue.TryEnqueue(Item(1_000_000)));
        Assert.False(queue.TryEnqueue(Item(1)));
    }

    [Fact]
    public void Many_producers_lose_nothing_and_keep_their_own_order()
    {
        const int producers = 4;
        const int each = 5_000;
        var queue = new CommitQueue(long.MaxValue);
        var threads = Enumerable.Range(0, producers).Select(p => new Thread(() =>
        {
            for (var i = 0; i < each; i++)
            {
                queue.TryEnqueue(Item((p * each) + i));
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());

        var last = Enumerable.Repeat(-1L, producers).ToArray();
        var seen = 0;
        while (seen < producers * each)
        {
            foreach (var item in Walk(queue.TakeAll()))
            {
                var producer = (int)(item.QueuedBytes / each);
                Assert.True(item.QueuedBytes > last[producer], $"Item {item.QueuedBytes} came after {last[producer]}.");
                last[producer] = item.QueuedBytes;
                seen++;
            }
        }

        threads.ForEach(thread => thread.Join());
        Assert.True(queue.IsEmpty);
    }

    private static WorkItem Item(long bytes) => new(Nobody) { QueuedBytes = bytes };

    private static List<WorkItem> Walk(WorkItem? item)
    {
        var items = new List<WorkItem>();
        for (; item is not null; item = item.Next)
        {
            items.Add(item);
        }

        return items;
    }

    private sealed class Owner : IWorkItemOwner
    {
        public void Completed(WorkItem item)
        {
        }
    }
}

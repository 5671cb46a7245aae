using Kvs.Server.Cluster.Links;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Links;

public sealed class ReceiveBlocksTests
{
    private const int BlockBytes = 4096;

    [Fact]
    public void Small_frames_share_a_block_until_it_is_full()
    {
        var blocks = new ReceiveBlocks(BlockBytes);
        Fill(blocks, frameBytes: 0, count: 3000, value: 1);
        blocks.Consume(1000);
        Assert.Equal(BlockBytes - 3000, blocks.RoomFor(2500).Length); // the rest fits where its beginning lies
        Assert.Equal(BlockBytes - 2000, blocks.RoomFor(3500).Length); // the rest fits only when its beginning moves
        Assert.Equal(2000, blocks.Received.Length);
    }

    [Fact]
    public void What_somebody_holds_is_never_written_over()
    {
        var blocks = new ReceiveBlocks(BlockBytes);
        Fill(blocks, 0, 3000, value: 1);
        blocks.Block.Hold();
        var (held, bytes) = (blocks.Block, blocks.Received);
        blocks.Consume(3000);
        for (var i = 0; i < 10; i++)
        {
            Fill(blocks, frameBytes: 3000, count: 3000, value: 2);
            Assert.False(blocks.Received.Span.ContainsAnyExcept((byte)2));
            blocks.Consume(3000);
        }

        Assert.False(bytes.Span.ContainsAnyExcept((byte)1));
        Assert.NotSame(held, blocks.Block);
        held.Release();
    }

    [Fact]
    public void A_block_that_nobody_else_holds_is_used_again()
    {
        var blocks = new ReceiveBlocks(BlockBytes);
        var first = blocks.Block;
        for (var i = 0; i < 10; i++)
        {
            Fill(blocks, 3000, 3000, value: 3);
            blocks.Consume(3000);
        }

        Assert.Same(first, blocks.Block);
    }

    [Fact]
    public void A_length_alone_makes_no_large_block_but_frames_that_came_do()
    {
        const int FrameBytes = 1024 * 1024;
        var blocks = new ReceiveBlocks(BlockBytes);
        blocks.RoomFor(FrameBytes);
        Assert.Equal(2 * BlockBytes, blocks.Block.Length);
        var steps = 0;
        while (blocks.Received.Length < FrameBytes)
        {
            var room = blocks.RoomFor(FrameBytes);
            Assert.InRange(blocks.Block.Length, 0, Math.Max(2 * BlockBytes, 2 * blocks.Received.Length));
            room.Span.Fill(5);
            blocks.Add(room.Length);
            steps++;
        }

        Assert.InRange(steps, 2, 12);
        Assert.Equal(FrameBytes, blocks.Received.Length); // not a byte of the next frame
        Assert.False(blocks.Received.Span.ContainsAnyExcept((byte)5));
        blocks.Consume(FrameBytes);

        Fill(blocks, 0, 100, value: 6);
        Assert.Equal(BlockBytes, blocks.Block.Length);
        Assert.Equal(FrameBytes - 100, blocks.RoomFor(FrameBytes).Length);
        Assert.Equal(FrameBytes, blocks.Block.Length);
        Assert.Equal(100, blocks.Received.Length);
        Assert.False(blocks.Received.Span.ContainsAnyExcept((byte)6));
    }

    private static void Fill(ReceiveBlocks blocks, int frameBytes, int count, byte value)
    {
        while (count > 0)
        {
            var room = blocks.RoomFor(frameBytes);
            var part = Math.Min(count, room.Length);
            room.Span[..part].Fill(value);
            blocks.Add(part);
            count -= part;
        }
    }
}

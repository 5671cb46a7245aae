using Kvs.Core.Buffers;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Core.Tests.Buffers;

public sealed class SharedBlockTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(5000)]
    [InlineData(20 * 1024 * 1024)]
    public void A_block_has_the_bytes_that_were_asked_for(int length)
    {
        var block = SharedBlock.Rent(length);
        Assert.Equal((length, length), (block.Length, block.Memory.Length));
        block.Release();
    }

    [Fact]
    public void A_block_that_somebody_holds_is_given_to_nobody_else()
    {
        const int Blocks = 64; // more than the pool keeps for one thread
        var held = SharedBlock.Rent(4096);
        held.Hold();
        Assert.False(held.IsHeldOnce);
        held.Release();
        Assert.True(held.IsHeldOnce);
        held.Memory.Span.Fill(0xAB);

        var others = Enumerable.Range(0, Blocks).Select(_ => SharedBlock.Rent(4096)).ToList();
        others.ForEach(other => other.Memory.Span.Clear());
        Assert.False(held.Memory.Span.ContainsAnyExcept((byte)0xAB));
        others.ForEach(other => other.Release());
        held.Release();
    }

    [Fact]
    public void Who_releases_twice_is_told()
    {
        var block = SharedBlock.Rent(4096);
        block.Release();
        Assert.Throws<KvsException>(block.Release);
    }

    [Fact]
    public void Who_holds_what_is_gone_is_told()
    {
        var block = SharedBlock.Rent(4096);
        block.Release();
        Assert.Throws<KvsException>(block.Hold);
    }
}

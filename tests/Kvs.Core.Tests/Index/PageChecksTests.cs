using Kvs.Core.Index;
using Kvs.Core.Index.Pages;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Core.Tests.Index;

/// <summary>The checks themselves: a check that catches nothing proves nothing.</summary>
public sealed class PageChecksTests
{
    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void A_page_reused_one_group_too_early_is_caught(uint earlyGroups, bool isCaught)
    {
        using var index = new KeyIndex(new KeyIndexOptions { CheckPages = true, ReclaimEarlyGroups = earlyGroups });
        SetAll(index, 1);
        index.Publish(index.EndGroup(1, 0, null));
        using var pin = index.Pin();
        SetAll(index, 2);
        index.EndGroup(2, 0, null); // Not published: all readers still need the pages that it replaced.
        index.Reclaim();
        SetAll(index, 3); // Takes freed pages, if there are any.
        var found = 0;
        try
        {
            for (var i = 0; i < 1000; i++)
            {
                Assert.True(pin.TryFind(Key(i), out var entry));
                Assert.Equal(1ul, entry.Sequence);
                found++;
            }
        }
        catch (KvsException caught) when (caught.Code == ErrorCode.Internal)
        {
            Assert.True(isCaught, "caught without a fault");
            return;
        }

        Assert.Equal((1000, false), (found, isCaught));
    }

    [Fact]
    public void A_read_of_a_freed_page_is_caught()
    {
        using var arena = new PageArena(2048, checkPages: true);
        var id = arena.Allocate(level: 0, birth: 1);
        Assert.Equal(0, arena.Visit(id, 0, group: 1).Count);
        arena.Free(id);
        Assert.Throws<KvsException>(() => arena.Visit(id, 0, group: 1));
        Assert.Throws<KvsException>(() => arena.Free(id));
    }

    [Fact]
    public void A_write_to_a_freed_page_is_caught_when_it_is_taken_again()
    {
        using var arena = new PageArena(2048, checkPages: true);
        var id = arena.Allocate(level: 0, birth: 1);
        var page = arena.Get(id);
        arena.Free(id);
        page.Content[1000] = 1;
        Assert.Throws<KvsException>(() => arena.Allocate(level: 0, birth: 2));
    }

    [Fact]
    public void A_page_of_a_later_group_is_caught()
    {
        using var arena = new PageArena(2048, checkPages: false);
        var id = arena.Allocate(level: 0, birth: 5);
        Assert.Equal(5ul, arena.Visit(id, 0, group: 5).Birth);
        Assert.Throws<KvsException>(() => arena.Visit(id, 0, group: 4));
        Assert.Throws<KvsException>(() => arena.Visit(id, 1, group: 5));
    }

    [Fact]
    public void A_record_beyond_the_count_is_refused()
    {
        using var arena = new PageArena(2048, checkPages: true);
        var page = arena.Get(arena.Allocate(level: 0, birth: 1));
        Assert.Throws<KvsException>(() => page[0].Payload.Length);
        Assert.Throws<KvsException>(() => page[-1].Payload.Length);
    }

    [Fact]
    public void A_page_takes_records_up_to_its_last_byte()
    {
        using var arena = new PageArena(512, checkPages: true);
        var page = arena.Get(arena.Allocate(level: 0, birth: 1));
        var payload = new byte[Core.Index.Pages.Record.EntryBytes];
        var room = 512 - Page.HeaderBytes;
        var perRecord = Page.SlotBytes + Core.Index.Pages.Record.Size(payload.Length, 4, hasTail: false);
        byte[] key = [0, 0, 0, 0];
        for (; room >= perRecord; room -= perRecord)
        {
            key[3]++;
            Assert.True(page.TryInsert(page.Count, new NewRecord { InlineKey = key, Payload = payload }));
        }

        // What is left is exactly too small for one more, and exactly enough for a record of just that size.
        key[3]++;
        Assert.False(page.TryInsert(page.Count, new NewRecord { InlineKey = key, Payload = payload }));
        Assert.Equal(512 - room, page.UsedBytes);
        var shorter = room - Page.SlotBytes - Core.Index.Pages.Record.ShapeBytes;
        Assert.True(page.TryInsert(page.Count, new NewRecord { Payload = payload.AsSpan(0, shorter) }));
        Assert.Equal(512, page.UsedBytes);
    }

    [Fact]
    public unsafe void Heads_are_searched_alike_with_and_without_vectors()
    {
        var heads = new uint[64 + 8];
        for (var i = 0; i < 64; i++)
        {
            heads[i] = (uint)(i / 3) * 0x0A00_0001u;
        }

        fixed (uint* first = heads)
        {
            for (var count = 0; count <= 64; count++)
            {
                for (var i = 0; i < 64; i++)
                {
                    var expected = KeyHeads.CountBelowOneByOne(first, count, heads[i]);
                    Assert.Equal(expected, KeyHeads.CountBelow(first, count, heads[i]));
                }
            }
        }
    }

    private static byte[] Key(int i) => [(byte)(i >> 8), (byte)i];

    private static void SetAll(KeyIndex index, ulong sequence)
    {
        for (var i = 0; i < 1000; i++)
        {
            index.Set(Key(i), new IndexEntry(default, sequence, 0, 0), out _);
        }
    }
}

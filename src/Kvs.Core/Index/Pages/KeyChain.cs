using Kvs.Core.Primitives;

namespace Kvs.Core.Index.Pages;

/// <summary>
/// The tails of keys that are too long for a page, in chains of pages. A chain belongs to exactly one record of the
/// tree and is never changed: copies of the record in newer pages refer to the same chain.
/// </summary>
internal static class KeyChain
{
    /// <summary>Writes a tail into newborn pages.</summary>
    /// <returns>The first page.</returns>
    internal static uint Write(PageReclaimer pages, PageArena arena, ReadOnlySpan<byte> tail)
    {
        Check.That(tail.Length > 0);
        var capacity = arena.PageBytes - Page.HeaderBytes;
        var next = 0u;
        // From the last piece to the first, so that each page knows its successor when it is written.
        for (var start = (tail.Length - 1) / capacity * capacity; start >= 0; start -= capacity)
        {
            var id = pages.Allocate(Page.ChainLevel);
            var page = arena.Get(id);
            page.Next = next;
            tail.Slice(start, Math.Min(capacity, tail.Length - start)).CopyTo(page.Content);
            next = id;
        }

        return next;
    }

    /// <summary>Retires all pages of a chain.</summary>
    internal static void Retire(PageReclaimer pages, PageArena arena, uint chain)
    {
        while (chain != 0)
        {
            var next = Visit(arena, chain).Next;
            pages.Retire(chain);
            chain = next;
        }
    }

    /// <summary>Compares the tail of a key with a chain.</summary>
    /// <returns>Negative when the given tail comes first.</returns>
    internal static int CompareFrom(ReadOnlySpan<byte> tail, PageArena arena, uint chain, int tailBytes)
    {
        for (var left = tailBytes; left > 0;)
        {
            var page = Visit(arena, chain);
            var piece = page.Content[..Math.Min(left, page.Content.Length)];
            var order = tail[..Math.Min(tail.Length, piece.Length)].SequenceCompareTo(piece);
            if (order != 0)
            {
                return order;
            }

            tail = tail[piece.Length..];
            left -= piece.Length;
            chain = page.Next;
        }

        return tail.Length;
    }

    /// <summary>Copies a tail.</summary>
    internal static void CopyTo(PageArena arena, uint chain, Span<byte> target)
    {
        while (!target.IsEmpty)
        {
            var page = Visit(arena, chain);
            var piece = page.Content[..Math.Min(target.Length, page.Content.Length)];
            piece.CopyTo(target);
            target = target[piece.Length..];
            chain = page.Next;
        }
    }

    private static Page Visit(PageArena arena, uint id)
    {
        var page = arena.Get(id);
        Check.That(page.Level == Page.ChainLevel);
        return page;
    }
}

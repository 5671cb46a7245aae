using Kvs.Core.Index.Pages;
using Kvs.Core.Operations;

namespace Kvs.Core.Index.Tree;

/// <summary>
/// Reading of one tree: look-up, count, position. It sees pages only; whoever holds it must keep the root from being
/// reclaimed (a pin, a lease, or being the writer).
/// </summary>
/// <param name="arena">Where the pages are.</param>
/// <param name="root">The root page and what is known of the tree.</param>
/// <param name="height">Level of the root page.</param>
/// <param name="group">The root's number: no page may be younger.</param>
internal readonly struct TreeView(PageArena arena, Subtree root, int height, ulong group)
{
    internal PageArena Arena => arena;

    internal Subtree Root => root;

    internal int Height => height;

    /// <summary>The page of a number, checked to be part of this tree.</summary>
    internal Page Visit(uint id, int level) => arena.Visit(id, level, group);

    /// <summary>Looks a key up, expired or not.</summary>
    internal bool TryFind(ReadOnlySpan<byte> key, out IndexEntry entry)
    {
        var page = Visit(root.PageId, height);
        for (var level = height - 1; level >= 0; level--)
        {
            page = Visit(page[page.FindChild(key, arena)].ChildPage, level);
        }

        var index = page.Find(key, arena, out var found);
        entry = found ? page[index].Entry : default;
        return found;
    }

    /// <summary>Counts the entries of a range that are visible at a time.</summary>
    internal long Count(in KeyRange range, long logTimeMillis) =>
        range.IsEmpty ? 0 : Count(
            root, height, range.From.Span, range.To.GetValueOrDefault().Span, range.To is not null, logTimeMillis);

    /// <summary>Finds the entry at a position among those visible at a time.</summary>
    /// <param name="position">0 for the first.</param>
    /// <param name="logTimeMillis">The time.</param>
    /// <param name="key">Receives the key.</param>
    /// <param name="entry">The entry.</param>
    internal bool TryFindAt(long position, long logTimeMillis, KeyBuffer key, out IndexEntry entry)
    {
        entry = default;
        if (position < 0 || position >= CountVisible(root, height, logTimeMillis))
        {
            return false;
        }

        var page = Visit(root.PageId, height);
        for (var level = height; level > 0; level--)
        {
            var index = 0;
            for (long below; position >= (below = CountVisible(page[index].Child, level - 1, logTimeMillis)); index++)
            {
                position -= below;
            }

            page = Visit(page[index].ChildPage, level - 1);
        }

        for (var index = 0; ; index++)
        {
            entry = page[index].Entry;
            if (entry.IsVisibleAt(logTimeMillis) && position-- == 0)
            {
                key.Set(page, page[index], arena);
                return true;
            }
        }
    }

    /// <summary>Finds the first entry, in key order, whose expiry has passed.</summary>
    internal bool TryFindExpired(long logTimeMillis, KeyBuffer key, out IndexEntry entry)
    {
        entry = default;
        if (root.EarliestExpiryMillis > logTimeMillis)
        {
            return false;
        }

        var page = Visit(root.PageId, height);
        for (var level = height; level > 0; level--)
        {
            var child = 0;
            while (page[child].Child.EarliestExpiryMillis > logTimeMillis)
            {
                child++;
            }

            page = Visit(page[child].ChildPage, level - 1);
        }

        var index = 0;
        while (page[index].ExpiryMillis > logTimeMillis)
        {
            index++;
        }

        key.Set(page, page[index], arena);
        entry = page[index].Entry;
        return true;
    }

    // Only the two outermost children of the range are descended into, and those where something has expired.
    private long Count(
        in Subtree tree, int level, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to, bool hasTo, long logTimeMillis)
    {
        if (from.IsEmpty && !hasTo && tree.EarliestExpiryMillis > logTimeMillis)
        {
            return tree.Count;
        }

        var page = Visit(tree.PageId, level);
        if (level == 0)
        {
            var begin = page.Find(from, arena, out _);
            var end = hasTo ? page.Find(to, arena, out _) : page.Count;
            return CountVisible(page, begin, end, logTimeMillis);
        }

        var first = from.IsEmpty ? 0 : page.FindChild(from, arena);
        var last = hasTo ? page.FindChild(to, arena) : page.Count - 1;
        var count = 0L;
        for (var i = first; i <= last; i++)
        {
            var childFrom = i == first ? from : default;
            var childHasTo = hasTo && i == last;
            count += Count(page[i].Child, level - 1, childFrom, childHasTo ? to : default, childHasTo, logTimeMillis);
        }

        return count;
    }

    private long CountVisible(in Subtree tree, int level, long logTimeMillis) =>
        Count(tree, level, default, default, hasTo: false, logTimeMillis);

    private static long CountVisible(Page leaf, int begin, int end, long logTimeMillis)
    {
        if (leaf.Expiring == 0)
        {
            return end - begin;
        }

        var count = 0;
        for (var i = begin; i < end; i++)
        {
            count += leaf[i].ExpiryMillis > logTimeMillis ? 1 : 0;
        }

        return count;
    }
}

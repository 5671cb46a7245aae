using Kvs.Core.Index.Pages;
using Kvs.Core.Primitives;

namespace Kvs.Core.Index.Tree;

/// <summary>
/// Changes the working tree: copies what a published root may reach, changes in place what the group in the making
/// owns, splits and joins pages, and keeps counts and earliest expiries right up to the root.
/// </summary>
/// <remarks>
/// Threading: the writer. An exception in the middle of a change (out of memory) leaves the working tree unusable:
/// the owner must go back by <see cref="Reset"/>.
/// Ownership: owns its scratch memory, not the pages.
/// </remarks>
internal sealed class TreeWriter : IDisposable
{
    private const int HeightMax = 32;

    private readonly PageArena _arena;
    private readonly PageReclaimer _pages;
    private readonly RecordList _records;
    private readonly KeyBuffer _separator = new();
    private readonly KeyBuffer _previous = new();
    private readonly byte[] _payload = new byte[Record.PayloadBytesMax];
    private readonly uint[] _pathPages = new uint[HeightMax];
    private readonly int[] _pathIndices = new int[HeightMax];
    private Subtree _root;

    /// <summary>Creates the empty tree, a page of the group in the making.</summary>
    internal TreeWriter(PageArena arena, PageReclaimer pages)
    {
        _arena = arena;
        _pages = pages;
        var newRecordBytes = arena.InlineKeyBytesMax + (2 * Record.PayloadBytesMax);
        _records = new RecordList(arena, (2 * arena.PageBytes) + newRecordBytes);
        _root = new Subtree(pages.Allocate(level: 0), 0, Subtree.NoExpiry);
    }

    internal Subtree Root => _root;

    internal int Height { get; private set; }

    internal TreeView View => new(_arena, _root, Height, _pages.Group);

    private int MergeBelowBytes => _arena.PageBytes / 2;

    private int MergedBytesMax => _arena.PageBytes * 85 / 100;

    /// <summary>Goes on from another tree: a published root, or a loaded one.</summary>
    internal void Reset(in Subtree root, int height)
    {
        _root = root;
        Height = height;
    }

    /// <summary>Sets a key.</summary>
    /// <returns>Whether it was there; then the entry that it had.</returns>
    internal bool Set(ReadOnlySpan<byte> key, in IndexEntry entry, out IndexEntry previous)
    {
        Check.That(key.Length <= Limits.KeyBytesMax);
        var leaf = Descend(key, out var found);
        var index = _pathIndices[0];
        previous = found ? leaf[index].Entry : default;
        OwnPath();
        leaf = PathPage(0);
        var payload = Record.EncodeEntry(_payload, entry);
        Subtree left, right;
        var fits = found
            ? TryOverwrite(leaf, index, entry, payload, out left, out right)
            : TryPlace(0, index, NewRecordFor(key, payload), out left, out right);
        if (fits)
        {
            SummarizeLeaf(leaf, found ? 0 : 1, ExpiryOf(previous), ExpiryOf(entry));
        }
        else
        {
            StoreSplit(left, right);
        }

        return found;
    }

    /// <summary>Removes a key.</summary>
    /// <returns>Whether it was there; then the entry that it had.</returns>
    internal bool Remove(ReadOnlySpan<byte> key, out IndexEntry previous)
    {
        var leaf = Descend(key, out var found);
        if (!found)
        {
            previous = default;
            return false;
        }

        previous = leaf[_pathIndices[0]].Entry;
        OwnPath();
        leaf = PathPage(0);
        RemoveRecord(leaf, _pathIndices[0]);
        SummarizeLeaf(leaf, -1, ExpiryOf(previous), Subtree.NoExpiry);
        var level = 0;
        while (level < Height && PathPage(level).UsedBytes < MergeBelowBytes && TryMerge(level))
        {
            level++;
        }

        LowerRoot();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _records.Dispose();

    private static long ExpiryOf(in IndexEntry entry) =>
        entry.ExpiresAtMillis == 0 ? Subtree.NoExpiry : entry.ExpiresAtMillis;

    private Page PathPage(int level) => _arena.Get(_pathPages[level]);

    private Page Descend(ReadOnlySpan<byte> key, out bool found)
    {
        var id = _root.PageId;
        for (var level = Height; level > 0; level--)
        {
            var page = _arena.Visit(id, level, _pages.Group);
            _pathPages[level] = id;
            _pathIndices[level] = page.FindChild(key, _arena);
            id = page[_pathIndices[level]].ChildPage;
        }

        var leaf = _arena.Visit(id, 0, _pages.Group);
        _pathPages[0] = id;
        _pathIndices[0] = leaf.Find(key, _arena, out found);
        return leaf;
    }

    // From the root downwards: a page's parent is owned already when the page's new number is written into it.
    private void OwnPath()
    {
        for (var level = Height; level >= 0; level--)
        {
            var id = _pathPages[level];
            if (_arena.Get(id).Birth == _pages.Group)
            {
                continue;
            }

            _pathPages[level] = Copy(id);
            if (level == Height)
            {
                _root = _root with { PageId = _pathPages[level] };
            }
            else
            {
                PathPage(level + 1)[_pathIndices[level + 1]].OverwriteChildPage(_pathPages[level]);
            }
        }
    }

    private uint Copy(uint id)
    {
        var source = _arena.Get(id);
        var copy = _pages.Allocate(source.Level);
        _arena.Get(copy).CopyFrom(source, _pages.Group);
        _pages.Retire(id);
        return copy;
    }

    private NewRecord NewRecordFor(ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload)
    {
        var inline = Math.Min(key.Length, _arena.InlineKeyBytesMax);
        var tail = key[inline..];
        return new NewRecord
        {
            InlineKey = key[..inline],
            Payload = payload,
            Chain = tail.IsEmpty ? 0 : KeyChain.Write(_pages, _arena, tail),
            TailBytes = tail.Length,
        };
    }

    private bool TryOverwrite(
        Page leaf, int index, in IndexEntry entry, ReadOnlySpan<byte> payload, out Subtree left, out Subtree right)
    {
        left = right = default;
        if (leaf[index].HasExpiry == (entry.ExpiresAtMillis != 0))
        {
            leaf[index].OverwriteEntry(entry);
            return true;
        }

        _records.Clear();
        _records.AddPage(leaf);
        _records.ReplacePayload(index, payload);
        return TryPack(0, atEnd: false, out left, out right);
    }

    /// <summary>Puts a record into a page of the path; if it has no room, the page becomes two.</summary>
    private bool TryPlace(int level, int index, in NewRecord record, out Subtree left, out Subtree right)
    {
        left = right = default;
        var page = PathPage(level);
        if (page.TryInsert(index, record))
        {
            return true;
        }

        var atEnd = index == page.Count && IsLastOfLevel(level);
        _records.Clear();
        _records.AddPage(page);
        _records.Insert(index, record);
        return TryPack(level, atEnd, out left, out right);
    }

    /// <summary>Packs the gathered records into a page of the path, or into it and a new one.</summary>
    private bool TryPack(int level, bool atEnd, out Subtree left, out Subtree right)
    {
        left = right = default;
        var page = PathPage(level);
        if (_records.PackedBytes(0, _records.Count) <= _arena.PageBytes)
        {
            _records.Pack(page, 0, _records.Count);
            return true;
        }

        var at = _records.ChooseSplit(atEnd);
        TakeSeparator(at, level);
        var rightId = _pages.Allocate((byte)level);
        var rightPage = _arena.Get(rightId);
        _records.Pack(page, 0, at);
        _records.Pack(rightPage, at, _records.Count);
        left = page.Summarize(_pathPages[level]);
        right = rightPage.Summarize(rightId);
        return false;
    }

    // Between leaves any key serves that separates them, and a short one makes inner pages wide. The lower bound of an
    // inner page is given.
    private void TakeSeparator(int at, int level)
    {
        _records.CopyKey(at, _separator);
        if (level == 0)
        {
            _records.CopyKey(at - 1, _previous);
            _separator.TruncateToSeparator(_previous.Key);
        }
    }

    private bool IsLastOfLevel(int level)
    {
        for (var above = level + 1; above <= Height; above++)
        {
            if (_pathIndices[above] != PathPage(above).Count - 1)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Tells the parents that a leaf of the path became two, as far up as pages split.</summary>
    private void StoreSplit(Subtree left, Subtree right)
    {
        for (var level = 1; level <= Height; level++)
        {
            PathPage(level)[_pathIndices[level]].OverwriteChild(left);
            var record = NewRecordFor(_separator.Key, Record.EncodeChild(_payload, right));
            if (TryPlace(level, _pathIndices[level] + 1, record, out left, out right))
            {
                StoreSummary(level, PathPage(level).Summarize(_pathPages[level]));
                return;
            }
        }

        RaiseRoot(left, right);
    }

    private void RaiseRoot(in Subtree left, in Subtree right)
    {
        Height++;
        Check.That(Height < HeightMax);
        var id = _pages.Allocate((byte)Height);
        var root = _arena.Get(id);
        _pathPages[Height] = id;
        Check.That(root.TryInsert(0, NewRecordFor(default, Record.EncodeChild(_payload, left))));
        Check.That(root.TryInsert(1, NewRecordFor(_separator.Key, Record.EncodeChild(_payload, right))));
        _root = root.Summarize(id);
    }

    // A page that is the only child of its parent stays as it is, even empty; its parent is small then and is joined.
    private bool TryMerge(int level)
    {
        var parent = PathPage(level + 1);
        var index = _pathIndices[level + 1];
        return (index > 0 && TryMerge(parent, index - 1, level))
            || (index < parent.Count - 1 && TryMerge(parent, index, level));
    }

    private bool TryMerge(Page parent, int leftIndex, int level)
    {
        var leftId = parent[leftIndex].ChildPage;
        var rightId = parent[leftIndex + 1].ChildPage;
        var left = _arena.Visit(leftId, level, _pages.Group);
        var right = _arena.Visit(rightId, level, _pages.Group);
        var isOneEmpty = left.Count == 0 || right.Count == 0;
        if (!isOneEmpty && left.UsedBytes + right.UsedBytes > MergedBytesMax)
        {
            return false;
        }

        _records.Clear();
        _records.AddPage(left);
        _records.AddPage(right);
        if (_records.PackedBytes(0, _records.Count) > (isOneEmpty ? _arena.PageBytes : MergedBytesMax))
        {
            return false;
        }

        if (left.Birth != _pages.Group)
        {
            leftId = Copy(leftId);
            left = _arena.Get(leftId);
        }

        _records.Pack(left, 0, _records.Count);
        _pages.Retire(rightId);
        parent[leftIndex].OverwriteChild(left.Summarize(leftId));
        RemoveRecord(parent, leftIndex + 1);
        return true;
    }

    private void RemoveRecord(Page page, int index)
    {
        KeyChain.Retire(_pages, _arena, page[index].Chain);
        page.RemoveAt(index);
    }

    private void LowerRoot()
    {
        while (Height > 0 && _arena.Get(_root.PageId) is { Count: 1 } page)
        {
            var child = page[0].Child;
            KeyChain.Retire(_pages, _arena, page[0].Chain);
            _pages.Retire(_root.PageId);
            _root = child;
            Height--;
        }
    }

    private void SummarizeLeaf(Page leaf, int added, long expiryBefore, long expiryNow)
    {
        var before = SummaryOf(0);
        var earliest = EarliestAfter(leaf, before.EarliestExpiryMillis, expiryBefore, expiryNow);
        StoreSummary(0, new Subtree(_pathPages[0], before.Count + added, earliest));
    }

    /// <summary>Stores what is known of a page of the path, and what follows from it, up to the root.</summary>
    private void StoreSummary(int level, Subtree now)
    {
        for (; ; level++)
        {
            var before = SummaryOf(level);
            if (before == now)
            {
                return;
            }

            if (level == Height)
            {
                _root = now;
                return;
            }

            var parent = PathPage(level + 1);
            parent[_pathIndices[level + 1]].OverwriteChild(now);
            var above = SummaryOf(level + 1);
            var earliest = EarliestAfter(
                parent, above.EarliestExpiryMillis, before.EarliestExpiryMillis, now.EarliestExpiryMillis);
            now = new Subtree(_pathPages[level + 1], above.Count + now.Count - before.Count, earliest);
        }
    }

    private Subtree SummaryOf(int level) =>
        level == Height ? _root : PathPage(level + 1)[_pathIndices[level + 1]].Child;

    // Looks through the page only when its earliest expiry was the one that went away.
    private static long EarliestAfter(Page page, long earliest, long before, long now)
    {
        if (now <= earliest)
        {
            return now;
        }

        return before > earliest || before == Subtree.NoExpiry ? earliest : page.EarliestExpiry();
    }
}

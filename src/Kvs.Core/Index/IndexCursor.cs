using Kvs.Core.Index.Pages;
using Kvs.Core.Index.Tree;
using Kvs.Core.Operations;

namespace Kvs.Core.Index;

/// <summary>
/// A walk over the visible entries of a range of a leased state, in either direction. It stands before the first one
/// at the start and after <see cref="Seek"/>.
/// </summary>
/// <remarks>Threading: one thread. Ownership: none; it is usable while its lease is held, and throws afterwards.</remarks>
internal sealed class IndexCursor
{
    private readonly IndexLease _lease;
    private readonly KeyRange _range;
    private readonly bool _reverse;
    private readonly uint[] _pages;
    private readonly int[] _indices;
    private readonly KeyBuffer _key = new();
    private int _stop; // first index, in the direction of the walk, that is beyond the range or the leaf
    private bool _isPositioned;
    private bool _isAtEnd;

    internal IndexCursor(IndexLease lease, in KeyRange range, bool reverse)
    {
        _lease = lease;
        _range = range;
        _reverse = reverse;
        _pages = new uint[lease.Root.Height + 1];
        _indices = new int[lease.Root.Height + 1];
    }

    /// <summary>The current key; valid until the next move.</summary>
    internal ReadOnlySpan<byte> Key => _key.Key;

    /// <summary>The current entry.</summary>
    internal IndexEntry Entry { get; private set; }

    /// <summary>
    /// Goes before a key, which is given next if it is there and lies in the range; else the next one in the direction
    /// of the walk is.
    /// </summary>
    /// <param name="key">The key.</param>
    internal void Seek(ReadOnlySpan<byte> key)
    {
        if (!_reverse && key.SequenceCompareTo(_range.From.Span) < 0)
        {
            key = _range.From.Span;
        }

        if (_reverse && _range.To is { } to && key.SequenceCompareTo(to.Span) >= 0)
        {
            PositionBefore(to.Span, orAt: false);
        }
        else
        {
            PositionBefore(key, orAt: _reverse);
        }
    }

    /// <summary>Goes to the next visible entry.</summary>
    /// <returns>False at the end of the range.</returns>
    internal bool MoveNext()
    {
        var view = _lease.View;
        if (!_isPositioned)
        {
            PositionAtStart(view);
        }

        var step = _reverse ? -1 : 1;
        while (!_isAtEnd)
        {
            var leaf = view.Visit(_pages[0], 0);
            for (_indices[0] += step; _indices[0] != _stop; _indices[0] += step)
            {
                var record = leaf[_indices[0]];
                if (record.ExpiryMillis > _lease.Root.LogTimeMillis)
                {
                    Entry = record.Entry;
                    _key.Set(leaf, record, view.Arena);
                    return true;
                }
            }

            _isAtEnd = _stop != (_reverse ? -1 : leaf.Count) || !TryGoToNextLeaf(view, step);
        }

        return false;
    }

    private void PositionAtStart(TreeView view)
    {
        if (_range.IsEmpty)
        {
            _isPositioned = _isAtEnd = true;
        }
        else if (!_reverse)
        {
            PositionBefore(_range.From.Span, orAt: false);
        }
        else if (_range.To is { } to)
        {
            PositionBefore(to.Span, orAt: false);
        }
        else
        {
            _isPositioned = true;
            Descend(view, view.Root.PageId, view.Height, step: -1);
        }
    }

    // Forwards: the next entry is the first one not less than the key. In reverse: the last one that is less, or,
    // with orAt, that is not greater.
    private void PositionBefore(ReadOnlySpan<byte> key, bool orAt)
    {
        var view = _lease.View;
        var id = view.Root.PageId;
        for (var level = view.Height; level > 0; level--)
        {
            var page = view.Visit(id, level);
            _pages[level] = id;
            _indices[level] = page.FindChild(key, view.Arena);
            id = page[_indices[level]].ChildPage;
        }

        _pages[0] = id;
        var leaf = view.Visit(id, 0);
        var index = leaf.Find(key, view.Arena, out var found);
        SetStop(view, leaf);
        // A key beyond the range's end: nothing is left between the index and the stop.
        _indices[0] = _reverse ? Math.Max(index + (orAt && found ? 1 : 0), _stop + 1) : Math.Min(index, _stop) - 1;
        _isAtEnd = _range.IsEmpty;
        _isPositioned = true;
    }

    private bool TryGoToNextLeaf(TreeView view, int step)
    {
        for (var level = 1; level < _pages.Length; level++)
        {
            var page = view.Visit(_pages[level], level);
            var index = _indices[level] + step;
            if ((uint)index < (uint)page.Count)
            {
                _indices[level] = index;
                Descend(view, page[index].ChildPage, level - 1, step);
                return true;
            }
        }

        return false;
    }

    private void Descend(TreeView view, uint id, int height, int step)
    {
        for (var level = height; level > 0; level--)
        {
            var page = view.Visit(id, level);
            _pages[level] = id;
            _indices[level] = step > 0 ? 0 : page.Count - 1;
            id = page[_indices[level]].ChildPage;
        }

        _pages[0] = id;
        var leaf = view.Visit(id, 0);
        _indices[0] = step > 0 ? -1 : leaf.Count;
        SetStop(view, leaf);
    }

    // One search per leaf instead of a comparison per entry.
    private void SetStop(TreeView view, Page leaf) => _stop = _reverse
        ? leaf.Find(_range.From.Span, view.Arena, out _) - 1
        : _range.To is { } to ? leaf.Find(to.Span, view.Arena, out _) : leaf.Count;
}

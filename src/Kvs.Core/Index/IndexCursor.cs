using Kvs.Core.Index.Pages;
using Kvs.Core.Index.Tree;
using Kvs.Core.Operations;

namespace Kvs.Core.Index;

/// <summary>
/// A walk over the visible entries of a range of a leased state, in either direction; or over all of it, expired or not.
/// It stands before the first one at the start and after <see cref="Seek"/>.
/// </summary>
/// <remarks>Threading: one thread. Ownership: none; it is usable while its lease is held and throws later.</remarks>
internal sealed class IndexCursor
{
    private readonly IndexLease _lease;
    private readonly KeyRange _range;
    private readonly bool _reverse;
    private readonly long _expiredThrough; // entries that expire by then are passed over
    private readonly TreeView _view;
    private readonly uint[] _pages;  // from the leaf's parent (1) to the root; 0 is not used
    private readonly int[] _indices;
    private readonly KeyBuffer _key = new();
    private Page _leaf;
    private int _index;
    private int _stop; // first index, in the direction of the walk, that is beyond the range or the leaf
    private bool _isPositioned;
    private bool _isAtEnd;

    internal IndexCursor(IndexLease lease, in KeyRange range, bool reverse, bool withExpired = false)
    {
        _expiredThrough = withExpired ? long.MinValue : lease.Root.LogTimeMillis;
        _lease = lease;
        _range = range;
        _reverse = reverse;
        _view = lease.View;
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
        _lease.ThrowIfDisposed();
        if (!_isPositioned)
        {
            PositionAtStart();
        }

        var step = _reverse ? -1 : 1;
        while (!_isAtEnd)
        {
            for (_index += step; _index != _stop; _index += step)
            {
                var record = _leaf[_index];
                if (record.ExpiryMillis > _expiredThrough)
                {
                    Entry = record.Entry;
                    _key.Set(_leaf, record, _view.Arena);
                    return true;
                }
            }

            _isAtEnd = _stop != (_reverse ? -1 : _leaf.Count) || !TryGoToNextLeaf(step);
        }

        return false;
    }

    private void PositionAtStart()
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
            Descend(_view.Root.PageId, _view.Height, step: -1);
        }
    }

    // Forwards: the next entry is the first one not less than the key. In reverse: the last one that is less, or,
    // with orAt, that is not greater.
    private void PositionBefore(ReadOnlySpan<byte> key, bool orAt)
    {
        _lease.ThrowIfDisposed();
        var id = _view.Root.PageId;
        for (var level = _view.Height; level > 0; level--)
        {
            var page = _view.Visit(id, level);
            _pages[level] = id;
            _indices[level] = page.FindChild(key, _view.Arena);
            id = page[_indices[level]].ChildPage;
        }

        EnterLeaf(id);
        var index = _leaf.Find(key, _view.Arena, out var found);
        // A key beyond the range's end: nothing is left between the index and the stop.
        _index = _reverse ? Math.Max(index + (orAt && found ? 1 : 0), _stop + 1) : Math.Min(index, _stop) - 1;
        _isAtEnd = _range.IsEmpty;
        _isPositioned = true;
    }

    private bool TryGoToNextLeaf(int step)
    {
        for (var level = 1; level < _pages.Length; level++)
        {
            var page = _view.Visit(_pages[level], level);
            var index = _indices[level] + step;
            if ((uint)index < (uint)page.Count)
            {
                _indices[level] = index;
                Descend(page[index].ChildPage, level - 1, step);
                return true;
            }
        }

        return false;
    }

    private void Descend(uint id, int height, int step)
    {
        for (var level = height; level > 0; level--)
        {
            var page = _view.Visit(id, level);
            _pages[level] = id;
            _indices[level] = step > 0 ? 0 : page.Count - 1;
            id = page[_indices[level]].ChildPage;
        }

        EnterLeaf(id);
        _index = step > 0 ? -1 : _leaf.Count;
    }

    // One search per leaf for the range's end instead of a comparison per entry.
    private void EnterLeaf(uint id)
    {
        _leaf = _view.Visit(id, 0);
        if (_reverse)
        {
            _stop = _leaf.Find(_range.From.Span, _view.Arena, out _) - 1;
        }
        else
        {
            _stop = _range.To is { } to ? _leaf.Find(to.Span, _view.Arena, out _) : _leaf.Count;
        }
    }
}

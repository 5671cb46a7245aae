using Kvs.Core.Index.Pages;
using Kvs.Core.Index.Tree;
using Kvs.Core.Operations;

namespace Kvs.Core.Index;

/// <summary>
/// One published state, kept for as long as the lease is held: for snapshots and scans. It keeps its own pages only,
/// not those of later states.
/// </summary>
/// <remarks>
/// Threading: any thread; cursors are for one thread each, and none may be in a call when the lease is disposed.
/// Ownership: whoever took it disposes it; more than once does no harm.
/// </remarks>
internal sealed class IndexLease : IDisposable
{
    private readonly KeyIndex _index;
    private int _isDisposed;

    internal IndexLease(KeyIndex index, IndexRoot root)
    {
        _index = index;
        Root = root;
    }

    /// <summary>The state that is read.</summary>
    internal IndexRoot Root { get; }

    /// <summary>The tree, as long as the lease is held.</summary>
    internal TreeView View
    {
        get
        {
            ThrowIfDisposed();
            return Root.View(_index.Arena);
        }
    }

    /// <summary>Looks a key up, expired or not (<see cref="IndexEntry.IsVisibleAt"/>).</summary>
    /// <param name="key">The key.</param>
    /// <param name="entry">Its entry.</param>
    /// <returns>Whether it is there.</returns>
    internal bool TryFind(ReadOnlySpan<byte> key, out IndexEntry entry) => View.TryFind(key, out entry);

    /// <summary>Counts the visible keys of a range, as a cursor would; O(log n) where nothing is due.</summary>
    /// <param name="range">The range.</param>
    internal long Count(in KeyRange range) => View.Count(range, Root.LogTimeMillis);

    /// <summary>Finds the visible entry at a position in key order (the n-th key; a random key).</summary>
    /// <param name="position">0 for the first.</param>
    /// <param name="key">The key.</param>
    /// <param name="entry">The entry.</param>
    /// <returns>False when there are not so many.</returns>
    internal bool TryFindAt(long position, out byte[] key, out IndexEntry entry)
    {
        var buffer = new KeyBuffer();
        var found = View.TryFindAt(position, Root.LogTimeMillis, buffer, out entry);
        key = found ? buffer.Key.ToArray() : [];
        return found;
    }

    /// <summary>Walks over the visible entries of a range. The cursor stands before the first one.</summary>
    /// <param name="range">The range.</param>
    /// <param name="reverse">From the last key to the first.</param>
    internal IndexCursor Cursor(in KeyRange range, bool reverse) => new(this, range, reverse);

    /// <summary>Walks over all entries, those included that have expired and are not removed.</summary>
    internal IndexCursor WalkAll() => new(this, KeyRange.All, reverse: false, withExpired: true);

    /// <summary>Refuses further reads of pages that may be gone.</summary>
    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _index.EndLease(Root);
        }
    }
}

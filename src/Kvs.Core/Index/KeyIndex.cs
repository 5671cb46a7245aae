using Kvs.Core.Index.Pages;
using Kvs.Core.Index.Tree;
using Kvs.Core.Primitives;

namespace Kvs.Core.Index;

/// <summary>
/// Key to location: an ordered, copy-on-write B+tree of fixed-size pages outside the managed heap. One writer changes
/// a working tree and freezes it into roots, one per commit group; readers see the root that was published last. It
/// knows nothing of files, values or time beyond what its entries say.
/// </summary>
/// <remarks>
/// <para>Threading: one writer (it may change by hand-over); <see cref="Publish"/>: one thread at a time, any;
/// <see cref="Pin"/>, <see cref="Lease"/> and the figures: any thread. The writer never waits for a reader, no reader
/// for the writer.</para>
/// <para>Why no page is reused while it is read. A page born in group B and replaced in group N is reachable from the
/// roots B to N-1 only. <see cref="Reclaim"/> reads the published number P, passes a full fence, collects the
/// references, and frees the page only when N is at most P and no reference lies in B to N-1.
/// <list type="bullet">
/// <item>Pin: the reader reads the published root r, claims a slot with r's number (compare-and-swap, a full fence),
/// and reads the published root again; only if it is still r does it touch pages. If the writer's scan missed the
/// claim, the scan came before it; the writer had read P before the scan, so the reader's second look saw P or later.
/// It was r, so r is at least P, hence at least N, and the page is not part of r. If the scan did not miss it, r is
/// among the references. The slot is cleared by a release, after the last read of a page.</item>
/// <item>Lease: a count in the root itself, taken only while the writer has not closed it; the writer closes superseded
/// roots with no lease by compare-and-swap before it frees anything, and the others are references.</item>
/// <item>The published root itself needs no reference: N is at most P, so the page is not part of it.</item>
/// </list>
/// Pages are written before their root is published (release) and read after it was read (acquire).</para>
/// <para>A pin that finds no slot, or whose root was superseded three times meanwhile, becomes a counted lease: no
/// lock and no waiting either, each further try means that a later root was published.</para>
/// <para>Ownership: owns all pages. Dispose it when the writer and the publishing thread have ended.</para>
/// </remarks>
internal sealed class KeyIndex : IDisposable
{
    private const int PinTries = 3;

    private readonly KeyIndexOptions _options;
    private readonly PinSlots _pins;
    private readonly PageReclaimer _pages;
    private readonly TreeWriter _tree;
    private readonly List<IndexRoot> _roots = [];           // writer: not closed yet, ascending
    private readonly List<ulong> _references = [];          // writer
    private readonly KeyBuffer _expiredKey = new();         // writer
    private readonly Lock _disposing = new();
    private IndexRoot? _published;                          // published: Volatile; null when disposed
    private ulong _droppedThrough;                          // published: Volatile
    private ulong _oldestReferenced;                        // published: Volatile
    private bool _isFreed;                                  // guarded by _disposing

    /// <summary>Creates an empty index whose empty state is published.</summary>
    /// <param name="options">Sizes and switches; null for the defaults.</param>
    internal KeyIndex(KeyIndexOptions? options = null)
    {
        _options = options ?? new KeyIndexOptions();
        _options.Validate();
        Arena = new PageArena(_options.PageBytes, _options.CheckPages);
        _pins = new PinSlots(_options.PinSlots);
        _pages = new PageReclaimer(Arena, _options.ReclaimEarlyGroups);
        _tree = new TreeWriter(Arena, _pages);
        Publish(EndGroup(sequence: 0, logTimeMillis: 0, state: null));
        Reclaim();
    }

    /// <summary>The newest published state. To read its pages take <see cref="Pin"/> or <see cref="Lease"/>.</summary>
    internal IndexRoot Published => Volatile.Read(ref _published) ?? throw Disposed();

    /// <summary>
    /// Smallest number of a root that a pin or lease may still read, as of the last <see cref="Reclaim"/>; it only
    /// grows. Files that only older roots point to can go.
    /// </summary>
    internal ulong OldestReferencedRoot => Volatile.Read(ref _oldestReferenced);

    /// <summary>Bytes of memory taken for pages.</summary>
    internal long BytesHeld => Arena.BytesHeld;

    /// <summary>Bytes of pages in use, those included that wait for readers.</summary>
    internal long BytesUsed => Arena.PagesUsed * Arena.PageBytes;

    /// <summary>Bytes of pages of the working tree alone.</summary>
    internal long BytesLive => (Arena.PagesUsed - _pages.RetiredPages) * Arena.PageBytes;

    /// <summary>The writer: pages made by groups not yet published (and reclaimed), for back-pressure.</summary>
    internal long UnpublishedPages => _pages.UnpublishedPages;

    /// <summary>The writer: keys in the working tree, expired ones included.</summary>
    internal long WorkingKeyCount => _tree.Root.Count;

    /// <summary>The writer: earliest expiry in the working tree; <see cref="long.MaxValue"/> for none.</summary>
    internal long WorkingEarliestExpiryMillis => _tree.Root.EarliestExpiryMillis;

    /// <summary>
    /// Called once after <see cref="Dispose"/>, when the last lease has ended: what entries point into may go then too.
    /// </summary>
    internal Action? Freed { private get; set; }

    internal PageArena Arena { get; }

    /// <summary>The writer: the working tree, for checks.</summary>
    internal TreeView WorkingView => _tree.View;

    /// <summary>The writer: begins filling the index, which must be empty.</summary>
    internal IndexLoader BeginLoad() => new(Arena, _pages, _tree, _options.LoadPercent);

    /// <summary>The writer: looks a key up in the working tree, expired or not.</summary>
    /// <param name="key">The key.</param>
    /// <param name="entry">Its entry.</param>
    /// <returns>Whether it is there.</returns>
    internal bool TryFind(ReadOnlySpan<byte> key, out IndexEntry entry) => _tree.View.TryFind(key, out entry);

    /// <summary>The writer: sets a key in the working tree.</summary>
    /// <param name="key">The key, at most <see cref="Limits.KeyBytesMax"/> bytes.</param>
    /// <param name="entry">Its entry.</param>
    /// <param name="previous">The entry that it had.</param>
    /// <returns>Whether it was there.</returns>
    internal bool Set(ReadOnlySpan<byte> key, in IndexEntry entry, out IndexEntry previous) =>
        _tree.Set(key, entry, out previous);

    /// <summary>The writer: removes a key from the working tree.</summary>
    /// <param name="key">The key.</param>
    /// <param name="previous">The entry that it had.</param>
    /// <returns>Whether it was there.</returns>
    internal bool Remove(ReadOnlySpan<byte> key, out IndexEntry previous) => _tree.Remove(key, out previous);

    /// <summary>
    /// The writer: finds the first entry, in key order, of the working tree whose expiry has passed. Remove it and ask
    /// again; each call costs O(log n).
    /// </summary>
    /// <param name="logTimeMillis">The time, unix milliseconds.</param>
    /// <param name="key">The key; valid until the next call of this method.</param>
    /// <param name="entry">The entry.</param>
    /// <returns>False when nothing is due.</returns>
    internal bool TryNextExpired(long logTimeMillis, out ReadOnlySpan<byte> key, out IndexEntry entry)
    {
        var found = _tree.View.TryFindExpired(logTimeMillis, _expiredKey, out entry);
        key = found ? _expiredKey.Key : default;
        return found;
    }

    /// <summary>The writer: freezes the working tree, unreadable until published, and begins a new group.</summary>
    /// <param name="sequence">Newest sequence in it.</param>
    /// <param name="logTimeMillis">Its log time, unix milliseconds.</param>
    /// <param name="state">What the engine attaches; immutable.</param>
    /// <returns>The root, to be published or dropped.</returns>
    internal IndexRoot EndGroup(ulong sequence, long logTimeMillis, object? state)
    {
        var root = new IndexRoot(_pages.Group, _tree.Root, _tree.Height, sequence, logTimeMillis, state);
        _pages.EndGroup();
        _roots.Add(root);
        return root;
    }

    /// <summary>Makes a root the one that readers see. Roots in between may be left out; none comes twice.</summary>
    /// <param name="root">A root of <see cref="EndGroup"/>, later than the published one and not dropped.</param>
    internal void Publish(IndexRoot root)
    {
        Check.That(root.Number > (_published?.Number ?? 0));
        Check.That(root.Number > Volatile.Read(ref _droppedThrough));
        Volatile.Write(ref _published, root);
    }

    /// <summary>
    /// The writer, after a fault: goes back to the published root and frees the pages of all later groups. No
    /// <see cref="Publish"/> may run at the same time; their numbers are never used again.
    /// </summary>
    internal void DropUnpublished()
    {
        var published = Published;
        Volatile.Write(ref _droppedThrough, _pages.Group);
        _pages.DropUnpublished(published.Number);
        _roots.RemoveAll(root => root.Number > published.Number);
        _tree.Reset(published.Tree, published.Height);
    }

    /// <summary>The writer: frees the pages of published groups that no reader can see. For once per group.</summary>
    internal void Reclaim()
    {
        var published = Published.Number;
        Interlocked.MemoryBarrier(); // The proof above needs it between the read of P and the scan.
        _references.Clear();
        _pins.CollectTo(_references);
        CloseRootsBefore(published);
        _references.Sort();
        _pages.Reclaim(published, _references);
        // A number that was announced but not confirmed may be older than what was said before.
        var oldest = _references.Count > 0 ? Math.Min(_references[0], published) : published;
        Volatile.Write(ref _oldestReferenced, Math.Max(_oldestReferenced, oldest));
    }

    /// <summary>Keeps the newest published state for one short read. Wait-free while slots last.</summary>
    internal IndexPin Pin()
    {
        var root = Published;
        var slot = _pins.TryClaim(root.Number);
        for (var tries = 0; slot >= 0; tries++)
        {
            var now = Volatile.Read(ref _published);
            if (ReferenceEquals(now, root))
            {
                return new IndexPin(this, root, slot);
            }

            _pins.Release(slot);
            root = Published;
            slot = tries < PinTries ? _pins.TryClaim(root.Number) : -1;
        }

        return new IndexPin(this, Acquire(), IndexPin.Leased);
    }

    /// <summary>Keeps the newest published state until the lease is disposed.</summary>
    internal IndexLease Lease() => new(this, Acquire());

    /// <summary>
    /// Frees all memory, as soon as the last lease ends. Waits for pins, which are short; the caller must hold none.
    /// </summary>
    public void Dispose()
    {
        Volatile.Write(ref _published, null);
        Interlocked.MemoryBarrier();
        var wait = default(SpinWait);
        while (!_pins.AreFree())
        {
            wait.SpinOnce();
        }

        FreeWhenUnused();
    }

    /// <summary>Ends a pin.</summary>
    internal void Unpin(IndexRoot root, int slot)
    {
        if (slot >= 0)
        {
            _pins.Release(slot);
        }
        else
        {
            EndLease(root);
        }
    }

    /// <summary>Ends a lease.</summary>
    internal void EndLease(IndexRoot root)
    {
        root.Release(); // A full fence: either this sees that the index is disposed, or Dispose sees the count at 0.
        if (Volatile.Read(ref _published) is null)
        {
            FreeWhenUnused();
        }
    }

    private static ObjectDisposedException Disposed() => new(nameof(KeyIndex), "The index is disposed.");

    private IndexRoot Acquire()
    {
        while (true)
        {
            var root = Published;
            if (root.TryAcquire())
            {
                return root;
            }
        }
    }

    private void CloseRootsBefore(ulong published)
    {
        var kept = 0;
        for (var i = 0; i < _roots.Count; i++)
        {
            var root = _roots[i];
            if (root.Number < published)
            {
                if (root.TryClose())
                {
                    continue;
                }

                _references.Add(root.Number);
            }

            _roots[kept++] = root;
        }

        _roots.RemoveRange(kept, _roots.Count - kept);
    }

    private void FreeWhenUnused()
    {
        lock (_disposing)
        {
            if (_isFreed || !_roots.TrueForAll(static root => root.TryClose()))
            {
                return;
            }

            _isFreed = true;
            _tree.Dispose();
            Arena.Dispose();
            Freed?.Invoke();
        }
    }
}

using Kvs.Core.Index.Tree;

namespace Kvs.Core.Index;

/// <summary>
/// The newest published state, kept for one short read: no lock, no allocation, no waiting. For anything longer take
/// an <see cref="IndexLease"/>.
/// </summary>
/// <remarks>Ownership: dispose it exactly once, on the thread that took it; pages are not touched afterwards.</remarks>
internal readonly ref struct IndexPin
{
    /// <summary>In place of a slot: the pin holds a counted lease.</summary>
    internal const int Leased = -1;

    private readonly KeyIndex _index;
    private readonly int _slot;

    internal IndexPin(KeyIndex index, IndexRoot root, int slot)
    {
        _index = index;
        Root = root;
        _slot = slot;
    }

    /// <summary>The state that is read.</summary>
    internal IndexRoot Root { get; }

    private TreeView View => Root.View(_index.Arena);

    /// <summary>Looks a key up, expired or not (<see cref="IndexEntry.IsVisibleAt"/>).</summary>
    /// <param name="key">The key.</param>
    /// <param name="entry">Its entry.</param>
    /// <returns>Whether it is there.</returns>
    internal bool TryFind(ReadOnlySpan<byte> key, out IndexEntry entry) => View.TryFind(key, out entry);

    /// <summary>Ends the read.</summary>
    public void Dispose() => _index.Unpin(Root, _slot);
}

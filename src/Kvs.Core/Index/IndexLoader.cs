using Kvs.Core.Index.Pages;
using Kvs.Core.Index.Tree;
using Kvs.Core.Primitives;

namespace Kvs.Core.Index;

/// <summary>
/// Fills an empty index from entries in key order, page by page: about twenty times faster than setting them one by
/// one. Nothing of it shows before <see cref="Complete"/>; dispose it without that to give up.
/// </summary>
/// <remarks>Threading: the index's writer. Ownership: owns scratch memory until disposed; the pages are its group's;
/// <see cref="KeyIndex.DropUnpublished"/> frees them after giving up.</remarks>
internal sealed class IndexLoader : IDisposable
{
    private readonly PageArena _arena;
    private readonly PageReclaimer _pages;
    private readonly TreeWriter _tree;
    private readonly int _pageBytesWanted;
    private readonly List<OpenPage> _levels = [];
    private readonly KeyBuffer _last = new();
    private readonly byte[] _payload = new byte[Record.PayloadBytesMax];
    private bool _isComplete;

    internal IndexLoader(PageArena arena, PageReclaimer pages, TreeWriter tree, int loadPercent)
    {
        Check.That(tree.Root.Count == 0);
        _arena = arena;
        _pages = pages;
        _tree = tree;
        _pageBytesWanted = arena.PageBytes * loadPercent / 100;
    }

    /// <summary>Adds an entry.</summary>
    /// <param name="key">The key, behind all keys so far.</param>
    /// <param name="entry">The entry.</param>
    internal void Add(ReadOnlySpan<byte> key, in IndexEntry entry)
    {
        Check.That(!_isComplete && key.Length <= Limits.KeyBytesMax);
        Check.That(_levels.Count == 0 || _last.Key.SequenceCompareTo(key) < 0);
        Add(level: 0, key, Record.EncodeEntry(_payload, entry));
        _last.Set(key);
    }

    /// <summary>Makes what was added the index's working tree.</summary>
    internal void Complete()
    {
        Check.That(!_isComplete);
        _isComplete = true;
        if (_levels.Count == 0)
        {
            return;
        }

        for (var level = 0; ; level++)
        {
            var top = Close(_levels[level]);
            if (level == _levels.Count - 1)
            {
                _pages.Retire(_tree.Root.PageId);
                _tree.Reset(top, level);
                return;
            }

            AddChild(level + 1, _levels[level].LowerBound.Key, top);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var level in _levels)
        {
            level.Records.Dispose();
        }

        _levels.Clear();
    }

    private void Add(int level, ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload)
    {
        if (level == _levels.Count)
        {
            _levels.Add(new OpenPage(_arena, level));
        }

        var open = _levels[level];
        var inline = key[..Math.Min(key.Length, _arena.InlineKeyBytesMax)];
        var tail = key[inline.Length..];
        if (!open.HasRoomFor(inline, payload.Length, tail.Length, _pageBytesWanted))
        {
            var lowerBound = open.LowerBound.Key.ToArray();
            AddChild(level + 1, lowerBound, Close(open));
            open.LowerBound.Set(key);
            if (level == 0)
            {
                open.LowerBound.TruncateToSeparator(_last.Key);
            }
        }

        open.Add(new NewRecord
        {
            InlineKey = inline,
            Payload = payload,
            Chain = tail.IsEmpty ? 0 : KeyChain.Write(_pages, _arena, tail),
            TailBytes = tail.Length,
        });
    }

    private void AddChild(int level, ReadOnlySpan<byte> lowerBound, in Subtree child)
    {
        Span<byte> payload = stackalloc byte[Record.ChildBytes];
        Add(level, lowerBound, Record.EncodeChild(payload, child));
    }

    private Subtree Close(OpenPage open)
    {
        var id = _pages.Allocate((byte)open.Level);
        var page = _arena.Get(id);
        open.Records.Pack(page, 0, open.Records.Count);
        open.Clear();
        return page.Summarize(id);
    }

    /// <summary>The last page of a level, which still takes records.</summary>
    private sealed class OpenPage(PageArena arena, int level)
    {
        private readonly KeyBuffer _firstKey = new();
        private int _unpackedBytes; // with the whole inline key in each record
        private int _prefixBytes;

        internal int Level => level;

        /// <summary>The lower bound that the parent gets for this page; empty for the first of the level.</summary>
        internal KeyBuffer LowerBound { get; } = new();

        // A record takes at least 28 bytes of a page, packed; here each comes with its whole inline key.
        internal RecordList Records { get; } = new(
            arena, ((arena.PageBytes / 28) + 1) * (arena.InlineKeyBytesMax + Record.PayloadBytesMax + 16));

        internal bool HasRoomFor(ReadOnlySpan<byte> inlineKey, int payloadBytes, int tailBytes, int pageBytesWanted)
        {
            var count = Records.Count;
            if (count == 0)
            {
                return true;
            }

            var prefix = Math.Min(_prefixBytes, _firstKey.Key.CommonPrefixLength(inlineKey));
            var added = Page.SlotBytes + Record.Size(payloadBytes, inlineKey.Length, tailBytes > 0);
            var packedBytes = Page.HeaderBytes + Page.AlignedPrefixBytes(prefix)
                + _unpackedBytes + added - ((count + 1) * prefix);
            return packedBytes <= pageBytesWanted;
        }

        internal void Add(in NewRecord record)
        {
            if (Records.Count == 0)
            {
                _firstKey.Set(record.InlineKey);
                _prefixBytes = record.InlineKey.Length;
            }

            _prefixBytes = Math.Min(_prefixBytes, _firstKey.Key.CommonPrefixLength(record.InlineKey));
            _unpackedBytes += Page.SlotBytes
                + Record.Size(record.Payload.Length, record.InlineKey.Length, record.TailBytes > 0);
            Records.Insert(Records.Count, record);
        }

        internal void Clear()
        {
            Records.Clear();
            _unpackedBytes = 0;
        }
    }
}

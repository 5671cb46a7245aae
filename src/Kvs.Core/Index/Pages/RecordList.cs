using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Kvs.Core.Primitives;

namespace Kvs.Core.Index.Pages;

/// <summary>
/// Records on their way into pages: gathered from pages and from outside, in key order, then packed with their common
/// prefix taken out. Splitting, joining, repacking and loading all go through here.
/// </summary>
/// <remarks>
/// Threading: one thread. Ownership: owns the scratch memory; each record that is added is copied into it.
/// Unsafe code, proof: a <see cref="Draft"/> points into the scratch memory only, which lives as long as the list and
/// is handed out by <see cref="Keep(int)"/> with a check of its end; drafts are forgotten before it is reused.
/// </remarks>
internal sealed unsafe class RecordList : IDisposable
{
    private readonly PageArena _arena;
    private readonly int _scratchBytes;
    private byte* _scratch;
    private int _scratchUsed;
    private Draft[] _drafts = new Draft[64];

    /// <summary>Creates an empty list.</summary>
    /// <param name="arena">Where the pages are.</param>
    /// <param name="scratchBytes">Most bytes of pages, keys and payloads that it holds at once.</param>
    internal RecordList(PageArena arena, int scratchBytes)
    {
        _arena = arena;
        _scratchBytes = scratchBytes;
        _scratch = (byte*)NativeMemory.Alloc((nuint)scratchBytes);
    }

    internal int Count { get; private set; }

    internal void Clear()
    {
        Count = 0;
        _scratchUsed = 0;
    }

    /// <summary>Adds all records of a page behind the others. The page may be changed afterwards.</summary>
    internal void AddPage(Page source)
    {
        var copy = new Page(Keep(_arena.PageBytes), _arena.PageBytes);
        copy.CopyFrom(source, source.Birth);
        for (var i = 0; i < copy.Count; i++)
        {
            var record = copy[i];
            Insert(Count, new Draft
            {
                Key1 = Pointer(copy.Prefix),
                Key1Bytes = copy.PrefixBytes,
                Key2 = Pointer(record.Suffix),
                Key2Bytes = record.SuffixBytes,
                Payload = Pointer(record.Payload),
                PayloadBytes = record.Payload.Length,
                Chain = record.Chain,
                TailBytes = record.TailBytes,
            });
        }
    }

    /// <summary>Puts a record in.</summary>
    internal void Insert(int index, in NewRecord record) => Insert(index, new Draft
    {
        Key2 = Keep(record.InlineKey),
        Key2Bytes = record.InlineKey.Length,
        Payload = Keep(record.Payload),
        PayloadBytes = record.Payload.Length,
        Chain = record.Chain,
        TailBytes = record.TailBytes,
    });

    /// <summary>Gives a record another payload.</summary>
    internal void ReplacePayload(int index, ReadOnlySpan<byte> payload)
    {
        Check.That(index < Count);
        _drafts[index].Payload = Keep(payload);
        _drafts[index].PayloadBytes = payload.Length;
    }

    /// <summary>Bytes of a page that holds the records of a range.</summary>
    internal int PackedBytes(int from, int to)
    {
        if (from == to)
        {
            return Page.HeaderBytes;
        }

        var prefix = CommonBytes(in _drafts[from], in _drafts[to - 1]);
        var bytes = Page.HeaderBytes + Page.AlignedPrefixBytes(prefix);
        for (var i = from; i < to; i++)
        {
            bytes += _drafts[i].PackedBytes - prefix;
        }

        return bytes;
    }

    /// <summary>Replaces a page's records by those of a range, which must fit.</summary>
    internal void Pack(Page target, int from, int to)
    {
        var prefix = from == to ? 0 : CommonBytes(in _drafts[from], in _drafts[to - 1]);
        var prefixTarget = target.ClearFor(prefix);
        for (var i = from; i < to; i++)
        {
            ref readonly var draft = ref _drafts[i];
            if (i == from)
            {
                draft.CopyInlineKey(prefixTarget);
            }

            var key1 = Math.Min(prefix, draft.Key1Bytes);
            target.Append(
                new ReadOnlySpan<byte>(draft.Payload, draft.PayloadBytes),
                new ReadOnlySpan<byte>(draft.Key1 + key1, draft.Key1Bytes - key1),
                new ReadOnlySpan<byte>(draft.Key2 + prefix - key1, draft.Key2Bytes - prefix + key1),
                draft.Chain,
                draft.TailBytes);
        }
    }

    /// <summary>Where to cut so that both parts fit into a page.</summary>
    /// <param name="atEnd">
    /// Whether the page is the last of its level and its last record is new: keys come in order then, and a full left
    /// part serves better than two halves.
    /// </param>
    internal int ChooseSplit(bool atEnd)
    {
        if (atEnd && Fits(Count - 1))
        {
            return Count - 1;
        }

        var half = Halfway();
        if (Fits(half))
        {
            return half;
        }

        // One half lost its long common prefix to a new first or last key: then that key goes alone.
        var at = 1;
        while (!Fits(at))
        {
            at++;
            Check.That(at < Count);
        }

        return at;
    }

    /// <summary>Puts the whole key of a record together.</summary>
    internal void CopyKey(int index, KeyBuffer target)
    {
        Check.That(index < Count);
        ref readonly var draft = ref _drafts[index];
        var key = target.Resize(draft.InlineBytes + draft.TailBytes);
        draft.CopyInlineKey(key[..draft.InlineBytes]);
        KeyChain.CopyTo(_arena, draft.Chain, key[draft.InlineBytes..]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.Free(_scratch);
        _scratch = null;
        Clear();
    }

    private bool Fits(int at) =>
        PackedBytes(0, at) <= _arena.PageBytes && PackedBytes(at, Count) <= _arena.PageBytes;

    private int Halfway()
    {
        var total = 0;
        for (var i = 0; i < Count; i++)
        {
            total += _drafts[i].PackedBytes;
        }

        var at = 0;
        for (var left = 0; at < Count - 1 && left * 2 < total; at++)
        {
            left += _drafts[at].PackedBytes;
        }

        return Math.Max(at, 1);
    }

    private void Insert(int index, Draft draft)
    {
        if (Count == _drafts.Length)
        {
            Array.Resize(ref _drafts, Count * 2);
        }

        Array.Copy(_drafts, index, _drafts, index + 1, Count - index);
        _drafts[index] = draft;
        Count++;
    }

    private byte* Keep(ReadOnlySpan<byte> bytes)
    {
        var kept = Keep(bytes.Length);
        bytes.CopyTo(new Span<byte>(kept, bytes.Length));
        return kept;
    }

    private byte* Keep(int bytes)
    {
        Check.That(_scratch != null && _scratchUsed + bytes <= _scratchBytes);
        var kept = _scratch + _scratchUsed;
        _scratchUsed += (bytes + 7) & ~7; // Page headers hold aligned numbers.
        return kept;
    }

    private static byte* Pointer(ReadOnlySpan<byte> scratch) =>
        (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(scratch));

    private static int CommonBytes(ref readonly Draft first, ref readonly Draft last)
    {
        if (first.Key1 == last.Key1)
        {
            return first.Key1Bytes + first.Part2.CommonPrefixLength(last.Part2);
        }

        var bytes = Math.Min(first.InlineBytes, last.InlineBytes);
        for (var i = 0; i < bytes; i++)
        {
            if (first.ByteAt(i) != last.ByteAt(i))
            {
                return i;
            }
        }

        return bytes;
    }

    /// <summary>A record whose inline key stands in two parts.</summary>
    private struct Draft
    {
        internal byte* Key1;
        internal int Key1Bytes;
        internal byte* Key2;
        internal int Key2Bytes;
        internal byte* Payload;
        internal int PayloadBytes;
        internal uint Chain;
        internal int TailBytes;

        internal readonly int InlineBytes => Key1Bytes + Key2Bytes;

        internal readonly int PackedBytes => Page.SlotBytes + Record.Size(PayloadBytes, InlineBytes, TailBytes > 0);

        internal readonly ReadOnlySpan<byte> Part2 => new(Key2, Key2Bytes);

        internal readonly byte ByteAt(int index) => index < Key1Bytes ? Key1[index] : Key2[index - Key1Bytes];

        /// <summary>Copies the first bytes of the inline key, as many as the target takes.</summary>
        internal readonly void CopyInlineKey(Span<byte> target)
        {
            var part1 = new ReadOnlySpan<byte>(Key1, Math.Min(Key1Bytes, target.Length));
            part1.CopyTo(target);
            Part2[..(target.Length - part1.Length)].CopyTo(target[part1.Length..]);
        }
    }
}

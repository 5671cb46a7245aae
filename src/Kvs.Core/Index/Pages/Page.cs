using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Kvs.Core.Primitives;

namespace Kvs.Core.Index.Pages;

/// <summary>
/// One page of the tree: sorted, packed records behind a searchable array of key heads. Leaves and inner pages share
/// the layout and differ in the payload of their records (<see cref="Record"/>).
/// <code>
/// offset  bytes  field
/// 0       1      level: 0 leaf, 1.. inner page, 254 part of a key's tail, 255 free
/// 2       2      count of records
/// 4       2      prefix bytes: what all keys of the page begin with
/// 6       2      start of the heap
/// 8       2      dead bytes in the heap
/// 10      2      leaf: entries that expire
/// 12      4      next page of a chain or of the free list
/// 16      8      birth: the group that made the page
/// 24      p      prefix, filled up to a multiple of 4
/// then    4*n    heads: the first four bytes of each key behind the prefix, as a number
/// then    2*n    slots: where each record starts
/// then           free room, heap of records growing downwards
/// </code>
/// The key of an inner record is the lower bound of its child; that of the first one equals the page's own lower
/// bound, so that pages can be joined by putting their records one behind the other.
/// A look-up touches the first lines of a page, which <see cref="Prefetch"/> asks for at once, and one record.
/// Ownership: a view; the memory is <see cref="PageArena"/>'s.
/// </summary>
/// <remarks>
/// Threading: a page is written only by the index's writer, and only while its birth is the group in the making;
/// no root that a reader can reach leads to it then. After that it is never written until it is reused.
/// Unsafe code, proof: start and length come from the arena and delimit memory that lives as long as the arena. All
/// offsets derive from fields that only the methods here and <see cref="RecordList.Pack"/> write, which keep
/// <c>24 + prefix bytes rounded up + 6 * count &lt;= heap start &lt;= page bytes</c>. Indices are below the count
/// (the indexer asserts it).
/// </remarks>
internal readonly unsafe struct Page
{
    internal const int HeaderBytes = 24;
    internal const int SlotBytes = 6;
    internal const byte ChainLevel = 254;
    internal const byte FreeLevel = 255;

    private readonly byte* _start;
    private readonly int _bytes;

    internal Page(byte* start, int bytes)
    {
        _start = start;
        _bytes = bytes;
    }

    internal byte Level => _start[0];

    internal int Count => Field(2);

    internal int PrefixBytes => Field(4);

    internal int DeadBytes => Field(8);

    /// <summary>Leaf: how many entries have an expiry.</summary>
    internal int Expiring => Field(10);

    internal uint Next
    {
        get => *(uint*)(_start + 12);
        set => *(uint*)(_start + 12) = value;
    }

    /// <summary>The group that made the page: its generation.</summary>
    internal ulong Birth => *(ulong*)(_start + 16);

    /// <summary>What all keys of the page begin with.</summary>
    internal ReadOnlySpan<byte> Prefix => new(_start + HeaderBytes, PrefixBytes);

    /// <summary>Everything behind the header: for chains and for the poison of free pages.</summary>
    internal Span<byte> Content => new(_start + HeaderBytes, _bytes - HeaderBytes);

    /// <summary>Bytes in use, header included, dead ones not.</summary>
    internal int UsedBytes => HeadsStart + (Count * SlotBytes) + _bytes - HeapStart - DeadBytes;

    private int HeapStart => Field(6);

    private bool IsLeaf => Level == 0;

    private int HeadsStart => HeaderBytes + AlignedPrefixBytes(PrefixBytes);

    private uint* Heads => (uint*)(_start + HeadsStart);

    private byte* Slots => _start + HeadsStart + (Count * sizeof(uint));

    /// <summary>What a prefix takes in a page.</summary>
    internal static int AlignedPrefixBytes(int prefixBytes) => (prefixBytes + 3) & ~3;

    /// <summary>Makes it an empty page.</summary>
    internal void Initialize(byte level, ulong birth)
    {
        _start[0] = level;
        *(ulong*)(_start + 16) = birth;
        Next = 0;
        Clear();
    }

    /// <summary>Takes over another page's content, level included, as a page of the given group.</summary>
    internal void CopyFrom(Page source, ulong birth)
    {
        Check.That(source._bytes == _bytes);
        Buffer.MemoryCopy(source._start, _start, _bytes, _bytes);
        *(ulong*)(_start + 16) = birth;
    }

    /// <summary>Asks for the further lines that a search reads; they arrive while the first one is awaited.</summary>
    internal void Prefetch()
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(_start + 64);
            Sse.Prefetch0(_start + 128);
            Sse.Prefetch0(_start + 192);
        }
    }

    /// <summary>The record at an index.</summary>
    internal Record this[int index]
    {
        get
        {
            Check.That((uint)index < (uint)Count);
            return new Record(_start + *(ushort*)(Slots + (index * sizeof(ushort))), IsLeaf);
        }
    }

    /// <summary>Where a key stands, or would stand.</summary>
    /// <param name="key">The whole key.</param>
    /// <param name="arena">For the tails of long keys.</param>
    /// <param name="found">Whether it is there.</param>
    /// <returns>Index of the first record whose key is not less.</returns>
    internal int Find(ReadOnlySpan<byte> key, PageArena arena, out bool found)
    {
        found = false;
        var prefix = Prefix;
        if (!key.StartsWith(prefix))
        {
            return key.SequenceCompareTo(prefix) < 0 ? 0 : Count;
        }

        var suffix = key[prefix.Length..];
        // Heads are made of the inline part of keys only.
        var isInline = key.Length <= arena.InlineKeyBytesMax;
        var head = KeyHeads.Of(isInline ? suffix : key[prefix.Length..arena.InlineKeyBytesMax]);
        var index = KeyHeads.CountBelow(Heads, Count, head);
        return index == Count || Heads[index] != head ? index : FindAmongEqualHeads(suffix, index, arena, out found);
    }

    /// <summary>Inner page: the child whose range holds the key.</summary>
    internal int FindChild(ReadOnlySpan<byte> key, PageArena arena)
    {
        var index = Find(key, arena, out var found);
        return found ? index : index - 1;
    }

    /// <summary>Puts a record in, if it fits as the page is.</summary>
    /// <returns>False when the room is too small or the key does not have the page's prefix: repack or split.</returns>
    internal bool TryInsert(int index, in NewRecord record)
    {
        var count = Count;
        Check.That((uint)index <= (uint)count);
        if (!record.InlineKey.StartsWith(Prefix))
        {
            return false;
        }

        var suffix = record.InlineKey[PrefixBytes..];
        var start = HeapStart - Record.Size(record.Payload.Length, suffix.Length, record.TailBytes > 0);
        if (start < HeadsStart + ((count + 1) * SlotBytes))
        {
            return false;
        }

        Record.Write(_start + start, record.Payload, suffix, default, record.Chain, record.TailBytes);
        OpenSlot(index, count);
        SetField(6, start);
        SetSlot(index, KeyHeads.Of(suffix), start);
        CountExpiring(record.Payload.Length, 1);
        return true;
    }

    /// <summary>Takes a record out; what its key's tail occupies is the caller's to retire.</summary>
    internal void RemoveAt(int index)
    {
        var record = this[index];
        var count = Count;
        SetField(8, DeadBytes + record.TotalBytes);
        CountExpiring(record.Payload.Length, -1);
        CloseSlot(index, count);
        if (count == 1)
        {
            Clear();
        }
    }

    /// <summary>What is known of the tree from here downwards, from the page's own records.</summary>
    internal Subtree Summarize(uint pageId)
    {
        if (IsLeaf)
        {
            return new Subtree(pageId, Count, EarliestExpiry());
        }

        var keys = 0L;
        for (var i = 0; i < Count; i++)
        {
            keys += this[i].Child.Count;
        }

        return new Subtree(pageId, keys, EarliestExpiry());
    }

    /// <summary>Earliest expiry in it and below it, from the page's own records.</summary>
    internal long EarliestExpiry()
    {
        var earliest = Subtree.NoExpiry;
        if (IsLeaf && Expiring == 0)
        {
            return earliest;
        }

        for (var i = 0; i < Count; i++)
        {
            var record = this[i];
            earliest = Math.Min(earliest, IsLeaf ? record.ExpiryMillis : record.Child.EarliestExpiryMillis);
        }

        return earliest;
    }

    /// <summary>Makes the page empty but for a prefix, for <see cref="RecordList.Pack"/>, which then appends.</summary>
    /// <returns>Where the prefix goes.</returns>
    internal Span<byte> ClearFor(int prefixBytes)
    {
        Clear();
        SetField(4, prefixBytes);
        return new Span<byte>(_start + HeaderBytes, prefixBytes);
    }

    /// <summary>Appends a record whose key comes behind all others.</summary>
    internal void Append(
        ReadOnlySpan<byte> payload, ReadOnlySpan<byte> key1, ReadOnlySpan<byte> key2, uint chain, int tailBytes)
    {
        var count = Count;
        var start = HeapStart - Record.Size(payload.Length, key1.Length + key2.Length, tailBytes > 0);
        Check.That(start >= HeadsStart + ((count + 1) * SlotBytes));
        Record.Write(_start + start, payload, key1, key2, chain, tailBytes);
        OpenSlot(count, count);
        SetField(6, start);
        SetSlot(count, 0, start);
        Heads[count] = KeyHeads.Of(this[count].Suffix);
        CountExpiring(payload.Length, 1);
    }

    private int FindAmongEqualHeads(ReadOnlySpan<byte> suffix, int low, PageArena arena, out bool found)
    {
        var high = low + 1;
        while (high < Count && Heads[high] == Heads[low])
        {
            high++;
        }

        while (low < high)
        {
            var middle = (low + high) >> 1;
            var order = this[middle].CompareFrom(suffix, arena);
            if (order == 0)
            {
                found = true;
                return middle;
            }

            if (order > 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        found = false;
        return low;
    }

    private void Clear()
    {
        SetField(2, 0);
        SetField(4, 0);
        SetField(6, _bytes);
        SetField(8, 0);
        SetField(10, 0);
    }

    private void CountExpiring(int payloadBytes, int change)
    {
        if (payloadBytes == Record.PayloadBytesMax)
        {
            SetField(10, Expiring + change);
        }
    }

    // Both arrays grow by one: the slots move by one head (4), those behind the new one by one slot (2) more. From the
    // back to the front, so that nothing is overwritten before it has moved.
    private void OpenSlot(int index, int count)
    {
        var slots = Slots;
        Move(slots + (2 * index), slots + 4 + (2 * index) + 2, 2 * (count - index));
        Move(slots, slots + 4, 2 * index);
        Move((byte*)(Heads + index), (byte*)(Heads + index + 1), 4 * (count - index));
        SetField(2, count + 1);
    }

    private void CloseSlot(int index, int count)
    {
        var slots = Slots;
        Move((byte*)(Heads + index + 1), (byte*)(Heads + index), 4 * (count - index - 1));
        Move(slots, slots - 4, 2 * index);
        Move(slots + (2 * index) + 2, slots - 4 + (2 * index), 2 * (count - index - 1));
        SetField(2, count - 1);
    }

    private void SetSlot(int index, uint head, int start)
    {
        Heads[index] = head;
        *(ushort*)(Slots + (index * sizeof(ushort))) = (ushort)start;
    }

    private static void Move(byte* source, byte* target, int bytes) => Buffer.MemoryCopy(source, target, bytes, bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Field(int offset) => *(ushort*)(_start + offset);

    private void SetField(int offset, int value) => *(ushort*)(_start + offset) = (ushort)value;
}

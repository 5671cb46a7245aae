using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Kvs.Core.Primitives;

namespace Kvs.Core.Index.Pages;

/// <summary>
/// One record in a page: a key without the page's prefix, and an entry (leaf) or a child (inner page).
/// <code>
/// offset  bytes  field
/// 0       2      shape: bits 0-13 inline key bytes without the prefix, bit 14 has a tail, bit 15 has an expiry
/// 2       24|32  leaf:  sequence 8, segment 4, offset 4, length 4, value length 4, expiry 8 where bit 15 is set
/// 2       20     inner: child page 4, keys below 8, earliest expiry below 8
/// then    n      the key's bytes between the page's prefix and the inline limit
/// then    8      where bit 14 is set: first page of the tail 4, bytes of the tail 4
/// </code>
/// Ownership: a view into a page, valid as long as the page is.
/// </summary>
/// <remarks>
/// Unsafe code, proof: a record is made only by the indexer of <see cref="Page"/> for an index below the page's
/// count, so it starts at an offset that <see cref="Page"/> wrote, with all its bytes inside the page
/// (<see cref="Page.TryInsert"/> and <see cref="Page.Append"/> put it there only after the room was checked).
/// Numbers are read and written unaligned.
/// </remarks>
internal readonly unsafe struct Record
{
    internal const int ShapeBytes = 2;
    internal const int EntryBytes = 24;
    internal const int ExpiryBytes = 8;
    internal const int ChildBytes = 20;
    internal const int PayloadBytesMax = EntryBytes + ExpiryBytes;
    internal const int TailReferenceBytes = 8;
    private const ushort LengthMask = 0x3FFF;
    private const ushort TailFlag = 0x4000;
    private const ushort ExpiryFlag = 0x8000;

    private readonly byte* _start;
    private readonly bool _isLeaf;

    internal Record(byte* start, bool isLeaf)
    {
        _start = start;
        _isLeaf = isLeaf;
    }

    /// <summary>Bytes of the key that stand in the record itself.</summary>
    internal int SuffixBytes => Shape & LengthMask;

    /// <summary>Whether the key goes on in a chain of pages.</summary>
    internal bool HasTail => (Shape & TailFlag) != 0;

    /// <summary>Whether the entry of a leaf has an expiry.</summary>
    internal bool HasExpiry => (Shape & ExpiryFlag) != 0;

    /// <summary>The key's bytes between the page's prefix and the inline limit.</summary>
    internal ReadOnlySpan<byte> Suffix => new(_start + ShapeBytes + PayloadBytes, SuffixBytes);

    /// <summary>The encoded entry or child.</summary>
    internal ReadOnlySpan<byte> Payload => new(_start + ShapeBytes, PayloadBytes);

    /// <summary>First page of the key's tail; 0 for none.</summary>
    internal uint Chain => HasTail ? Read<uint>(ShapeBytes + PayloadBytes + SuffixBytes) : 0;

    /// <summary>Bytes of the key's tail.</summary>
    internal int TailBytes => HasTail ? Read<int>(ShapeBytes + PayloadBytes + SuffixBytes + 4) : 0;

    /// <summary>Bytes that the record takes, without its head and slot.</summary>
    internal int TotalBytes => Size(PayloadBytes, SuffixBytes, HasTail);

    /// <summary>The entry of a leaf.</summary>
    internal IndexEntry Entry => new(
        new RecordLocation(Read<uint>(10), Read<uint>(14), Read<uint>(18)),
        Read<ulong>(2),
        HasExpiry ? Read<long>(ShapeBytes + EntryBytes) : 0,
        Read<int>(22));

    /// <summary>Expiry of a leaf's entry, or <see cref="Subtree.NoExpiry"/>.</summary>
    internal long ExpiryMillis => HasExpiry ? Read<long>(ShapeBytes + EntryBytes) : Subtree.NoExpiry;

    /// <summary>The child of an inner page.</summary>
    internal Subtree Child => new(Read<uint>(2), Read<long>(6), Read<long>(14));

    /// <summary>The child's page alone.</summary>
    internal uint ChildPage => Read<uint>(2);

    private int PayloadBytes => !_isLeaf ? ChildBytes : HasExpiry ? PayloadBytesMax : EntryBytes;

    private ushort Shape => Unsafe.ReadUnaligned<ushort>(_start);

    /// <summary>Bytes of a record of these parts, without its head and slot.</summary>
    internal static int Size(int payloadBytes, int suffixBytes, bool hasTail) =>
        ShapeBytes + payloadBytes + suffixBytes + (hasTail ? TailReferenceBytes : 0);

    /// <summary>Encodes an entry.</summary>
    /// <param name="target">At least <see cref="PayloadBytesMax"/> bytes.</param>
    /// <param name="entry">The entry.</param>
    /// <returns>The part of the target that was written.</returns>
    internal static Span<byte> EncodeEntry(Span<byte> target, in IndexEntry entry)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(target, entry.Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], entry.Location.SegmentId);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], entry.Location.Offset);
        BinaryPrimitives.WriteUInt32LittleEndian(target[16..], entry.Location.Length);
        BinaryPrimitives.WriteInt32LittleEndian(target[20..], entry.ValueLength);
        if (entry.ExpiresAtMillis == 0)
        {
            return target[..EntryBytes];
        }

        BinaryPrimitives.WriteInt64LittleEndian(target[EntryBytes..], entry.ExpiresAtMillis);
        return target[..PayloadBytesMax];
    }

    /// <summary>Encodes a child.</summary>
    /// <param name="target">At least <see cref="ChildBytes"/> bytes.</param>
    /// <param name="child">The child.</param>
    /// <returns>The part of the target that was written.</returns>
    internal static Span<byte> EncodeChild(Span<byte> target, in Subtree child)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, child.PageId);
        BinaryPrimitives.WriteInt64LittleEndian(target[4..], child.Count);
        BinaryPrimitives.WriteInt64LittleEndian(target[12..], child.EarliestExpiryMillis);
        return target[..ChildBytes];
    }

    /// <summary>Writes a whole record. The caller has checked that <see cref="Size"/> bytes are free there.</summary>
    internal static void Write(
        byte* target,
        ReadOnlySpan<byte> payload,
        ReadOnlySpan<byte> key1,
        ReadOnlySpan<byte> key2,
        uint chain,
        int tailBytes)
    {
        var suffixBytes = key1.Length + key2.Length;
        Check.That(suffixBytes <= LengthMask);
        var shape = suffixBytes | (tailBytes > 0 ? TailFlag : 0) | (payload.Length == PayloadBytesMax ? ExpiryFlag : 0);
        Unsafe.WriteUnaligned(target, (ushort)shape);
        target += ShapeBytes;
        payload.CopyTo(new Span<byte>(target, payload.Length));
        target += payload.Length;
        key1.CopyTo(new Span<byte>(target, key1.Length));
        key2.CopyTo(new Span<byte>(target + key1.Length, key2.Length));
        if (tailBytes > 0)
        {
            Unsafe.WriteUnaligned(target + suffixBytes, chain);
            Unsafe.WriteUnaligned(target + suffixBytes + 4, tailBytes);
        }
    }

    /// <summary>Replaces the entry by one of the same shape (both with or both without an expiry).</summary>
    internal void OverwriteEntry(in IndexEntry entry)
    {
        Check.That(HasExpiry == (entry.ExpiresAtMillis != 0));
        EncodeEntry(new Span<byte>(_start + ShapeBytes, PayloadBytes), entry);
    }

    /// <summary>Replaces the child.</summary>
    internal void OverwriteChild(in Subtree child) =>
        EncodeChild(new Span<byte>(_start + ShapeBytes, ChildBytes), child);

    /// <summary>Replaces the child's page and keeps what is known of it.</summary>
    internal void OverwriteChildPage(uint pageId) => Unsafe.WriteUnaligned(_start + ShapeBytes, pageId);

    /// <summary>Compares a key, from the end of the page's prefix on, with this record's key.</summary>
    /// <returns>Negative when the given key comes first.</returns>
    internal int CompareFrom(ReadOnlySpan<byte> keySuffix, PageArena arena)
    {
        if (!HasTail)
        {
            return keySuffix.SequenceCompareTo(Suffix);
        }

        var suffix = Suffix;
        var order = keySuffix[..Math.Min(keySuffix.Length, suffix.Length)].SequenceCompareTo(suffix);
        return order != 0 ? order : KeyChain.CompareFrom(keySuffix[suffix.Length..], arena, Chain, TailBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private T Read<T>(int offset)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(_start + offset);
}

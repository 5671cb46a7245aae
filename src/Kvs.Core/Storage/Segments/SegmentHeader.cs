using System.Buffers.Binary;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Segments;

/// <summary>The two kinds of files that hold records. Numbers are part of the file format.</summary>
internal enum SegmentKind : byte
{
    /// <summary>No segment.</summary>
    None = 0,

    /// <summary>Group frames in commit order.</summary>
    Log = 1,

    /// <summary>Live records that compaction has copied.</summary>
    Data = 2,
}

/// <summary>
/// The first block of a segment file. It fills a block of its own, so no append ever rewrites it.
/// <code>
/// offset  bytes  field
/// 0       4      magic 5356_4B53 ("SKVS" in a dump)
/// 4       2      format version (1)
/// 6       1      kind: 1 log, 2 data
/// 7       1      flags, 0
/// 8       16     store id
/// 24      4      segment id
/// 28      4      group id (0 in a store of one group)
/// 32      8      epoch of the store when the file was made
/// 40      8      base sequence: the segment has only later ones; 0 when not known
/// 48      8      salt, never 0
/// 56      8      capacity in bytes, this block included
/// 64      4028   zeros
/// 4092    4      CRC-32C of bytes 0 to 4091
/// </code>
/// </summary>
internal readonly record struct SegmentHeader(
    SegmentKind Kind,
    UInt128 StoreId,
    uint SegmentId,
    ulong Epoch,
    ulong BaseSequence,
    ulong Salt,
    long Capacity)
{
    /// <summary>Bytes of the header, and so the offset of the first envelope or block.</summary>
    internal const int Bytes = 4096;

    private const uint Magic = 0x53564B53;
    private const ushort Version = 1;
    private const int VersionOffset = 4;
    private const int KindOffset = 6;
    private const int FlagsOffset = 7;
    private const int StoreIdOffset = 8;
    private const int SegmentIdOffset = 24;
    private const int GroupIdOffset = 28;
    private const int EpochOffset = 32;
    private const int BaseSequenceOffset = 40;
    private const int SaltOffset = 48;
    private const int CapacityOffset = 56;
    private const int CrcOffset = Bytes - sizeof(uint);

    /// <summary>Reads a header.</summary>
    /// <param name="source">The first block of a file.</param>
    /// <param name="header">The header.</param>
    /// <returns>False when the block is no valid header of this version.</returns>
    internal static bool TryRead(ReadOnlySpan<byte> source, out SegmentHeader header)
    {
        header = default;
        if (source.Length < Bytes
            || BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic
            || BinaryPrimitives.ReadUInt16LittleEndian(source[VersionOffset..]) != Version
            || source[FlagsOffset] != 0
            || BinaryPrimitives.ReadUInt32LittleEndian(source[CrcOffset..]) != Crc32C.Compute(source[..CrcOffset]))
        {
            return false;
        }

        header = new SegmentHeader(
            (SegmentKind)source[KindOffset],
            BinaryPrimitives.ReadUInt128LittleEndian(source[StoreIdOffset..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[SegmentIdOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[EpochOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[BaseSequenceOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[SaltOffset..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[CapacityOffset..]));
        return header.Kind is SegmentKind.Log or SegmentKind.Data && header.Salt != 0;
    }

    /// <summary>Writes the header.</summary>
    /// <param name="target">Exactly <see cref="Bytes"/> bytes.</param>
    internal void Write(Span<byte> target)
    {
        Check.That(target.Length == Bytes);
        Check.That(Kind != SegmentKind.None && SegmentId != 0 && Salt != 0);
        Check.That(Capacity is >= Bytes and <= uint.MaxValue);
        target.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(target[VersionOffset..], Version);
        target[KindOffset] = (byte)Kind;
        BinaryPrimitives.WriteUInt128LittleEndian(target[StoreIdOffset..], StoreId);
        BinaryPrimitives.WriteUInt32LittleEndian(target[SegmentIdOffset..], SegmentId);
        BinaryPrimitives.WriteUInt32LittleEndian(target[GroupIdOffset..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(target[EpochOffset..], Epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(target[BaseSequenceOffset..], BaseSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(target[SaltOffset..], Salt);
        BinaryPrimitives.WriteInt64LittleEndian(target[CapacityOffset..], Capacity);
        BinaryPrimitives.WriteUInt32LittleEndian(target[CrcOffset..], Crc32C.Compute(target[..CrcOffset]));
    }
}

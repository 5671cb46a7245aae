using System.Buffers.Binary;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Hints;

/// <summary>
/// The first 96 bytes of a hint file (docs/format.md, "Hint file").
/// <code>
/// offset  bytes  field
/// 0       4      magic 4853_564B ("KVSH" in a dump)
/// 4       2      format version (1)
/// 6       2      zeros
/// 8       4      segment id
/// 12      4      number of blocks
/// 16      8      the segment's salt: binds the hint to this use of the file
/// 24      8      bytes of the segment that the hint covers
/// 32      8      number of keys
/// 40      8      number of records in the segment
/// 48      8      bytes of all records in the segment
/// 56      8      lowest sequence; 0 without records
/// 64      8      highest sequence; 0 without records
/// 72      8      bytes of the blocks
/// 80      4      bytes of the key filter
/// 84      4      CRC-32C of the key filter
/// 88      4      zeros
/// 92      4      CRC-32C of bytes 0 to 91
/// 96      n      blocks: length of the entries u32, CRC-32C of the entries u32, entries
/// +       m      key filter
/// </code>
/// </summary>
internal sealed record HintHeader(
    uint SegmentId,
    uint BlockCount,
    ulong Salt,
    long SegmentEnd,
    long KeyCount,
    long RecordCount,
    long RecordBytes,
    ulong FirstSequence,
    ulong LastSequence,
    long BlockBytes,
    uint FilterBytes,
    uint FilterCrc)
{
    /// <summary>Bytes of the header.</summary>
    internal const int Bytes = 96;

    /// <summary>Bytes before the entries of a block: their length and checksum.</summary>
    internal const int BlockHeaderBytes = 8;

    private const uint Magic = 0x4853564B;
    private const ushort Version = 1;
    private const int CrcOffset = 92;

    /// <summary>Writes the header.</summary>
    internal byte[] Write()
    {
        var bytes = new byte[Bytes];
        var writer = new FieldWriter(bytes);
        writer.UInt32(Magic);
        writer.UInt16(Version);
        writer.UInt16(0);
        writer.UInt32(SegmentId);
        writer.UInt32(BlockCount);
        writer.UInt64(Salt);
        writer.UInt64((ulong)SegmentEnd);
        writer.UInt64((ulong)KeyCount);
        writer.UInt64((ulong)RecordCount);
        writer.UInt64((ulong)RecordBytes);
        writer.UInt64(FirstSequence);
        writer.UInt64(LastSequence);
        writer.UInt64((ulong)BlockBytes);
        writer.UInt32(FilterBytes);
        writer.UInt32(FilterCrc);
        writer.UInt32(0);
        Check.That(writer.Position == CrcOffset);
        writer.UInt32(Crc32C.Compute(bytes.AsSpan(0, CrcOffset)));
        return bytes;
    }

    /// <summary>Reads a header.</summary>
    /// <param name="bytes">The beginning of the file.</param>
    /// <returns>Null when it is no valid header of this version.</returns>
    internal static HintHeader? TryRead(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Bytes
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[CrcOffset..]) != Crc32C.Compute(bytes[..CrcOffset]))
        {
            return null;
        }

        var reader = new FieldReader(bytes);
        if (reader.UInt32() != Magic || reader.UInt16() != Version || reader.UInt16() != 0)
        {
            return null;
        }

        return new HintHeader(
            reader.UInt32(),
            reader.UInt32(),
            reader.UInt64(),
            (long)reader.UInt64(),
            (long)reader.UInt64(),
            (long)reader.UInt64(),
            (long)reader.UInt64(),
            reader.UInt64(),
            reader.UInt64(),
            (long)reader.UInt64(),
            reader.UInt32(),
            reader.UInt32());
    }
}

using System.Buffers.Binary;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Records;

namespace Kvs.Core.Storage.Segments;

/// <summary>
/// The checksummed frames of a data segment: each holds some records, back to back.
/// <code>
/// offset  bytes  field
/// 0       8      the segment's salt
/// 8       4      CRC-32C of (salt, offset of the block in the file as u64, bytes 12 to the end of the records)
/// 12      4      bytes of the records
/// 16      4      number of records
/// 20      4      zeros
/// 24      n      records
/// +       0-7    zeros: blocks begin at multiples of 8
/// </code>
/// </summary>
internal static class DataBlock
{
    /// <summary>Bytes before the records.</summary>
    internal const int HeaderBytes = 24;

    /// <summary>Blocks begin at multiples of this.</summary>
    internal const int Alignment = 8;

    private const int CrcOffset = 8;
    private const int LengthOffset = 12;
    private const int CountOffset = 16;
    private const int ReservedOffset = 20;

    /// <summary>Bytes of a block, the zeros behind it included.</summary>
    /// <param name="recordBytes">Bytes of its records.</param>
    internal static int Length(int recordBytes) => (HeaderBytes + recordBytes + Alignment - 1) & ~(Alignment - 1);

    /// <summary>Writes the header of a block whose records are in place.</summary>
    /// <param name="block">The whole block.</param>
    /// <param name="recordBytes">Bytes of its records.</param>
    /// <param name="count">Number of records.</param>
    /// <param name="salt">The segment's salt.</param>
    /// <param name="offset">Where it will stand in the file.</param>
    internal static void Complete(Span<byte> block, int recordBytes, int count, ulong salt, long offset)
    {
        Check.That(block.Length == Length(recordBytes) && offset % Alignment == 0);
        BinaryPrimitives.WriteUInt64LittleEndian(block, salt);
        BinaryPrimitives.WriteInt32LittleEndian(block[LengthOffset..], recordBytes);
        BinaryPrimitives.WriteInt32LittleEndian(block[CountOffset..], count);
        block.Slice(ReservedOffset, sizeof(uint)).Clear();
        block[(HeaderBytes + recordBytes)..].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(block[CrcOffset..], Checksum(block, recordBytes, salt, offset));
    }

    /// <summary>Takes the block at a place apart.</summary>
    /// <param name="source">Bytes from that place on.</param>
    /// <param name="salt">The segment's salt.</param>
    /// <param name="offset">The place.</param>
    /// <param name="records">Its records.</param>
    /// <param name="verify">False for salvage: the checksum is not looked at.</param>
    /// <returns>False when no valid block stands there.</returns>
    internal static bool TryRead(
        ReadOnlySpan<byte> source, ulong salt, long offset, out ReadOnlySpan<byte> records, bool verify = true)
    {
        records = default;
        if (source.Length < HeaderBytes || BinaryPrimitives.ReadUInt64LittleEndian(source) != salt)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(source[LengthOffset..]);
        if (length > source.Length - HeaderBytes || Length((int)length) > source.Length)
        {
            return false;
        }

        if (verify && !IsIntact(source, (int)length, salt, offset))
        {
            return false;
        }

        records = source.Slice(HeaderBytes, (int)length);
        return !verify || IsWellFormed(records, BinaryPrimitives.ReadUInt32LittleEndian(source[CountOffset..]));
    }

    private static bool IsIntact(ReadOnlySpan<byte> source, int length, ulong salt, long offset) =>
        BinaryPrimitives.ReadUInt32LittleEndian(source[CrcOffset..]) == Checksum(source, length, salt, offset)
        && !source[(HeaderBytes + length)..Length(length)].ContainsAnyExcept((byte)0);

    private static bool IsWellFormed(ReadOnlySpan<byte> records, uint count)
    {
        for (; count > 0; count--)
        {
            if (!RecordCodec.TryRead(records, out var record))
            {
                return false;
            }

            records = records[record.Bytes.Length..];
        }

        return records.IsEmpty;
    }

    private static uint Checksum(ReadOnlySpan<byte> block, int recordBytes, ulong salt, long offset)
    {
        Span<byte> place = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(place, salt);
        BinaryPrimitives.WriteInt64LittleEndian(place[sizeof(ulong)..], offset);
        return Crc32C.Append(Crc32C.Compute(place), block[LengthOffset..(HeaderBytes + recordBytes)]);
    }
}

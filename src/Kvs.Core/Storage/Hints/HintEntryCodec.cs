using System.Buffers.Binary;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Records;

namespace Kvs.Core.Storage.Hints;

/// <summary>
/// The bytes of one entry of a hint file.
/// <code>
/// bytes     field
/// 1         kind: 1 set, 2 tombstone; plus 128 when there is an expiry, plus 64 when there is a content type
/// 1 to 5    key length, varint
/// 1 to 5    value length, varint
/// 8         sequence
/// 4         offset of the record in the segment
/// 0 or 8    expiry
/// 0 or 1    length of the content type
/// n         key
/// </code>
/// The record's length follows from the lengths of key, value and content type.
/// </summary>
internal static class HintEntryCodec
{
    private const byte ExpiresFlag = 0x80;
    private const byte ContentTypeFlag = 0x40;

    /// <summary>Most bytes of an entry beyond its key.</summary>
    internal const int OverheadMax = 1 + 5 + 5 + 8 + 4 + 8 + 1;

    /// <summary>Writes the entry of a record.</summary>
    /// <param name="target">At least key and <see cref="OverheadMax"/> bytes.</param>
    /// <param name="record">The record.</param>
    /// <param name="offset">Where it lies in the segment.</param>
    /// <returns>Bytes written.</returns>
    internal static int Write(Span<byte> target, in RecordView record, uint offset)
    {
        var expires = record.ExpiresAtMillis != 0;
        target[0] = (byte)((byte)record.Kind
            | (expires ? ExpiresFlag : 0)
            | (record.ContentType.IsEmpty ? 0 : ContentTypeFlag));
        var position = 1;
        position += Varint.Write(target[position..], (ulong)record.Key.Length);
        position += Varint.Write(target[position..], (ulong)record.Value.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(target[position..], record.Sequence);
        position += sizeof(ulong);
        BinaryPrimitives.WriteUInt32LittleEndian(target[position..], offset);
        position += sizeof(uint);
        if (expires)
        {
            BinaryPrimitives.WriteInt64LittleEndian(target[position..], record.ExpiresAtMillis);
            position += sizeof(long);
        }

        if (!record.ContentType.IsEmpty)
        {
            target[position++] = (byte)record.ContentType.Length;
        }

        record.Key.CopyTo(target[position..]);
        return position + record.Key.Length;
    }

    /// <summary>Reads an entry of a block whose checksum has been verified.</summary>
    /// <param name="source">Bytes that begin with the entry.</param>
    /// <param name="segmentId">The segment.</param>
    /// <param name="key">Its key.</param>
    /// <param name="entry">The entry.</param>
    /// <returns>Bytes read.</returns>
    internal static int Read(ReadOnlySpan<byte> source, uint segmentId, out ReadOnlySpan<byte> key, out HintEntry entry)
    {
        var kind = (RecordKind)(source[0] & ~(ExpiresFlag | ContentTypeFlag));
        var expires = (source[0] & ExpiresFlag) != 0;
        var position = 1;
        Check.That(Varint.TryRead(source[position..], out var keyLength, out var read));
        position += read;
        Check.That(Varint.TryRead(source[position..], out var valueLength, out read));
        position += read;
        var sequence = BinaryPrimitives.ReadUInt64LittleEndian(source[position..]);
        position += sizeof(ulong);
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(source[position..]);
        position += sizeof(uint);
        var expiresAt = expires ? BinaryPrimitives.ReadInt64LittleEndian(source[position..]) : 0;
        position += expires ? sizeof(long) : 0;
        var contentTypeLength = (source[0] & ContentTypeFlag) != 0 ? source[position++] : 0;
        key = source.Slice(position, (int)keyLength);
        var length = (uint)RecordCodec.Length((int)keyLength, (int)valueLength, expires, contentTypeLength);
        entry = new HintEntry(kind, sequence, new RecordLocation(segmentId, offset, length), (int)valueLength,
            expiresAt);
        return position + (int)keyLength;
    }
}

using System.Buffers.Binary;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Records;

/// <summary>
/// The bytes of one record (docs/format.md, "Record"). It is self-contained: a point read verifies it alone, and
/// compaction copies it byte for byte with its sequence.
/// <code>
/// offset  bytes     field
/// 0       4         CRC-32C of everything behind it
/// 4       1         kind
/// 5       1         flags
/// 6       1 to 5    key length, varint
/// +       1 to 5    value length, varint
/// +       8         sequence
/// +       0 or 8    expiry, when the flag says so
/// +       0 or 1+t  content type, when the flag says so: length, at least 1, and bytes
/// +       n         key
/// +       m         value
/// </code>
/// Valid: a known kind, known flags, lengths within the bounds, the fields that the kind asks for, the checksum.
/// </summary>
internal static class RecordCodec
{
    /// <summary>Where the kind stands, and the checksum's cover begins.</summary>
    internal const int KindOffset = 4;

    /// <summary>Where the flags stand.</summary>
    internal const int FlagsOffset = 5;

    /// <summary>Where the key length begins.</summary>
    internal const int LengthsOffset = 6;

    /// <summary>Bytes of the sequence.</summary>
    internal const int SequenceBytes = 8;

    /// <summary>Bytes of the expiry, where there is one.</summary>
    internal const int ExpiryBytes = 8;

    /// <summary>Most bytes of a record beyond key, value and content type.</summary>
    internal const int OverheadMax = LengthsOffset + 5 + 5 + SequenceBytes + ExpiryBytes + 1;

    /// <summary>Bytes of an epoch start's value: the epoch and the reason.</summary>
    internal const int EpochStartBytes = 9;

    private const RecordFlags KnownFlags = RecordFlags.Expires | RecordFlags.ContentType;

    /// <summary>How long a record is.</summary>
    /// <param name="keyLength">Bytes of the key.</param>
    /// <param name="valueLength">Bytes of the value.</param>
    /// <param name="expires">Whether it has an expiry.</param>
    /// <param name="contentTypeLength">Bytes of the content type; 0 for none.</param>
    /// <returns>Bytes of the whole record.</returns>
    internal static int Length(int keyLength, int valueLength, bool expires, int contentTypeLength = 0) =>
        LengthsOffset + Varint.Length((ulong)keyLength) + Varint.Length((ulong)valueLength)
        + SequenceBytes + (expires ? ExpiryBytes : 0) + (contentTypeLength == 0 ? 0 : 1 + contentTypeLength)
        + keyLength + valueLength;

    /// <summary>Writes a record.</summary>
    /// <param name="target">At least <see cref="Length"/> bytes.</param>
    /// <param name="kind">What it says.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="expiresAtMillis">Expiry; 0 for none.</param>
    /// <param name="sequence">Sequence of the batch.</param>
    /// <param name="contentType">Content type; null for none.</param>
    /// <returns>Bytes written.</returns>
    internal static int Write(
        Span<byte> target,
        RecordKind kind,
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> value,
        long expiresAtMillis,
        ulong sequence,
        string? contentType = null)
    {
        Check.That(expiresAtMillis >= 0 && key.Length <= Limits.KeyBytesMax);
        var expires = expiresAtMillis != 0;
        target[KindOffset] = (byte)kind;
        target[FlagsOffset] = (byte)((expires ? RecordFlags.Expires : RecordFlags.None)
            | (contentType is null ? RecordFlags.None : RecordFlags.ContentType));
        var position = LengthsOffset;
        position += Varint.Write(target[position..], (ulong)key.Length);
        position += Varint.Write(target[position..], (ulong)value.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(target[position..], sequence);
        position += SequenceBytes;
        if (expires)
        {
            BinaryPrimitives.WriteInt64LittleEndian(target[position..], expiresAtMillis);
            position += ExpiryBytes;
        }

        position += contentType is null ? 0 : ContentTypes.WriteField(contentType, target[position..]);
        key.CopyTo(target[position..]);
        position += key.Length;
        value.CopyTo(target[position..]);
        position += value.Length;
        BinaryPrimitives.WriteUInt32LittleEndian(target, Crc32C.Compute(target[KindOffset..position]));
        return position;
    }

    /// <summary>Takes a record apart without verifying its checksum (<see cref="RecordView.IsIntact"/> does).</summary>
    /// <param name="source">Bytes that begin with the record.</param>
    /// <param name="record">The record.</param>
    /// <returns>False when no well-formed record stands there.</returns>
    internal static bool TryRead(ReadOnlySpan<byte> source, out RecordView record)
    {
        record = default;
        if (source.Length < LengthsOffset || (source[FlagsOffset] & ~(int)KnownFlags) != 0)
        {
            return false;
        }

        var position = LengthsOffset;
        if (!Varint.TryRead(source[position..], out var keyLength, out var read) || keyLength > Limits.KeyBytesMax)
        {
            return false;
        }

        position += read;
        if (!Varint.TryRead(source[position..], out var valueLength, out read) || valueLength > int.MaxValue)
        {
            return false;
        }

        var flags = (RecordFlags)source[FlagsOffset];
        position += read + SequenceBytes + ((flags & RecordFlags.Expires) == RecordFlags.None ? 0 : ExpiryBytes);
        var contentTypeLength = 0;
        if ((flags & RecordFlags.ContentType) != RecordFlags.None)
        {
            if (position >= source.Length || source[position] == 0)
            {
                return false;
            }

            contentTypeLength = source[position];
            position += 1 + contentTypeLength;
        }

        var length = position + (long)keyLength + (long)valueLength;
        if (length > source.Length)
        {
            return false;
        }

        record = new RecordView(source[..(int)length], position, (int)keyLength, contentTypeLength);
        return FitsKind(record, flags);
    }

    /// <summary>The epoch of an epoch start.</summary>
    /// <param name="record">A record of that kind.</param>
    /// <returns>The epoch.</returns>
    internal static ulong EpochOf(in RecordView record) => BinaryPrimitives.ReadUInt64LittleEndian(record.Value);

    private static bool FitsKind(in RecordView record, RecordFlags flags) => record.Kind switch
    {
        RecordKind.Set => (flags & RecordFlags.Expires) == RecordFlags.None || record.ExpiresAtMillis > 0,
        RecordKind.Remove => flags == RecordFlags.None && record.Value.IsEmpty,
        RecordKind.EpochStart => flags == RecordFlags.None && record.Key.IsEmpty && record.Value.Length == EpochStartBytes,
        _ => false,
    };
}

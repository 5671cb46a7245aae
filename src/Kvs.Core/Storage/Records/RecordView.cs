using System.Buffers.Binary;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Records;

/// <summary>
/// A record where it lies, taken apart but not copied. Ownership: a view; valid as long as its bytes are.
/// </summary>
internal readonly ref struct RecordView
{
    /// <summary>Made by <see cref="RecordCodec.TryRead"/> only, which has checked the lengths.</summary>
    internal RecordView(ReadOnlySpan<byte> bytes, int keyOffset, int keyLength, int contentTypeLength)
    {
        Bytes = bytes;
        Key = bytes.Slice(keyOffset, keyLength);
        Value = bytes[(keyOffset + keyLength)..];
        ContentType = bytes.Slice(keyOffset - contentTypeLength, contentTypeLength);
        var variableFields = keyOffset - (contentTypeLength == 0 ? 0 : 1 + contentTypeLength);
        var fixedFields = variableFields - RecordCodec.SequenceBytes - (HasExpiry ? RecordCodec.ExpiryBytes : 0);
        Sequence = BinaryPrimitives.ReadUInt64LittleEndian(bytes[fixedFields..]);
        ExpiresAtMillis = HasExpiry
            ? BinaryPrimitives.ReadInt64LittleEndian(bytes[(fixedFields + RecordCodec.SequenceBytes)..])
            : 0;
    }

    /// <summary>The whole record, checksum included: what compaction copies and a location names.</summary>
    internal ReadOnlySpan<byte> Bytes { get; }

    /// <summary>The key; empty for an epoch start.</summary>
    internal ReadOnlySpan<byte> Key { get; }

    /// <summary>The value; empty for a tombstone.</summary>
    internal ReadOnlySpan<byte> Value { get; }

    /// <summary>The content type; empty for none.</summary>
    internal ReadOnlySpan<byte> ContentType { get; }

    /// <summary>The content type as text; null for none.</summary>
    internal string? ContentTypeText => ContentType.IsEmpty ? null : ContentTypes.TextOf(ContentType);

    /// <summary>Sequence of the batch that wrote it.</summary>
    internal ulong Sequence { get; }

    /// <summary>Expiry, unix milliseconds of log time; 0 for none.</summary>
    internal long ExpiresAtMillis { get; }

    /// <summary>What it says.</summary>
    internal RecordKind Kind => (RecordKind)Bytes[RecordCodec.KindOffset];

    /// <summary>Whether the stored checksum fits the bytes.</summary>
    internal bool IsIntact =>
        BinaryPrimitives.ReadUInt32LittleEndian(Bytes) == Crc32C.Compute(Bytes[RecordCodec.KindOffset..]);

    private bool HasExpiry => (Bytes[RecordCodec.FlagsOffset] & (byte)RecordFlags.Expires) != 0;
}

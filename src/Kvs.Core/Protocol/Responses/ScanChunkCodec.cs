using System.Buffers.Binary;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Responses;

/// <summary>
/// The body of a scan page, and of each chunk of a streamed scan:
/// <code>
/// u16 code 0   u64 epoch, u64 sequence: version of the snapshot   u8 flags: bit 0 a cursor follows   u32 count
/// then for each entry:
///   u32 key length   u32 value length, bit 31: a content type follows   u64 epoch, u64 sequence
///   i64 expiry, unix milliseconds, 0 for none   key   value   [u8 length, content type]
/// [u32 length, cursor]
/// </code>
/// The frames of a stream carry the flag More, except the last one.
/// </summary>
internal static class ScanChunkCodec
{
    /// <summary>Bytes of an entry besides its key and value.</summary>
    internal const int EntryHeaderBytes = 32;

    private const int EntryVersionOffset = 8;
    private const int EntryExpiryOffset = 24;
    private const int FlagsFromBody = sizeof(ushort) + (2 * sizeof(ulong));
    private const byte CursorBit = 0x01;
    private const uint ContentTypeBit = 0x80000000;

    /// <summary>Begins a page or chunk.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="request">Scan or scan page.</param>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="version">The version of the snapshot.</param>
    /// <param name="tellsPosition">Whether it stands beside the body too, as with every other answer.</param>
    /// <returns>Where the frame begins.</returns>
    internal static int Begin(FrameBuffer target, Opcode request, uint requestId, KvsVersion version, bool tellsPosition = false)
    {
        var start = ResponseEncoder.Begin(target, request, requestId, tellsPosition ? version : default);
        target.WriteVersion(version);
        target.WriteByte(0);
        target.WriteUInt32(0);
        return start;
    }

    /// <summary>Begins an entry; its value is then appended to the buffer.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="key">The key.</param>
    /// <returns>Where the entry begins.</returns>
    internal static int BeginEntry(FrameBuffer target, ReadOnlySpan<byte> key)
    {
        var start = target.Length;
        BinaryPrimitives.WriteInt32LittleEndian(target.Append(EntryHeaderBytes), key.Length);
        target.WriteBytes(key);
        return start;
    }

    /// <summary>Ends an entry.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="version">Version of the key.</param>
    /// <param name="expiresAtMillis">Its expiry; 0 for none.</param>
    /// <param name="contentType">Content type of its value; null for none.</param>
    internal static void EndEntry(
        FrameBuffer target, int start, KvsVersion version, long expiresAtMillis, string? contentType = null)
    {
        var header = target.Patch(start, EntryHeaderBytes);
        var valueLength = target.Length - start - EntryHeaderBytes - BinaryPrimitives.ReadInt32LittleEndian(header);
        BinaryPrimitives.WriteUInt32LittleEndian(
            header[sizeof(uint)..], (uint)valueLength | (contentType is null ? 0 : ContentTypeBit));
        BinaryPrimitives.WriteUInt64LittleEndian(header[EntryVersionOffset..], version.Epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(header[(EntryVersionOffset + sizeof(ulong))..], version.Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(header[EntryExpiryOffset..], expiresAtMillis);
        if (contentType is not null)
        {
            target.WriteContentType(contentType);
        }
    }

    /// <summary>Ends a page or chunk.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="start">Where the frame begins.</param>
    /// <param name="count">How many entries it has.</param>
    /// <param name="cursor">Where to go on; null when the range is exhausted, or more chunks follow.</param>
    /// <param name="more">Whether more chunks follow.</param>
    internal static void End(FrameBuffer target, int start, int count, ReadOnlyMemory<byte>? cursor, bool more)
    {
        var body = start + FrameLayout.HeaderBytes + ResponseFields.BytesIn(target, start);
        var head = target.Patch(body + FlagsFromBody, sizeof(byte) + sizeof(uint));
        head[0] = cursor is null ? (byte)0 : CursorBit;
        BinaryPrimitives.WriteInt32LittleEndian(head[sizeof(byte)..], count);
        if (cursor is { } bytes)
        {
            target.WriteBlock(bytes.Span);
        }

        target.EndFrame(start, more ? FrameFlags.More : FrameFlags.None);
    }

    /// <summary>Reads a page or chunk, behind its code. Keys and values are copied: they outlive the frame.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="page">The page.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryRead(ReadOnlyMemory<byte> body, out ScanPage page)
    {
        page = new ScanPage([], null, default);
        var reader = new FrameReader(body);
        var version = reader.ReadVersion();
        var flags = reader.ReadByte();
        var count = reader.ReadUInt32();
        if (reader.Failed || (flags & ~CursorBit) != 0 || count > (uint)reader.Remaining / EntryHeaderBytes)
        {
            return false;
        }

        var entries = new List<KvsEntry>((int)count);
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            entries.Add(ReadEntry(ref reader));
        }

        var cursor = reader.ReadOptionalBlock((flags & CursorBit) != 0);
        page = new ScanPage(entries, cursor is null ? cursor : cursor.Value.ToArray(), version);
        return reader.IsComplete;
    }

    private static KvsEntry ReadEntry(ref FrameReader reader)
    {
        var keyLength = reader.ReadUInt32();
        var valueLength = reader.ReadUInt32();
        var hasContentType = (valueLength & ContentTypeBit) != 0;
        var version = reader.ReadVersion();
        var expiresAtMillis = reader.ReadInt64();

        // One array for both: an entry is one object to the collector, whatever its parts.
        var key = reader.ReadBytes(keyLength);
        var value = reader.ReadBytes(valueLength & ~ContentTypeBit);
        var copy = new byte[key.Length + value.Length];
        key.CopyTo(copy);
        value.CopyTo(copy.AsMemory(key.Length));
        return new KvsEntry(
            new KvsKey(copy.AsMemory(0, key.Length)),
            new KvsValue(copy.AsMemory(key.Length)),
            version,
            WireTime.ToExpiry(expiresAtMillis))
        {
            ContentType = hasContentType ? reader.ReadContentType() : null,
        };
    }
}

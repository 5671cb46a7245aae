using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Core.Protocol.Responses;

/// <summary>
/// The body of each chunk of a watch:
/// <code>
/// u16 code 0   u64 epoch, u64 sequence, u32 changes: the position behind all that was looked at   u32 count
/// then for each change:
///   u8 kind   u32 key length   u32 value length, bit 31: a content type follows
///   u64 epoch, u64 sequence, u32 changes: its position   i64 expiry, unix milliseconds, 0 for none
///   key   value   [u8 length, content type]
/// </code>
/// The frames of a watch carry the flag More, except the last one. A chunk without changes only tells the position.
/// </summary>
internal static class ChangeChunkCodec
{
    /// <summary>Bytes of a change besides its key and value.</summary>
    internal const int ChangeHeaderBytes = sizeof(byte) + (2 * sizeof(uint)) + PositionBytes + sizeof(long);

    private const int PositionBytes = (2 * sizeof(ulong)) + sizeof(uint);
    private const uint ContentTypeBit = 0x80000000;

    /// <summary>Begins a chunk; its changes follow, then <see cref="FrameBuffer.EndFrame"/>.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the watch.</param>
    /// <param name="position">The position behind all that was looked at.</param>
    /// <param name="count">Number of changes.</param>
    /// <returns>Where the frame begins.</returns>
    internal static int Begin(FrameBuffer target, uint requestId, in WatchPosition position, int count)
    {
        var start = ResponseEncoder.Begin(target, Opcode.Watch, requestId);
        WatchRequest.WritePosition(target, position);
        target.WriteUInt32((uint)count);
        return start;
    }

    /// <summary>Adds a change.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="kind">What happened.</param>
    /// <param name="position">The place behind it.</param>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="expiresAtMillis">When it expires; 0 for never.</param>
    /// <param name="contentType">Content type of the value; null for none.</param>
    internal static void Write(
        FrameBuffer target,
        ChangeKind kind,
        in WatchPosition position,
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> value,
        long expiresAtMillis,
        string? contentType = null)
    {
        target.WriteByte((byte)kind);
        target.WriteUInt32((uint)key.Length);
        target.WriteUInt32((uint)value.Length | (contentType is null ? 0 : ContentTypeBit));
        WatchRequest.WritePosition(target, position);
        target.WriteInt64(expiresAtMillis);
        target.WriteBytes(key);
        target.WriteBytes(value);
        if (contentType is not null)
        {
            target.WriteContentType(contentType);
        }
    }

    /// <summary>Reads a chunk, behind its code. Keys and values are copied: they outlive the frame.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="chunk">The chunk.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryRead(ReadOnlyMemory<byte> body, out ChangeChunk chunk)
    {
        var reader = new FrameReader(body);
        var position = WatchRequest.ReadPosition(ref reader);
        var count = reader.ReadUInt32();
        chunk = new ChangeChunk(position, []);
        if (reader.Failed || count > (uint)reader.Remaining / ChangeHeaderBytes)
        {
            return false;
        }

        for (var i = 0; i < count && !reader.Failed; i++)
        {
            chunk.Changes.Add(ReadChange(ref reader));
        }

        return reader.IsComplete;
    }

    private static KvsChange ReadChange(ref FrameReader reader)
    {
        var kind = (ChangeKind)reader.ReadByte();
        var keyLength = reader.ReadUInt32();
        var valueLength = reader.ReadUInt32();
        var position = WatchRequest.ReadPosition(ref reader);
        var expiresAtMillis = reader.ReadInt64();
        if (kind is not (ChangeKind.Set or ChangeKind.Removed or ChangeKind.Expired))
        {
            reader.Fail();
        }

        return new KvsChange
        {
            Kind = kind,
            Key = reader.ReadBytes(keyLength).ToArray(),
            Value = reader.ReadBytes(valueLength & ~ContentTypeBit).ToArray(),
            ContentType = (valueLength & ContentTypeBit) != 0 ? reader.ReadContentType() : null,
            ExpiresAt = WireTime.ToExpiry(expiresAtMillis),
            Position = position,
        };
    }
}

/// <summary>A chunk of a watch.</summary>
/// <param name="Position">The position behind all that was looked at.</param>
/// <param name="Changes">The changes, in order.</param>
internal sealed record ChangeChunk(WatchPosition Position, List<KvsChange> Changes);

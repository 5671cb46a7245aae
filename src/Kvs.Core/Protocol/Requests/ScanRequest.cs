using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Requests;

/// <summary>
/// What a scan page or a streamed scan asks for:
/// <code>
/// u8 flags: bit 0 an end is given, bit 1 reverse, bit 2 keys only, bit 3 a cursor is given,
///           bit 4 a limit is given, bit 5 a limit of bytes is given; others 0
/// u32 chunk bytes      most bytes of keys and values in one chunk; 0 for the server's default; 0 in a page
/// u32 credit           chunks that may be sent unasked; 0 in a page
/// [i64 limit]          most entries
/// [i64 limit bytes]    most bytes of keys and values; at least one entry is given
/// u32 length, first key   [u32 length, first key beyond]   [u32 length, cursor]
/// </code>
/// </summary>
internal readonly record struct ScanRequest
{
    private const int EndBit = 0x01;
    private const int ReverseBit = 0x02;
    private const int KeysOnlyBit = 0x04;
    private const int CursorBit = 0x08;
    private const int LimitBit = 0x10;
    private const int LimitBytesBit = 0x20;
    private const int KnownBits = 0x3F;

    /// <summary>The keys that it covers.</summary>
    internal KeyRange Range { get; init; }

    /// <summary>From the last key to the first.</summary>
    internal bool Reverse { get; init; }

    /// <summary>Whether values are left out.</summary>
    internal bool KeysOnly { get; init; }

    /// <summary>Most entries; null for the default: 1,000 in a page, all in a stream.</summary>
    internal long? Limit { get; init; }

    /// <summary>Most bytes of keys and values; null for the default: 1 MiB in a page, all in a stream.</summary>
    internal long? LimitBytes { get; init; }

    /// <summary>Most bytes of keys and values in one chunk of a stream; 0 for the server's default.</summary>
    internal uint ChunkBytes { get; init; }

    /// <summary>Chunks of a stream that may be sent unasked.</summary>
    internal uint Credit { get; init; }

    /// <summary>Where an earlier page ended; null for the beginning.</summary>
    internal ReadOnlyMemory<byte>? Cursor { get; init; }

    /// <summary>Reads the body of a scan request.</summary>
    /// <param name="reader">Stands at the body.</param>
    /// <returns>What was read; meaningless when the reader failed.</returns>
    internal static ScanRequest Read(ref FrameReader reader)
    {
        var flags = reader.ReadByte();
        if ((flags & ~KnownBits) != 0)
        {
            reader.Fail();
        }

        var chunkBytes = reader.ReadUInt32();
        var credit = reader.ReadUInt32();
        var limit = (flags & LimitBit) != 0 ? reader.ReadInt64() : default(long?);
        var limitBytes = (flags & LimitBytesBit) != 0 ? reader.ReadInt64() : default(long?);
        var from = reader.ReadBlock();
        var to = reader.ReadOptionalBlock((flags & EndBit) != 0);
        var cursor = reader.ReadOptionalBlock((flags & CursorBit) != 0);
        return new ScanRequest
        {
            Range = new KeyRange(from, to),
            Reverse = (flags & ReverseBit) != 0,
            KeysOnly = (flags & KeysOnlyBit) != 0,
            Limit = limit,
            LimitBytes = limitBytes,
            ChunkBytes = chunkBytes,
            Credit = credit,
            Cursor = cursor,
        };
    }

    /// <summary>Writes the body of a scan request.</summary>
    /// <param name="target">Where it is written.</param>
    internal void Write(FrameBuffer target)
    {
        target.WriteByte((byte)((Range.To is null ? 0 : EndBit)
            | (Reverse ? ReverseBit : 0)
            | (KeysOnly ? KeysOnlyBit : 0)
            | (Cursor is null ? 0 : CursorBit)
            | (Limit is null ? 0 : LimitBit)
            | (LimitBytes is null ? 0 : LimitBytesBit)));
        target.WriteUInt32(ChunkBytes);
        target.WriteUInt32(Credit);
        if (Limit is { } limit)
        {
            target.WriteInt64(limit);
        }

        if (LimitBytes is { } limitBytes)
        {
            target.WriteInt64(limitBytes);
        }

        target.WriteBlock(Range.From.Span);
        if (Range.To is { } to)
        {
            target.WriteBlock(to.Span);
        }

        if (Cursor is { } cursor)
        {
            target.WriteBlock(cursor.Span);
        }
    }
}

using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Requests;

/// <summary>
/// What a watch asks for:
/// <code>
/// u8 flags: bit 0 an end is given, bit 1 keys only, bit 2 a position is given; others 0
/// u32 chunk bytes      most bytes of keys and values in one chunk; 0 for the server's default
/// u32 credit           chunks that may be sent unasked
/// [u64 epoch, u64 sequence, u32 changes]   the position behind which it begins; without it, what happens from now on
/// u32 length, first key   [u32 length, first key beyond]
/// </code>
/// </summary>
internal readonly record struct WatchRequest
{
    private const int EndBit = 0x01;
    private const int KeysOnlyBit = 0x02;
    private const int SinceBit = 0x04;
    private const int KnownBits = 0x07;

    /// <summary>The keys that it covers.</summary>
    internal KeyRange Range { get; init; }

    /// <summary>Where it begins; null for now.</summary>
    internal WatchPosition? Since { get; init; }

    /// <summary>Whether values are left out.</summary>
    internal bool KeysOnly { get; init; }

    /// <summary>Most bytes of keys and values in one chunk; 0 for the server's default.</summary>
    internal uint ChunkBytes { get; init; }

    /// <summary>Chunks that may be sent unasked.</summary>
    internal uint Credit { get; init; }

    /// <summary>Reads a position.</summary>
    /// <param name="reader">Stands at it.</param>
    internal static WatchPosition ReadPosition(ref FrameReader reader)
    {
        var version = reader.ReadVersion();
        var changes = reader.ReadUInt32();
        if (changes > int.MaxValue)
        {
            reader.Fail();
        }

        return new WatchPosition(version, (int)changes);
    }

    /// <summary>Writes a position.</summary>
    /// <param name="target">Where it is written.</param>
    /// <param name="position">The position.</param>
    internal static void WritePosition(FrameBuffer target, in WatchPosition position)
    {
        target.WriteVersion(position.Version);
        target.WriteUInt32((uint)position.Changes);
    }

    /// <summary>Reads the body of a watch request.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="request">What it asks for; its keys are slices of the frame.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is malformed.</returns>
    internal static bool TryRead(in Frame frame, out WatchRequest request, out DecodeFault fault)
    {
        var reader = new FrameReader(frame.Body);
        var flags = reader.ReadByte();
        if ((flags & ~KnownBits) != 0)
        {
            reader.Fail();
        }

        request = new WatchRequest
        {
            KeysOnly = (flags & KeysOnlyBit) != 0,
            ChunkBytes = reader.ReadUInt32(),
            Credit = reader.ReadUInt32(),
            Since = (flags & SinceBit) != 0 ? ReadPosition(ref reader) : null,
            Range = new KeyRange(reader.ReadBlock(), reader.ReadOptionalBlock((flags & EndBit) != 0)),
        };
        fault = reader.IsComplete ? default : DecodeFault.Malformed("The body of the watch is malformed.");
        return reader.IsComplete;
    }

    /// <summary>Writes the request.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id.</param>
    /// <param name="fields">The optional fields.</param>
    internal void Write(FrameBuffer target, uint requestId, in RequestFields fields)
    {
        var start = target.BeginFrame(Opcode.Watch, requestId);
        var flags = fields.Write(target);
        target.WriteByte((byte)((Range.To is null ? 0 : EndBit) | (KeysOnly ? KeysOnlyBit : 0) | (Since is null ? 0 : SinceBit)));
        target.WriteUInt32(ChunkBytes);
        target.WriteUInt32(Credit);
        if (Since is { } since)
        {
            WritePosition(target, since);
        }

        target.WriteBlock(Range.From.Span);
        if (Range.To is { } to)
        {
            target.WriteBlock(to.Span);
        }

        target.EndFrame(start, flags);
    }
}

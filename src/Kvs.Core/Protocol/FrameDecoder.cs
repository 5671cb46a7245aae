using System.Buffers.Binary;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol;

/// <summary>What <see cref="FrameDecoder.TryRead"/> found.</summary>
internal enum FrameStatus
{
    /// <summary>The frame is not whole yet: receive more.</summary>
    NeedMore,

    /// <summary>A frame is there.</summary>
    Ready,

    /// <summary>The bytes are no frame: answer with the fault and close.</summary>
    Refused,
}

/// <summary>
/// Finds the next frame in received bytes. Layout: <see cref="FrameLayout"/>. Looks at the header only, allocates
/// nothing, and refuses as soon as the bytes that are wrong have arrived, so that a length field can make nobody wait
/// for, or make room for, a frame that would be refused anyway.
/// </summary>
internal static class FrameDecoder
{
    private const FrameFlags KnownFlags = FrameFlags.Fields | FrameFlags.More;

    /// <summary>Reads the frame at the beginning of the bytes.</summary>
    /// <param name="received">What was received and not yet consumed.</param>
    /// <param name="frameBytesMax">Longest frame, header included.</param>
    /// <param name="frame">
    /// The frame when ready. When more is needed, only its length (0 while unknown); when refused, its request id (0
    /// while unknown).
    /// </param>
    /// <param name="fault">Why it was refused.</param>
    /// <returns>What was found; nothing is consumed unless it is ready, then <see cref="Frame.Length"/> bytes.</returns>
    internal static FrameStatus TryRead(ReadOnlyMemory<byte> received, int frameBytesMax, out Frame frame, out DecodeFault fault)
    {
        frame = default;
        fault = default;
        var bytes = received.Span;
        if (bytes.Length < FrameLayout.LengthBytes)
        {
            return FrameStatus.NeedMore;
        }

        var length = FrameLayout.LengthBytes + (ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (length > (ulong)frameBytesMax)
        {
            fault = new DecodeFault(ErrorCode.FrameTooLarge, $"The frame has {length} bytes, the limit is {frameBytesMax}.");
            frame = new Frame { RequestId = RequestIdOf(bytes) };
            return FrameStatus.Refused;
        }

        if (bytes.Length < FrameLayout.HeaderBytes && length >= FrameLayout.HeaderBytes)
        {
            frame = new Frame { Length = (int)length };
            return FrameStatus.NeedMore;
        }

        return length < FrameLayout.HeaderBytes
            ? Refuse("The frame is shorter than its header.", 0, out frame, out fault)
            : ReadHeader(received, (int)length, out frame, out fault);
    }

    private static FrameStatus ReadHeader(ReadOnlyMemory<byte> received, int length, out Frame frame, out DecodeFault fault)
    {
        var bytes = received.Span;
        var flags = (FrameFlags)bytes[FrameLayout.FlagsOffset];
        var requestId = RequestIdOf(bytes);
        if ((flags & ~KnownFlags) != FrameFlags.None || BinaryPrimitives.ReadUInt16LittleEndian(bytes[FrameLayout.ReservedOffset..]) != 0)
        {
            return Refuse("Unknown flags, or reserved bytes that are not 0.", requestId, out frame, out fault);
        }

        fault = default;
        if (received.Length < length)
        {
            frame = new Frame { Length = length };
            return FrameStatus.NeedMore;
        }

        var body = received[FrameLayout.HeaderBytes..length];
        var fields = default(ReadOnlyMemory<byte>);
        if ((flags & FrameFlags.Fields) != FrameFlags.None && !TrySplitFields(ref body, out fields))
        {
            return Refuse("The optional fields are longer than the frame.", requestId, out frame, out fault);
        }

        frame = new Frame
        {
            Opcode = (Opcode)bytes[FrameLayout.OpcodeOffset],
            Flags = flags,
            RequestId = requestId,
            Fields = fields,
            Body = body,
            Length = length,
        };
        return FrameStatus.Ready;
    }

    private static bool TrySplitFields(ref ReadOnlyMemory<byte> body, out ReadOnlyMemory<byte> fields)
    {
        fields = default;
        if (body.Length < FrameLayout.FieldsLengthBytes)
        {
            return false;
        }

        var end = FrameLayout.FieldsLengthBytes + BinaryPrimitives.ReadUInt16LittleEndian(body.Span);
        if (body.Length < end)
        {
            return false;
        }

        fields = body[FrameLayout.FieldsLengthBytes..end];
        body = body[end..];
        return true;
    }

    private static uint RequestIdOf(ReadOnlySpan<byte> bytes) => bytes.Length < FrameLayout.HeaderBytes
        ? 0
        : BinaryPrimitives.ReadUInt32LittleEndian(bytes[FrameLayout.RequestIdOffset..]);

    private static FrameStatus Refuse(string text, uint requestId, out Frame frame, out DecodeFault fault)
    {
        frame = new Frame { RequestId = requestId };
        fault = DecodeFault.Malformed(text);
        return FrameStatus.Refused;
    }
}

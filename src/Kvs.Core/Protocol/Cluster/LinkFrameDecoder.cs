using System.Buffers.Binary;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Cluster;

/// <summary>
/// Finds the next frame between nodes in received bytes. Layout: <see cref="LinkLayout"/>. Like
/// <see cref="FrameDecoder"/> it looks at the header only, allocates nothing unless it refuses, and refuses as soon as
/// the bytes that are wrong have arrived. Each refusal ends the link.
/// </summary>
internal static class LinkFrameDecoder
{
    /// <summary>Reads the frame at the beginning of the bytes.</summary>
    /// <param name="received">What was received and not yet consumed.</param>
    /// <param name="frame">The frame when ready. When more is needed, only its length (0 while unknown).</param>
    /// <param name="fault">Why it was refused.</param>
    /// <returns>What was found; nothing is consumed unless it is ready, then <see cref="LinkFrame.Length"/> bytes.</returns>
    internal static FrameStatus TryRead(ReadOnlyMemory<byte> received, out LinkFrame frame, out DecodeFault fault)
    {
        frame = default;
        fault = default;
        var bytes = received.Span;
        if (bytes.Length < LinkLayout.LengthBytes)
        {
            return FrameStatus.NeedMore;
        }

        var length = LinkLayout.LengthBytes + (ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (!IsHeaderValid(bytes, length, out fault))
        {
            return FrameStatus.Refused;
        }

        frame = new LinkFrame { Length = (int)length };
        if (bytes.Length < frame.Length)
        {
            return FrameStatus.NeedMore;
        }

        frame = frame with
        {
            Opcode = (LinkOpcode)bytes[LinkLayout.OpcodeOffset],
            Epoch = BinaryPrimitives.ReadUInt64LittleEndian(bytes[LinkLayout.EpochOffset..]),
            Body = received[LinkLayout.HeaderBytes..frame.Length],
        };
        return FrameStatus.Ready;
    }

    /// <summary>Judges as much of the header as has arrived: at least the length.</summary>
    private static bool IsHeaderValid(ReadOnlySpan<byte> bytes, ulong length, out DecodeFault fault)
    {
        fault = default;
        var hasOpcode = bytes.Length > LinkLayout.OpcodeOffset;
        var opcode = hasOpcode ? bytes[LinkLayout.OpcodeOffset] : (byte)LinkOpcode.Append;
        if (!IsKnown(opcode))
        {
            fault = new DecodeFault(ErrorCode.UnknownOpcode, $"The opcode 0x{opcode:X2} is none of a link between nodes.");
        }
        else if (length < LinkLayout.HeaderBytes)
        {
            fault = DecodeFault.Malformed("The frame is shorter than its header.");
        }
        else if (length > (ulong)LinkLayout.FrameBytesMax((LinkOpcode)opcode))
        {
            fault = new DecodeFault(
                ErrorCode.FrameTooLarge,
                $"The frame has {length} bytes, the limit is {LinkLayout.FrameBytesMax((LinkOpcode)opcode)}.");
        }
        else if (bytes.Length > LinkLayout.VersionOffset && bytes[LinkLayout.VersionOffset] != LinkLayout.Version)
        {
            fault = new DecodeFault(
                ErrorCode.UnsupportedVersion,
                $"The frame has version {bytes[LinkLayout.VersionOffset]}, this node speaks {LinkLayout.Version}.");
        }
        else if (bytes.Length >= LinkLayout.EpochOffset && bytes[LinkLayout.FlagsOffset..LinkLayout.EpochOffset].ContainsAnyExcept((byte)0))
        {
            fault = DecodeFault.Malformed("Unknown flags, or a group that is not 0.");
        }

        return fault.Code == ErrorCode.None;
    }

    private static bool IsKnown(byte opcode) =>
        opcode is >= (byte)LinkOpcode.ReplicaHello and <= (byte)LinkOpcode.Proof
            or (byte)LinkOpcode.Goodbye
            or (>= LinkLayout.SkippableMin and <= LinkLayout.OpcodeMax);
}

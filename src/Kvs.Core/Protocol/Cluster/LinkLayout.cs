using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Cluster;

/// <summary>
/// The bytes of every frame between two nodes (docs/protocol.md, "Links between nodes"), little-endian:
/// <code>
/// offset  size  field
///      0     4  length      bytes that follow this field
///      4     1  opcode      0x40 to 0x5F
///      5     1  version     1
///      6     2  flags       0
///      8     4  group id    0
///     12     8  epoch       of the message
///     20     n  body
/// </code>
/// </summary>
internal static class LinkLayout
{
    /// <summary>The version of the frames that this build speaks.</summary>
    internal const byte Version = 1;

    /// <summary>Bytes of the length field.</summary>
    internal const int LengthBytes = 4;

    /// <summary>Bytes before the body.</summary>
    internal const int HeaderBytes = 20;

    /// <summary>Where the opcode stands.</summary>
    internal const int OpcodeOffset = 4;

    /// <summary>Where the version stands.</summary>
    internal const int VersionOffset = 5;

    /// <summary>Where the flags stand.</summary>
    internal const int FlagsOffset = 6;

    /// <summary>Where the group id stands.</summary>
    internal const int GroupOffset = 8;

    /// <summary>Where the epoch stands.</summary>
    internal const int EpochOffset = 12;

    /// <summary>First opcode of the range; below and above it are the frames of clients.</summary>
    internal const byte OpcodeMin = 0x40;

    /// <summary>Last opcode of the range.</summary>
    internal const byte OpcodeMax = 0x5F;

    /// <summary>First opcode that a receiver may skip when it does not know it.</summary>
    internal const byte SkippableMin = 0x58;

    /// <summary>Fields of an append before its group frames.</summary>
    internal const int AppendFieldBytes = 40;

    /// <summary>Fields of a chunk of a base copy before its bytes.</summary>
    internal const int ChunkFieldBytes = 36;

    /// <summary>
    /// Longest body of a frame that is no append (16 MiB). A longer one ends the link with
    /// <see cref="ErrorCode.FrameTooLarge"/>.
    /// </summary>
    internal const int BodyBytesMax = 16 * 1024 * 1024;

    /// <summary>
    /// Most bytes of group frames in one append: any one frame fits. A longer one ends the link with
    /// <see cref="ErrorCode.FrameTooLarge"/>.
    /// </summary>
    internal const int AppendBytesMax = Limits.GroupBytesMax;

    /// <summary>Most bytes of one chunk of a base copy.</summary>
    internal const int ChunkBytesMax = BodyBytesMax - ChunkFieldBytes;

    /// <summary>Most bytes of a name: a node id, or an address with its port. A longer one makes the frame malformed.</summary>
    internal const int NameBytesMax = 512;

    /// <summary>Most bytes of a text for people; a longer one is cut when it is sent.</summary>
    internal const int TextBytesMax = 1024;

    /// <summary>Whether received bytes begin with a frame between nodes, as far as its opcode tells.</summary>
    /// <param name="received">The first bytes of a connection.</param>
    /// <returns>False also while the opcode has not arrived.</returns>
    internal static bool BeginsLink(ReadOnlySpan<byte> received) =>
        received.Length > OpcodeOffset && IsOpcode(received[OpcodeOffset]);

    /// <summary>Whether an opcode is of the range.</summary>
    /// <param name="opcode">The opcode.</param>
    internal static bool IsOpcode(byte opcode) => opcode is >= OpcodeMin and <= OpcodeMax;

    /// <summary>Longest frame of an opcode, header included.</summary>
    /// <param name="opcode">The opcode.</param>
    internal static int FrameBytesMax(LinkOpcode opcode) =>
        HeaderBytes + (opcode == LinkOpcode.Append ? AppendFieldBytes + AppendBytesMax : BodyBytesMax);
}

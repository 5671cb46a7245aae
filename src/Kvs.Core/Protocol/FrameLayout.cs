namespace Kvs.Core.Protocol;

/// <summary>
/// The bytes of every frame (docs/protocol.md, "Frames"), little-endian:
/// <code>
/// offset  size  field
///      0     4  length      bytes that follow this field
///      4     1  opcode
///      5     1  flags
///      6     2  reserved    0
///      8     4  request id
///     12     n  [fields: u16 length, then that many bytes; only with flag Fields] body
/// </code>
/// </summary>
internal static class FrameLayout
{
    /// <summary>Bytes of the length field.</summary>
    internal const int LengthBytes = 4;

    /// <summary>Bytes before the fields and the body.</summary>
    internal const int HeaderBytes = 12;

    /// <summary>Where the opcode stands.</summary>
    internal const int OpcodeOffset = 4;

    /// <summary>Where the flags stand.</summary>
    internal const int FlagsOffset = 5;

    /// <summary>Where the reserved bytes stand.</summary>
    internal const int ReservedOffset = 6;

    /// <summary>Where the request id stands.</summary>
    internal const int RequestIdOffset = 8;

    /// <summary>Bytes of the length of the optional fields.</summary>
    internal const int FieldsLengthBytes = 2;

    /// <summary>
    /// Longest frame before the handshake is done, 4 KiB: a stranger cannot make the receiver keep more than that. A
    /// longer one gets <see cref="Primitives.ErrorCode.FrameTooLarge"/> and a closed connection.
    /// </summary>
    internal const int HelloFrameBytesMax = 4096;
}

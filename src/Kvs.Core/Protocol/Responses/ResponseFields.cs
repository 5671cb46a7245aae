using System.Buffers.Binary;
using System.Text;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Responses;

/// <summary>
/// The optional fields of a response, in the form of those of a request: u8 tag, u8 length, that many bytes; tags strictly
/// ascending. A client skips tags that it does not know.
/// <code>
/// 01  u64 epoch, u64 sequence   position: what a node shows at least that shows all that the answer tells
/// 02  text                      address of the primary, beside a refusal
/// </code>
/// </summary>
internal readonly record struct ResponseFields
{
    /// <summary>Bytes that a position alone adds to a frame.</summary>
    internal const int PositionBytes = FrameLayout.FieldsLengthBytes + (2 * sizeof(byte)) + VersionBytes;

    private const byte PositionTag = 0x01;
    private const byte PrimaryTag = 0x02;
    private const int VersionBytes = 2 * sizeof(ulong);
    private const int PositionAt = FrameLayout.HeaderBytes + FrameLayout.FieldsLengthBytes + (2 * sizeof(byte));

    /// <summary>The position; none when it is not told.</summary>
    internal KvsVersion Position { get; init; }

    /// <summary>Address of the primary; null when it is not told.</summary>
    internal string? Primary { get; init; }

    /// <summary>Makes room for a position in a frame that was just begun, to be filled in by <see cref="SetPosition"/>.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="start">Where the frame begins.</param>
    internal static void ReservePosition(FrameBuffer target, int start)
    {
        Mark(target, start);
        target.WriteUInt16(PositionBytes - FrameLayout.FieldsLengthBytes);
        target.WriteByte(PositionTag);
        target.WriteByte(VersionBytes);
        target.WriteVersion(default);
    }

    /// <summary>Fills in the position of a frame, once what it tells has been read.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="start">Where the frame begins, in which <see cref="ReservePosition"/> made room.</param>
    /// <param name="position">The position.</param>
    internal static void SetPosition(FrameBuffer target, int start, KvsVersion position)
    {
        var bytes = target.Patch(start + PositionAt, VersionBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, position.Epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[sizeof(ulong)..], position.Sequence);
    }

    /// <summary>Bytes of the fields of a frame that is being written.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="start">Where the frame begins.</param>
    internal static int BytesIn(FrameBuffer target, int start)
    {
        var hasFields = (target.Patch(start + FrameLayout.FlagsOffset, 1)[0] & (byte)FrameFlags.Fields) != 0;
        return hasFields
            ? FrameLayout.FieldsLengthBytes
                + BinaryPrimitives.ReadUInt16LittleEndian(target.Patch(start + FrameLayout.HeaderBytes, FrameLayout.FieldsLengthBytes))
            : 0;
    }

    /// <summary>Reads the fields of a frame.</summary>
    /// <param name="bytes">The fields.</param>
    /// <param name="fields">The known ones.</param>
    /// <returns>False when they are malformed.</returns>
    internal static bool TryRead(ReadOnlyMemory<byte> bytes, out ResponseFields fields)
    {
        fields = default;
        var reader = new FrameReader(bytes);
        var tagBefore = -1;
        while (reader.Remaining > 0)
        {
            var tag = reader.ReadByte();
            var length = reader.ReadByte();
            var value = new FrameReader(reader.ReadBytes(length));
            switch (tag)
            {
                case PositionTag:
                    fields = fields with { Position = value.ReadVersion() };
                    break;
                case PrimaryTag:
                    fields = fields with { Primary = Encoding.UTF8.GetString(value.ReadBytes(length).Span) };
                    break;
            }

            if (tag <= tagBefore || reader.Failed || (tag is PositionTag or PrimaryTag && !value.IsComplete))
            {
                return false;
            }

            tagBefore = tag;
        }

        return true;
    }

    /// <summary>Writes those that are set into a frame that was just begun; nothing when none is.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="start">Where the frame begins.</param>
    internal void Write(FrameBuffer target, int start)
    {
        if (Position != KvsVersion.None)
        {
            ReservePosition(target, start);
            SetPosition(target, start, Position);
        }

        if (Primary is { } primary)
        {
            WritePrimary(target, start, primary);
        }
    }

    private static void WritePrimary(FrameBuffer target, int start, string primary)
    {
        if (target.Length == start + FrameLayout.HeaderBytes)
        {
            Mark(target, start);
            target.WriteUInt16(0);
        }

        var text = Encoding.UTF8.GetBytes(primary);
        var length = Math.Min(text.Length, byte.MaxValue);
        target.WriteByte(PrimaryTag);
        target.WriteByte((byte)length);
        target.WriteBytes(text.AsSpan(0, length));
        var fieldsAt = start + FrameLayout.HeaderBytes;
        BinaryPrimitives.WriteUInt16LittleEndian(
            target.Patch(fieldsAt, FrameLayout.FieldsLengthBytes),
            (ushort)(target.Length - fieldsAt - FrameLayout.FieldsLengthBytes));
    }

    private static void Mark(FrameBuffer target, int start) =>
        target.Patch(start + FrameLayout.FlagsOffset, 1)[0] |= (byte)FrameFlags.Fields;
}

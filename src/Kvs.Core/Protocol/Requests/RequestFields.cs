using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Requests;

/// <summary>
/// The optional fields of a request. Each is: u8 tag, u8 length, that many bytes; tags strictly ascending. A receiver
/// skips tags that it does not know, except those from <see cref="CriticalTagMin"/> on: to skip them would change what
/// the request means, so they are refused.
/// </summary>
internal readonly record struct RequestFields
{
    /// <summary>First tag that must not be skipped.</summary>
    internal const byte CriticalTagMin = 0x80;

    private const byte DeadlineTag = 0x01;
    private const byte DurabilityTag = 0x02;
    private const byte ClientIdTag = 0x03;
    private const byte RequestNumberTag = 0x04;
    private const byte DoneThroughTag = 0x05;
    private const byte AttemptTag = 0x06;
    private const byte AgeTag = 0x07;
    private const byte ConsistencyTag = 0x08;
    private const byte RedirectTag = 0x09;
    private const byte SnapshotTag = 0x80;
    private const byte AtLeastTag = 0x81;
    private const byte ForwardedTag = 0x82;

    /// <summary>Milliseconds from receipt after which the request is dropped undone; 0 for no deadline.</summary>
    internal uint DeadlineMillis { get; init; }

    /// <summary>A stronger durability than the server's.</summary>
    internal Durability Durability { get; init; }

    /// <summary>The client instance, where it is not the one of the handshake; 0 for that one.</summary>
    internal ulong ClientId { get; init; }

    /// <summary>The client's number of this write, from 1; 0 for none.</summary>
    internal ulong RequestNumber { get; init; }

    /// <summary>All request numbers of the client up to this one are answered, or given up; 0 for none.</summary>
    internal ulong DoneThrough { get; init; }

    /// <summary>Which attempt of the write this is, from 1; 0 says the same as 1.</summary>
    internal ushort Attempt { get; init; }

    /// <summary>Milliseconds since the first attempt, by the client's clock.</summary>
    internal uint AgeMillis { get; init; }

    /// <summary>What a read may miss.</summary>
    internal Consistency Consistency { get; init; }

    /// <summary>Whether a node that is not the primary says so instead of forwarding the request.</summary>
    internal bool Redirect { get; init; }

    /// <summary>The snapshot to read; 0 for the newest state.</summary>
    internal ulong Snapshot { get; init; }

    /// <summary>The position that the node must show before it answers a read; none for whatever it shows.</summary>
    internal KvsVersion AtLeast { get; init; }

    /// <summary>Whether another node has forwarded the request: it must not be forwarded on.</summary>
    internal bool Forwarded { get; init; }

    private bool IsEmpty => this == default;

    /// <summary>Reads the fields of a frame.</summary>
    /// <param name="bytes">The fields.</param>
    /// <param name="fields">The known ones.</param>
    /// <param name="fault">Why they were refused.</param>
    /// <returns>False when refused.</returns>
    internal static bool TryRead(ReadOnlyMemory<byte> bytes, out RequestFields fields, out DecodeFault fault)
    {
        fields = default;
        fault = default;
        var reader = new FrameReader(bytes);
        var tagBefore = -1;
        while (reader.Remaining > 0)
        {
            var tag = reader.ReadByte();
            var value = new FrameReader(reader.ReadBytes(reader.ReadByte()));
            if (tag <= tagBefore || reader.Failed)
            {
                fault = DecodeFault.Malformed("The optional fields are cut off, or their tags do not ascend.");
                return false;
            }

            tagBefore = tag;
            if (!TrySet(ref fields, tag, ref value, out fault))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Writes those that are set, with their length before them; nothing when none is.</summary>
    /// <param name="target">Where the frame is being written.</param>
    /// <returns>The flag that the frame must carry.</returns>
    internal FrameFlags Write(FrameBuffer target)
    {
        if (IsEmpty)
        {
            return FrameFlags.None;
        }

        var start = target.Length;
        target.WriteUInt16(0);
        WriteNumber(target, DeadlineTag, sizeof(uint), DeadlineMillis);
        WriteNumber(target, DurabilityTag, sizeof(byte), (ulong)Durability);
        WriteNumber(target, ClientIdTag, sizeof(ulong), ClientId);
        WriteNumber(target, RequestNumberTag, sizeof(ulong), RequestNumber);
        WriteNumber(target, DoneThroughTag, sizeof(ulong), DoneThrough);
        WriteNumber(target, AttemptTag, sizeof(ushort), Attempt);
        WriteNumber(target, AgeTag, sizeof(uint), AgeMillis);
        WriteNumber(target, ConsistencyTag, sizeof(byte), (ulong)Consistency);
        WriteNumber(target, RedirectTag, sizeof(byte), Redirect ? 1UL : 0);
        WriteNumber(target, SnapshotTag, sizeof(ulong), Snapshot);
        WriteAtLeast(target);
        WriteNumber(target, ForwardedTag, sizeof(byte), Forwarded ? 1UL : 0);
        var length = target.Length - start - FrameLayout.FieldsLengthBytes;
        target.Patch(start, 1)[0] = checked((byte)length);
        return FrameFlags.Fields;
    }

    // A flag or a choice that is none of those known makes the field malformed: to guess would change what is meant.
    private static bool TrySet(ref RequestFields fields, byte tag, ref FrameReader value, out DecodeFault fault)
    {
        fault = default;
        switch (tag)
        {
            case DeadlineTag:
                fields = fields with { DeadlineMillis = value.ReadUInt32() };
                break;
            case DurabilityTag:
                fields = fields with { Durability = (Durability)ReadChoice(ref value, (byte)Durability.Always) };
                break;
            case ClientIdTag:
                fields = fields with { ClientId = value.ReadUInt64() };
                break;
            case RequestNumberTag:
                fields = fields with { RequestNumber = value.ReadUInt64() };
                break;
            case DoneThroughTag:
                fields = fields with { DoneThrough = value.ReadUInt64() };
                break;
            case AttemptTag:
                fields = fields with { Attempt = value.ReadUInt16() };
                break;
            case AgeTag:
                fields = fields with { AgeMillis = value.ReadUInt32() };
                break;
            case ConsistencyTag:
                fields = fields with { Consistency = (Consistency)ReadChoice(ref value, (byte)Consistency.Stale) };
                break;
            case RedirectTag:
                fields = fields with { Redirect = ReadChoice(ref value, 1) == 1 };
                break;
            case SnapshotTag:
                fields = fields with { Snapshot = value.ReadUInt64() };
                break;
            case AtLeastTag:
                fields = fields with { AtLeast = value.ReadVersion() };
                break;
            case ForwardedTag:
                fields = fields with { Forwarded = ReadChoice(ref value, 1) == 1 };
                break;
            case >= CriticalTagMin:
                fault = new DecodeFault(ErrorCode.NotSupported, $"The field with tag {tag} is not known here and must not be skipped.");
                return false;
            default:
                return true;
        }

        if (value.IsComplete)
        {
            return true;
        }

        fault = DecodeFault.Malformed($"The field with tag {tag} has a wrong length or value.");
        return false;
    }

    private static byte ReadChoice(ref FrameReader value, byte last)
    {
        var choice = value.ReadByte();
        if (choice > last)
        {
            value.Fail();
        }

        return choice;
    }

    private void WriteAtLeast(FrameBuffer target)
    {
        if (AtLeast != KvsVersion.None)
        {
            target.WriteByte(AtLeastTag);
            target.WriteByte(2 * sizeof(ulong));
            target.WriteVersion(AtLeast);
        }
    }

    private static void WriteNumber(FrameBuffer target, byte tag, byte length, ulong value)
    {
        if (value == 0)
        {
            return;
        }

        target.WriteByte(tag);
        target.WriteByte(length);
        var bytes = target.Append(length);
        for (var i = 0; i < length; i++)
        {
            bytes[i] = (byte)(value >> (8 * i));
        }
    }
}

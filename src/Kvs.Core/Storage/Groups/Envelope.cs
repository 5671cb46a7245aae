using System.Buffers.Binary;
using Kvs.Core.Primitives;

namespace Kvs.Core.Storage.Groups;

/// <summary>
/// The local header before each group frame in a log segment; a bare one, without a frame, is a sync mark. It is never
/// shipped: it says where a frame counts and what was on stable storage when it was written.
/// <code>
/// offset  bytes  field
/// 0       8      the segment's salt: makes zeros and stale bytes of a recycled file invalid
/// 8       4      CRC-32C of (salt, offset of the envelope in the file as u64, bytes 12 to 55)
/// 12      4      frame length; 0 for a sync mark
/// 16      4      frame checksum; 0 for a sync mark
/// 20      4      format version (1), three zero bytes
/// 24      8      epoch of the frame; of the newest frame for a sync mark
/// 32      8      first sequence of the frame; the next one for a sync mark
/// 40      16     syncedThrough: epoch and sequence
/// </code>
/// </summary>
/// <param name="Epoch">Epoch of the frame.</param>
/// <param name="FirstSequence">First sequence of the frame.</param>
/// <param name="FrameLength">Bytes of the frame that follows; 0 for a sync mark.</param>
/// <param name="FrameCrc">Checksum of that frame.</param>
/// <param name="SyncedThrough">The newest version that was on stable storage when the envelope was written.</param>
internal readonly record struct Envelope(
    ulong Epoch, ulong FirstSequence, uint FrameLength, uint FrameCrc, KvsVersion SyncedThrough)
{
    /// <summary>Bytes of an envelope.</summary>
    internal const int Bytes = 56;

    /// <summary>Envelopes begin at multiples of this, so that a search after damage is short.</summary>
    internal const int Alignment = 8;

    private const int CrcOffset = 8;
    private const int LengthOffset = 12;
    private const int FrameCrcOffset = 16;
    private const int VersionOffset = 20;
    private const int EpochOffset = 24;
    private const int SequenceOffset = 32;
    private const int SyncedEpochOffset = 40;
    private const int SyncedSequenceOffset = 48;
    private const uint Version = 1;

    /// <summary>Whether no frame follows.</summary>
    internal bool IsSyncMark => FrameLength == 0;

    /// <summary>Reads the envelope at a place of a segment.</summary>
    /// <param name="source">Bytes from that place on.</param>
    /// <param name="salt">The segment's salt.</param>
    /// <param name="offset">The place, in bytes from the start of the file.</param>
    /// <param name="envelope">The envelope.</param>
    /// <returns>False when none of this segment's stands there.</returns>
    internal static bool TryRead(ReadOnlySpan<byte> source, ulong salt, long offset, out Envelope envelope)
    {
        envelope = default;
        if (source.Length < Bytes
            || BinaryPrimitives.ReadUInt64LittleEndian(source) != salt
            || BinaryPrimitives.ReadUInt32LittleEndian(source[CrcOffset..]) != Checksum(source, salt, offset)
            || BinaryPrimitives.ReadUInt32LittleEndian(source[VersionOffset..]) != Version)
        {
            return false;
        }

        envelope = new Envelope(
            BinaryPrimitives.ReadUInt64LittleEndian(source[EpochOffset..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[SequenceOffset..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[LengthOffset..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[FrameCrcOffset..]),
            new KvsVersion(
                BinaryPrimitives.ReadUInt64LittleEndian(source[SyncedEpochOffset..]),
                BinaryPrimitives.ReadUInt64LittleEndian(source[SyncedSequenceOffset..])));
        return true;
    }

    /// <summary>Writes the envelope.</summary>
    /// <param name="target">At least <see cref="Bytes"/> bytes.</param>
    /// <param name="salt">The segment's salt.</param>
    /// <param name="offset">Where it will stand, in bytes from the start of the file.</param>
    internal void Write(Span<byte> target, ulong salt, long offset)
    {
        Check.That(salt != 0);
        Check.That(offset % Alignment == 0);
        Check.That(SyncedThrough.Sequence < FirstSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(target, salt);
        BinaryPrimitives.WriteUInt32LittleEndian(target[LengthOffset..], FrameLength);
        BinaryPrimitives.WriteUInt32LittleEndian(target[FrameCrcOffset..], FrameCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(target[VersionOffset..], Version);
        BinaryPrimitives.WriteUInt64LittleEndian(target[EpochOffset..], Epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(target[SequenceOffset..], FirstSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(target[SyncedEpochOffset..], SyncedThrough.Epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(target[SyncedSequenceOffset..], SyncedThrough.Sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(target[CrcOffset..], Checksum(target, salt, offset));
    }

    private static uint Checksum(ReadOnlySpan<byte> envelope, ulong salt, long offset)
    {
        Span<byte> place = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(place, salt);
        BinaryPrimitives.WriteInt64LittleEndian(place[sizeof(ulong)..], offset);
        return Crc32C.Append(Crc32C.Compute(place), envelope[LengthOffset..Bytes]);
    }
}

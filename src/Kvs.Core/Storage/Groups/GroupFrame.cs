using System.Buffers.Binary;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Records;

namespace Kvs.Core.Storage.Groups;

/// <summary>
/// The batches of one commit group as one checksummed frame: the same bytes on disk and between nodes
/// (docs/format.md, "Group frame"). Walk the batches with <c>foreach</c>. Ownership: a view.
/// <code>
/// offset  bytes  field
/// 0       2      magic 4B47 ("GK" in a dump)
/// 2       1      format version
/// 3       1      flags, 0
/// 4       4      length of the frame, checksum included; a multiple of 8
/// 8       8      epoch
/// 16      8      first sequence
/// 24      4      number of batches, at least 1
/// 28      8      log time, unix milliseconds
/// 36      8      commit sequence
/// 44      n      batches
/// +       0-7    zeros
/// +       4      CRC-32C of everything before it
/// </code>
/// Valid: magic, version, flags, length, checksum, batches that fill the frame, sequences dense from the first.
/// </summary>
internal readonly ref struct GroupFrame
{
    /// <summary>Bytes before the first batch.</summary>
    internal const int HeaderBytes = 44;

    /// <summary>Bytes of the checksum at the end.</summary>
    internal const int CrcBytes = 4;

    /// <summary>The shortest frame: one batch without records.</summary>
    internal const int BytesMin = 64;

    private const ushort Magic = 0x4B47;
    private const byte Version = 1;
    private const int VersionOffset = 2;
    private const int FlagsOffset = 3;
    private const int LengthOffset = 4;
    private const int EpochOffset = 8;
    private const int SequenceOffset = 16;
    private const int CountOffset = 24;
    private const int LogTimeOffset = 28;
    private const int CommitOffset = 36;

    private GroupFrame(ReadOnlySpan<byte> bytes) => Bytes = bytes;

    /// <summary>The whole frame.</summary>
    internal ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Epoch of all its batches.</summary>
    internal ulong Epoch => BinaryPrimitives.ReadUInt64LittleEndian(Bytes[EpochOffset..]);

    /// <summary>Sequence of the first batch.</summary>
    internal ulong FirstSequence => BinaryPrimitives.ReadUInt64LittleEndian(Bytes[SequenceOffset..]);

    /// <summary>Number of batches.</summary>
    internal uint BatchCount => BinaryPrimitives.ReadUInt32LittleEndian(Bytes[CountOffset..]);

    /// <summary>Sequence of the last batch.</summary>
    internal ulong LastSequence => FirstSequence + BatchCount - 1;

    /// <summary>Log time, unix milliseconds.</summary>
    internal long LogTimeMillis => BinaryPrimitives.ReadInt64LittleEndian(Bytes[LogTimeOffset..]);

    /// <summary>Newest committed sequence when the frame was made.</summary>
    internal ulong CommitSequence => BinaryPrimitives.ReadUInt64LittleEndian(Bytes[CommitOffset..]);

    /// <summary>The checksum at the end.</summary>
    internal uint Crc => BinaryPrimitives.ReadUInt32LittleEndian(Bytes[^CrcBytes..]);

    /// <summary>Whether the first batch begins an epoch.</summary>
    internal bool BeginsEpoch
    {
        get
        {
            var batches = GetEnumerator();
            if (!batches.MoveNext())
            {
                return false;
            }

            var records = batches.Current.GetEnumerator();
            return records.MoveNext()
                && records.Current.Kind == RecordKind.EpochStart
                && RecordCodec.EpochOf(records.Current) == Epoch;
        }
    }

    /// <summary>Whether a batch says who asked for it.</summary>
    internal bool HasOrigins
    {
        get
        {
            foreach (var batch in this)
            {
                if (batch.Origin.IsKnown)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Takes the frame at a place apart and verifies it whole.</summary>
    /// <param name="source">Bytes that begin with the frame.</param>
    /// <param name="frame">The frame.</param>
    /// <returns>False when no valid frame stands there.</returns>
    internal static bool TryRead(ReadOnlySpan<byte> source, out GroupFrame frame)
    {
        if (!TryReadUnverified(source, out frame)
            || frame.Crc != Crc32C.Compute(frame.Bytes[..^CrcBytes]))
        {
            frame = default;
            return false;
        }

        return frame.IsWellFormed();
    }

    /// <summary>Takes a frame apart by its header alone: for salvage from a frame whose checksum fails.</summary>
    internal static bool TryReadUnverified(ReadOnlySpan<byte> source, out GroupFrame frame)
    {
        frame = default;
        if (source.Length < BytesMin
            || BinaryPrimitives.ReadUInt16LittleEndian(source) != Magic
            || source[VersionOffset] != Version
            || source[FlagsOffset] != 0)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(source[LengthOffset..]);
        if (length < BytesMin || length > source.Length || length % Envelope.Alignment != 0)
        {
            return false;
        }

        frame = new GroupFrame(source[..(int)length]);
        return true;
    }

    /// <summary>Writes the header and the checksum around batches that are in place.</summary>
    /// <param name="frame">The whole frame, padded, with room for the checksum.</param>
    /// <param name="start">What it begins with.</param>
    /// <param name="batchCount">Number of batches.</param>
    /// <returns>The checksum.</returns>
    internal static uint Complete(Span<byte> frame, in GroupStart start, uint batchCount)
    {
        Check.That(frame.Length % Envelope.Alignment == 0);
        Check.That(batchCount > 0);
        BinaryPrimitives.WriteUInt16LittleEndian(frame, Magic);
        frame[VersionOffset] = Version;
        frame[FlagsOffset] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(frame[LengthOffset..], (uint)frame.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[EpochOffset..], start.Epoch);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[SequenceOffset..], start.FirstSequence);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[CountOffset..], batchCount);
        BinaryPrimitives.WriteInt64LittleEndian(frame[LogTimeOffset..], start.LogTimeMillis);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[CommitOffset..], start.CommitSequence);
        var crc = Crc32C.Compute(frame[..^CrcBytes]);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[^CrcBytes..], crc);
        return crc;
    }

    /// <summary>Walks over the batches.</summary>
    /// <returns>The walk.</returns>
    public BatchEnumerator GetEnumerator() => new(Bytes[..^CrcBytes], FirstSequence, BatchCount);

    private bool IsWellFormed()
    {
        if (BatchCount == 0 || FirstSequence == 0)
        {
            return false;
        }

        var batches = GetEnumerator();
        while (batches.MoveNext())
        {
            if (!batches.Current.IsWellFormed(verifyRecords: false))
            {
                return false;
            }
        }

        var padding = Bytes[batches.Position..^CrcBytes];
        return batches.Seen == BatchCount
            && padding.Length < Envelope.Alignment
            && !padding.ContainsAnyExcept((byte)0);
    }

    /// <summary>A walk over the batches of a frame.</summary>
    internal ref struct BatchEnumerator
    {
        private readonly ReadOnlySpan<byte> _frame;
        private readonly ulong _firstSequence;
        private readonly uint _count;
        private BatchView _current;

        internal BatchEnumerator(ReadOnlySpan<byte> frame, ulong firstSequence, uint count)
        {
            _frame = frame;
            _firstSequence = firstSequence;
            _count = count;
            Position = HeaderBytes;
            _current = default;
        }

        /// <summary>The current batch.</summary>
        public readonly BatchView Current => _current;

        /// <summary>Batches seen so far.</summary>
        internal uint Seen { get; private set; }

        /// <summary>Where the walk stands, in bytes from the start of the frame.</summary>
        internal int Position { get; private set; }

        /// <summary>Goes on.</summary>
        /// <returns>False at the end, or where no batch stands.</returns>
        public bool MoveNext()
        {
            if (Seen == _count
                || !BatchView.TryRead(_frame[Position..], Position, _firstSequence + Seen, out _current))
            {
                return false;
            }

            Position += _current.Length;
            Seen++;
            return true;
        }
    }
}

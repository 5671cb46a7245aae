using System.Buffers.Binary;
using Kvs.Core.Storage.Records;

namespace Kvs.Core.Storage.Groups;

/// <summary>
/// One batch of a group frame where it lies. Walk it with <c>foreach</c>; a frame that <see cref="GroupFrame.TryRead"/>
/// has accepted is well-formed, so the walk cannot fail.
/// <code>
/// offset  bytes   field
/// 0       4       length of the batch, this field included
/// 4       1       flags: 1 has an origin, 2 has a result, 4 removes what has expired
/// 5       4       number of records (0: a tick, which only moves log time)
/// 9       0 or 24 origin: client id, request number, done-through
/// +       n       records
/// +       4 + m   result, when the flag says so: length, bytes
/// </code>
/// </summary>
internal readonly ref struct BatchView
{
    /// <summary>Bytes before the optional fields.</summary>
    internal const int HeaderBytes = 9;

    /// <summary>Bytes of an origin.</summary>
    internal const int OriginBytes = 24;

    /// <summary>Bytes before a result.</summary>
    internal const int ResultLengthBytes = 4;

    /// <summary>Where the flags stand.</summary>
    internal const int FlagsOffset = 4;

    /// <summary>Where the number of records stands.</summary>
    internal const int CountOffset = 5;

    /// <summary>Flag: the batch has an origin.</summary>
    internal const byte HasOrigin = 1;

    /// <summary>Flag: the batch has a result.</summary>
    internal const byte HasResult = 2;

    /// <summary>Flag: its removals are of keys whose time was over, and nobody asked for them.</summary>
    internal const byte Expires = 4;

    private const byte KnownFlags = HasOrigin | HasResult | Expires;

    private readonly ReadOnlySpan<byte> _bytes;

    private BatchView(ReadOnlySpan<byte> bytes, int offset, ulong sequence)
    {
        _bytes = bytes;
        Offset = offset;
        Sequence = sequence;
    }

    /// <summary>Where it begins, in bytes from the start of the frame.</summary>
    internal int Offset { get; }

    /// <summary>Bytes of the batch.</summary>
    internal int Length => _bytes.Length;

    /// <summary>Sequence of the batch, and so of all its records.</summary>
    internal ulong Sequence { get; }

    /// <summary>Number of records.</summary>
    internal int RecordCount => BinaryPrimitives.ReadInt32LittleEndian(_bytes[CountOffset..]);

    /// <summary>Whether it removes what has expired.</summary>
    internal bool IsExpiry => (_bytes[FlagsOffset] & Expires) != 0;

    /// <summary>Who asked for it.</summary>
    internal RequestOrigin Origin => (_bytes[FlagsOffset] & HasOrigin) == 0
        ? default
        : new RequestOrigin(
            BinaryPrimitives.ReadUInt64LittleEndian(_bytes[HeaderBytes..]),
            BinaryPrimitives.ReadUInt64LittleEndian(_bytes[(HeaderBytes + 8)..]),
            BinaryPrimitives.ReadUInt64LittleEndian(_bytes[(HeaderBytes + 16)..]));

    private int RecordsOffset => HeaderBytes + ((_bytes[FlagsOffset] & HasOrigin) == 0 ? 0 : OriginBytes);

    /// <summary>The small result that is kept for retries of the same request; empty when there is none.</summary>
    /// <returns>The bytes.</returns>
    internal ReadOnlySpan<byte> Result()
    {
        var records = GetEnumerator();
        while (records.MoveNext())
        {
        }

        return (_bytes[FlagsOffset] & HasResult) == 0 ? default : _bytes[(records.Position + ResultLengthBytes)..];
    }

    /// <summary>Walks over the records.</summary>
    /// <returns>The walk.</returns>
    public RecordEnumerator GetEnumerator() => new(_bytes, Offset, RecordsOffset, RecordCount);

    /// <summary>Takes the batch at a place apart; its records are checked by <see cref="IsWellFormed"/>.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> source, int offset, ulong sequence, out BatchView batch)
    {
        batch = default;
        if (source.Length < HeaderBytes)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(source);
        if (length < HeaderBytes || length > source.Length)
        {
            return false;
        }

        batch = new BatchView(source[..(int)length], offset, sequence);
        return (source[FlagsOffset] & ~KnownFlags) == 0
            && batch.RecordsOffset <= batch.Length
            && batch.RecordCount >= 0;
    }

    /// <summary>Whether records and result fill the batch exactly and every record has its sequence.</summary>
    /// <param name="verifyRecords">Whether to verify each record's own checksum too.</param>
    internal bool IsWellFormed(bool verifyRecords)
    {
        var records = GetEnumerator();
        while (records.MoveNext())
        {
            if (records.Current.Sequence != Sequence || (verifyRecords && !records.Current.IsIntact))
            {
                return false;
            }
        }

        if (records.Seen != RecordCount)
        {
            return false;
        }

        var rest = _bytes[records.Position..];
        return (_bytes[FlagsOffset] & HasResult) == 0
            ? rest.IsEmpty
            : rest.Length >= ResultLengthBytes
                && BinaryPrimitives.ReadUInt32LittleEndian(rest) == (uint)(rest.Length - ResultLengthBytes);
    }

    /// <summary>A walk over the records of a batch.</summary>
    internal ref struct RecordEnumerator
    {
        private readonly ReadOnlySpan<byte> _batch;
        private readonly int _batchOffset;
        private readonly int _count;
        private RecordView _current;

        internal RecordEnumerator(ReadOnlySpan<byte> batch, int batchOffset, int position, int count)
        {
            _batch = batch;
            _batchOffset = batchOffset;
            _count = count;
            Position = position;
            _current = default;
        }

        /// <summary>The current record.</summary>
        public readonly RecordView Current => _current;

        /// <summary>Where the current record begins, in bytes from the start of the frame.</summary>
        internal readonly int CurrentOffset => _batchOffset + Position - _current.Bytes.Length;

        /// <summary>Records seen so far.</summary>
        internal int Seen { get; private set; }

        /// <summary>Where the walk stands, in bytes from the start of the batch.</summary>
        internal int Position { get; private set; }

        /// <summary>Goes on.</summary>
        /// <returns>False at the end, or where no well-formed record stands.</returns>
        public bool MoveNext()
        {
            if (Seen == _count || !RecordCodec.TryRead(_batch[Position..], out _current))
            {
                return false;
            }

            Position += _current.Bytes.Length;
            Seen++;
            return true;
        }
    }
}

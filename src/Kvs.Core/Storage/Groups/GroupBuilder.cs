using System.Buffers.Binary;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Records;

namespace Kvs.Core.Storage.Groups;

/// <summary>
/// Builds the bytes of one commit group: room for the envelope, then the group frame. Offsets that it gives count from
/// the start of the group, so a record lies at the log writer's offset plus that.
/// Threading: the commit thread only. Ownership: owns its buffer and uses it again for the next group; what it gave out
/// is valid until the next <see cref="Begin"/>.
/// </summary>
internal sealed class GroupBuilder
{
    /// <summary>Most bytes of a group beyond its batches: envelope, header, padding, checksum.</summary>
    internal const int OverheadMax =
        Envelope.Bytes + GroupFrame.HeaderBytes + (Envelope.Alignment - 1) + GroupFrame.CrcBytes;

    /// <summary>A buffer that one huge batch has blown up beyond this is given back at the next group.</summary>
    private const int KeptBytesMax = 4 * Limits.CommitGroupBytesMax;

    private const int FirstBatchOffset = Envelope.Bytes + GroupFrame.HeaderBytes;
    private const int NoBatch = -1;

    private byte[] _buffer = new byte[64 * 1024];
    private GroupStart _start;
    private int _length;
    private int _batchOffset = NoBatch;
    private uint _recordCount;
    private bool _finished = true;

    /// <summary>Number of batches that have ended.</summary>
    internal uint BatchCount { get; private set; }

    /// <summary>Whether a batch says who asked for it.</summary>
    internal bool HasOrigins { get; private set; }

    /// <summary>Sequence that the next batch takes.</summary>
    internal ulong NextSequence => _start.FirstSequence + BatchCount;

    /// <summary>Most bytes that the group takes in the segment if it is finished now.</summary>
    internal int BytesMax => _length + (Envelope.Alignment - 1) + GroupFrame.CrcBytes;

    /// <summary>Bytes of the batch that was begun and not ended.</summary>
    internal int BatchBytes => _length - _batchOffset;

    /// <summary>What the group began with.</summary>
    internal GroupStart Start => _start;

    /// <summary>Most bytes that a batch takes in a group, known before it is applied.</summary>
    /// <param name="records">Most records it may write.</param>
    /// <param name="keyAndValueBytes">Bytes of their keys and values.</param>
    /// <param name="resultBytes">Bytes of the result that is kept for retries.</param>
    /// <returns>An upper bound.</returns>
    internal static long BatchBytesMax(int records, long keyAndValueBytes, int resultBytes = 0) =>
        BatchView.HeaderBytes + BatchView.OriginBytes + BatchView.ResultLengthBytes + resultBytes
        + ((long)records * RecordCodec.OverheadMax) + keyAndValueBytes;

    /// <summary>Begins a group; the one before must be finished or is thrown away.</summary>
    /// <param name="start">Epoch, first sequence, times.</param>
    internal void Begin(in GroupStart start)
    {
        Check.That(start.FirstSequence > 0 && start.CommitSequence < start.FirstSequence);
        if (_buffer.Length > KeptBytesMax)
        {
            _buffer = new byte[KeptBytesMax];
        }

        _start = start;
        _length = FirstBatchOffset;
        _batchOffset = NoBatch;
        BatchCount = 0;
        HasOrigins = false;
        _finished = false;
    }

    /// <summary>Begins a batch.</summary>
    /// <param name="sequence">Must be <see cref="NextSequence"/>.</param>
    /// <param name="origin">Who asked for it.</param>
    internal void BeginBatch(ulong sequence, in RequestOrigin origin = default)
    {
        Check.That(!_finished && _batchOffset == NoBatch);
        Check.That(sequence == NextSequence);
        _batchOffset = _length;
        _recordCount = 0;
        var header = Grow(BatchView.HeaderBytes + (origin.IsKnown ? BatchView.OriginBytes : 0));
        header[BatchView.FlagsOffset] = origin.IsKnown ? BatchView.HasOrigin : (byte)0;
        if (origin.IsKnown)
        {
            HasOrigins = true;
            BinaryPrimitives.WriteUInt64LittleEndian(header[BatchView.HeaderBytes..], origin.ClientId);
            BinaryPrimitives.WriteUInt64LittleEndian(header[(BatchView.HeaderBytes + 8)..], origin.RequestNumber);
            BinaryPrimitives.WriteUInt64LittleEndian(header[(BatchView.HeaderBytes + 16)..], origin.DoneThrough);
        }
    }

    /// <summary>Adds a set to the batch.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value. It may lie in this group's own buffer.</param>
    /// <param name="expiresAtMillis">Expiry; 0 for none.</param>
    /// <param name="contentType">Content type; null for none.</param>
    /// <returns>Where the record lies in the group.</returns>
    internal GroupSlice AddSet(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long expiresAtMillis, string? contentType = null) =>
        Add(RecordKind.Set, key, value, expiresAtMillis, contentType);

    /// <summary>Adds a tombstone to the batch.</summary>
    /// <param name="key">The key.</param>
    /// <returns>Where the record lies in the group.</returns>
    internal GroupSlice AddRemove(ReadOnlySpan<byte> key) => Add(RecordKind.Remove, key, default, 0);

    /// <summary>
    /// Adds the beginning of the group's epoch to the batch; it must be the first record of the group.
    /// </summary>
    /// <param name="reason">Why it begins.</param>
    /// <returns>Where the record lies in the group.</returns>
    internal GroupSlice AddEpochStart(EpochReason reason)
    {
        Check.That(BatchCount == 0 && _recordCount == 0);
        Span<byte> value = stackalloc byte[RecordCodec.EpochStartBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(value, _start.Epoch);
        value[sizeof(ulong)] = (byte)reason;
        return Add(RecordKind.EpochStart, default, value, 0);
    }

    /// <summary>Notes that the batch removes what has expired.</summary>
    internal void MarkExpiry()
    {
        Check.That(_batchOffset != NoBatch);
        _buffer[_batchOffset + BatchView.FlagsOffset] |= BatchView.Expires;
    }

    /// <summary>
    /// Ends the batch; it counts from here on. One without records is a tick: it only moves log time.
    /// </summary>
    /// <param name="result">Small result that is kept for retries of the same request.</param>
    internal void EndBatch(ReadOnlySpan<byte> result = default)
    {
        Check.That(_batchOffset != NoBatch);
        if (!result.IsEmpty)
        {
            var target = Grow(BatchView.ResultLengthBytes + result.Length);
            BinaryPrimitives.WriteInt32LittleEndian(target, result.Length);
            result.CopyTo(target[BatchView.ResultLengthBytes..]);
            _buffer[_batchOffset + BatchView.FlagsOffset] |= BatchView.HasResult;
        }

        var header = _buffer.AsSpan(_batchOffset);
        BinaryPrimitives.WriteInt32LittleEndian(header, _length - _batchOffset);
        BinaryPrimitives.WriteUInt32LittleEndian(header[BatchView.CountOffset..], _recordCount);
        _batchOffset = NoBatch;
        BatchCount++;
    }

    /// <summary>Throws the batch away; its sequence is free again.</summary>
    internal void RollBackBatch()
    {
        Check.That(_batchOffset != NoBatch);
        _length = _batchOffset;
        _batchOffset = NoBatch;
    }

    /// <summary>A record of this group, finished or not.</summary>
    /// <param name="slice">As given by <see cref="AddSet"/>.</param>
    /// <returns>The record; valid until the next one is added.</returns>
    internal RecordView Record(in GroupSlice slice)
    {
        Check.That(slice.Offset + slice.Length <= _length);
        Check.That(RecordCodec.TryRead(_buffer.AsSpan(slice.Offset, slice.Length), out var record));
        return record;
    }

    /// <summary>Completes the frame; no batch can be added afterwards.</summary>
    /// <returns>The group: room for the envelope, then the frame.</returns>
    internal ReadOnlyMemory<byte> Finish()
    {
        Check.That(!_finished && _batchOffset == NoBatch && BatchCount > 0);
        var frameLength = Align(_length - Envelope.Bytes + GroupFrame.CrcBytes);
        Grow(frameLength + Envelope.Bytes - _length).Clear();
        FrameCrc = GroupFrame.Complete(_buffer.AsSpan(Envelope.Bytes, frameLength), _start, BatchCount);
        _finished = true;
        return _buffer.AsMemory(0, _length);
    }

    /// <summary>Writes the envelope in front of the finished frame.</summary>
    /// <param name="salt">Salt of the segment.</param>
    /// <param name="offset">Where the group will stand in it.</param>
    /// <param name="syncedThrough">What is on stable storage by now.</param>
    /// <returns>Envelope and frame, to be written as they are.</returns>
    internal ReadOnlySpan<byte> Seal(ulong salt, long offset, KvsVersion syncedThrough)
    {
        Check.That(_finished && BatchCount > 0);
        var frameLength = (uint)(_length - Envelope.Bytes);
        new Envelope(_start.Epoch, _start.FirstSequence, frameLength, FrameCrc, syncedThrough)
            .Write(_buffer, salt, offset);
        return _buffer.AsSpan(0, _length);
    }

    private uint FrameCrc { get; set; }

    private static int Align(int length) => (length + Envelope.Alignment - 1) & ~(Envelope.Alignment - 1);

    private GroupSlice Add(
        RecordKind kind, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long expiresAtMillis, string? contentType = null)
    {
        Check.That(_batchOffset != NoBatch);
        var offset = _length;
        var length = RecordCodec.Length(key.Length, value.Length, expiresAtMillis != 0, contentType?.Length ?? 0);

        // A value inside the old buffer stays readable while it is copied: growing leaves the old array alone.
        RecordCodec.Write(Grow(length), kind, key, value, expiresAtMillis, NextSequence, contentType);
        _recordCount++;
        return new GroupSlice(offset, length);
    }

    private Span<byte> Grow(int bytes)
    {
        if (_buffer.Length - _length < bytes)
        {
            var wanted = Math.Max(_length + (long)bytes, 2L * _buffer.Length);
            Array.Resize(ref _buffer, (int)Math.Min(wanted, Array.MaxLength));
        }

        _length += bytes;
        return _buffer.AsSpan(_length - bytes, bytes);
    }
}

/// <summary>A range of a group's bytes.</summary>
/// <param name="Offset">Bytes from the start of the group, its envelope included.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct GroupSlice(int Offset, int Length);

using System.Buffers.Binary;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Requests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Offline;

/// <summary>Takes a record that was salvaged.</summary>
/// <param name="record">Intact.</param>
internal delegate void RecordSink(in RecordView record);

/// <summary>
/// Finds what is intact in a damaged segment. From a log whole batches only: a batch is atomic, also when half of it is
/// lost. From a data segment record by record, up to the first damaged one of a block.
/// </summary>
/// <param name="segment">The segment.</param>
/// <param name="sink">Takes the records.</param>
/// <param name="requests">Learns who asked for batches, from frames that verify: nothing else vouches for that.</param>
internal sealed class Salvage(SegmentIdentity segment, RecordSink sink, RequestTable requests)
{
    /// <summary>The highest sequence that the file names, be it as synced or as written.</summary>
    internal ulong LastSequence { get; private set; }

    /// <summary>The highest epoch that the file names.</summary>
    internal ulong LastEpoch { get; private set; }

    /// <summary>The first sequence that was salvaged or is named in <see cref="Lost"/>; 0 for none.</summary>
    internal ulong FirstSeen { get; private set; }

    /// <summary>The last sequence that was salvaged or is named in <see cref="Lost"/>; 0 for none.</summary>
    internal ulong LastSeen { get; private set; }

    /// <summary>
    /// Where the last thing of this file ends. What stands behind is damage, or was left there by an earlier use of the
    /// file: only the sequences of the whole store tell which.
    /// </summary>
    internal long End { get; private set; }

    /// <summary>
    /// The latest log time of a group that verifies. Of others nothing is believed: a far time would expire everything.
    /// </summary>
    internal long LogTimeMillis { get; private set; }

    /// <summary>Where nothing could be salvaged: start and end of each range of bytes.</summary>
    internal List<(long From, long To)> Lost { get; } = [];

    /// <summary>Goes through a file.</summary>
    /// <param name="bytes">All of it.</param>
    /// <param name="end">Bytes that count, where that is known.</param>
    internal void Run(ReadOnlySpan<byte> bytes, long end)
    {
        bytes = bytes[..(int)Math.Min(end, bytes.Length)];
        Span<byte> salt = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(salt, segment.Salt);
        var position = SegmentHeader.Bytes;
        while (position < bytes.Length)
        {
            var read = segment.Kind == SegmentKind.Log ? TakeGroup(bytes, position) : TakeBlock(bytes, position);
            if (read > 0)
            {
                position += read;
                continue;
            }

            var next = bytes[(position + 1)..].IndexOf(salt);
            if (next < 0)
            {
                break;
            }

            Lost.Add((position, position + 1 + next));
            position += 1 + next;
        }

        End = Math.Min(position, bytes.Length);
    }

    private int TakeGroup(ReadOnlySpan<byte> bytes, int position)
    {
        if (!Envelope.TryRead(bytes[position..], segment.Salt, position, out var envelope))
        {
            return 0;
        }

        LastSequence = Math.Max(LastSequence, Math.Max(envelope.SyncedThrough.Sequence, envelope.FirstSequence - 1));
        LastEpoch = Math.Max(LastEpoch, envelope.Epoch);
        if (envelope.IsSyncMark)
        {
            return Envelope.Bytes;
        }

        LastSequence = Math.Max(LastSequence, envelope.FirstSequence);
        FirstSeen = FirstSeen == 0 ? envelope.FirstSequence : FirstSeen;
        LastSeen = Math.Max(LastSeen, envelope.FirstSequence);
        var source = bytes[(position + Envelope.Bytes)..];
        if (GroupFrame.TryRead(source, out var frame) && frame.Crc == envelope.FrameCrc)
        {
            LogTimeMillis = Math.Max(LogTimeMillis, frame.LogTimeMillis);
            TakeBatches(frame);
            requests.Note(frame);
            return Envelope.Bytes + frame.Bytes.Length;
        }

        if (GroupFrame.TryReadUnverified(source, out frame) && frame.FirstSequence == envelope.FirstSequence)
        {
            TakeBatches(frame);
        }

        var length = (int)Math.Min(envelope.FrameLength, (uint)source.Length);
        Lost.Add((position, position + Envelope.Bytes + length));
        return Envelope.Bytes + length;
    }

    private void TakeBatches(in GroupFrame frame)
    {
        LastSeen = Math.Max(LastSeen, frame.LastSequence);
        foreach (var batch in frame)
        {
            if (!batch.IsWellFormed(verifyRecords: true))
            {
                continue;
            }

            LastSequence = Math.Max(LastSequence, batch.Sequence);
            foreach (var record in batch)
            {
                sink(record);
            }
        }
    }

    private int TakeBlock(ReadOnlySpan<byte> bytes, int position)
    {
        var isWhole = DataBlock.TryRead(bytes[position..], segment.Salt, position, out var records);
        if (!isWhole && !DataBlock.TryRead(bytes[position..], segment.Salt, position, out records, verify: false))
        {
            return 0;
        }

        var length = DataBlock.Length(records.Length);
        while (RecordCodec.TryRead(records, out var record) && record.IsIntact)
        {
            LastSequence = Math.Max(LastSequence, record.Sequence);
            sink(record);
            records = records[record.Bytes.Length..];
        }

        if (!isWhole)
        {
            Lost.Add((position, position + length));
        }

        return length;
    }
}

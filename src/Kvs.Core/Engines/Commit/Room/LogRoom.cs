using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Recovery;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Commit.Room;

/// <summary>
/// Room for the group in hand: reserved before a batch is applied, so that a full disk refuses writes before they touch
/// the index, and an append never meets the end of a segment. Goes on in the next segment when the current one is full.
/// Threading: commit thread only.
/// </summary>
internal sealed class LogRoom
{
    private readonly LogWriter _log;
    private readonly GroupBuilder _frame;
    private readonly SegmentSupply _supply;
    private readonly LogEpochs _epochs;
    private ulong _segmentFirst;
    private long _logTimeMillis; // published: Volatile; of the newest frame in the log

    /// <summary>Goes on where the opening has ended.</summary>
    /// <param name="log">The log.</param>
    /// <param name="frame">Builds the group in hand.</param>
    /// <param name="supply">Gives the next segments.</param>
    /// <param name="epochs">The epochs of the log.</param>
    /// <param name="current">The current segment.</param>
    internal LogRoom(LogWriter log, GroupBuilder frame, SegmentSupply supply, LogEpochs epochs, in RecoveredPart current)
    {
        _epochs = epochs;
        _log = log;
        _frame = frame;
        _supply = supply;
        _segmentFirst = current.First;
        _logTimeMillis = current.LogTimeMillis;
    }

    /// <summary>Log time of the newest frame in the log, unix milliseconds.</summary>
    /// <remarks>Any thread.</remarks>
    internal long LogTimeMillis => Volatile.Read(ref _logTimeMillis);

    /// <summary>Whether the group in hand has begun its frame.</summary>
    internal bool HasFrame { get; private set; }

    /// <summary>The segment that the group will be appended to.</summary>
    internal uint SegmentId => _log.Segment.Id;

    /// <summary>Where it will stand there.</summary>
    internal long Offset => _log.Offset;

    /// <summary>Begins a group, without a frame.</summary>
    internal void BeginGroup() => HasFrame = false;

    /// <summary>Whether so many bytes of batches fit behind what the group holds.</summary>
    /// <param name="bytes">An upper bound.</param>
    internal bool Fits(long bytes) =>
        (HasFrame ? _frame.BytesMax : GroupBuilder.OverheadMax) + bytes <= _log.RoomLeft;

    /// <summary>Reserves room for a batch, and begins the frame with the first one.</summary>
    /// <param name="bytes">An upper bound.</param>
    /// <param name="mayUseReserve">Whether the batch is taken although the disk is full.</param>
    /// <param name="start">What the frame begins with.</param>
    /// <returns>Whether there is room.</returns>
    internal RoomResult Reserve(long bytes, bool mayUseReserve, in GroupStart start)
    {
        if (_supply.IsFull && !mayUseReserve)
        {
            return RoomResult.NoRoom;
        }

        if (!Fits(bytes))
        {
            if (HasFrame)
            {
                return RoomResult.NextGroup;
            }

            var result = _supply.TryTake(GroupBuilder.OverheadMax + bytes, mayUseReserve, out var next);
            if (result != RoomResult.Reserved)
            {
                return result;
            }

            Rotate(next);
            Check.That(Fits(bytes));
        }

        if (!HasFrame)
        {
            _frame.Begin(start);
            HasFrame = true;
        }

        return RoomResult.Reserved;
    }

    /// <summary>Reserves room for a frame that is not built here, of a group that has no frame of its own.</summary>
    /// <param name="frameBytes">Its bytes.</param>
    /// <returns>Whether there is room; if not, the supply wakes the commit loop when there is, or when to ask again.</returns>
    internal bool TryReserve(int frameBytes)
    {
        Check.That(!HasFrame);
        var bytes = Envelope.Bytes + (long)frameBytes;
        if (bytes <= _log.RoomLeft)
        {
            return true;
        }

        if (_supply.TryTake(bytes, mayUseReserve: false, out var next) != RoomResult.Reserved)
        {
            return false;
        }

        Rotate(next);
        return true;
    }

    /// <summary>A frame was appended.</summary>
    /// <param name="logTimeMillis">Its log time.</param>
    internal void Appended(long logTimeMillis)
    {
        Check.That(logTimeMillis >= _logTimeMillis);
        Volatile.Write(ref _logTimeMillis, logTimeMillis);
    }

    /// <summary>The log was truncated; it goes on in a segment of its own.</summary>
    /// <param name="last">Its last sequence now.</param>
    /// <param name="logTimeMillis">Log time there.</param>
    internal void CutTo(ulong last, long logTimeMillis)
    {
        _segmentFirst = last + 1;
        Volatile.Write(ref _logTimeMillis, logTimeMillis);
    }

    /// <summary>Begins a group and its frame with what is ready, without asking for more: for the opening.</summary>
    /// <param name="bytes">An upper bound of its batches.</param>
    /// <param name="start">What the frame begins with.</param>
    /// <returns>Whether there is room.</returns>
    internal bool TryBegin(long bytes, in GroupStart start)
    {
        BeginGroup();
        return Reserve(bytes, mayUseReserve: true, start) == RoomResult.Reserved;
    }

    /// <summary>Refuses a write for which the disk has no room.</summary>
    /// <param name="request">The request.</param>
    internal void Refuse(WriteRequest request) => _supply.Refuse(request);

    private void Rotate(Segment next)
    {
        var full = new FullSegment(_log.Segment, _log.Offset, _segmentFirst, _log.Appended, _logTimeMillis, _epochs.Table)
        {
            MayHaveOrigins = _log.HasOrigins,
        };
        _log.Rotate(next);
        _segmentFirst = full.Last.Sequence + 1;
        if (full.FirstSequence > full.Last.Sequence)
        {
            _supply.Discard(full.Segment); // room was taken for a group that came to nothing
        }
        else
        {
            _supply.Seal(full);
        }
    }
}

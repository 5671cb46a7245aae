using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Storage.Feed;

/// <summary>
/// A walk over the group frames of the log in order, over sealed and open segments, while writing goes on. It reads only
/// what has been appended, from the mapped segments, and verifies each frame before it shows it. Live or far behind, the
/// path is the same.
/// Threading: one thread at a time (fields marked so belong to the feed's gate). Ownership: the opener's, who disposes
/// it; while it lives, it keeps the log from its place on, unless it is loose.
/// Why the bytes are safe to read: the segment that it stands in is held in <see cref="FilePins"/>, and a held segment
/// is never unmapped; an end is published under the gate after the bytes before it were written.
/// </summary>
internal sealed class LogCursor : IDisposable
{
    private readonly LogFeed _feed;
    private readonly Action _grown;
    private Segment? _segment;
    private long _offset;
    private long _frameOffset;
    private int _frameLength;
    private long _envelopeOffset;
    private uint _restedIn; // the segment that the offset counts in, while it holds none
    private ulong _next; // published: Volatile

    internal LogCursor(LogFeed feed, ulong next, Action grown, int cutsSeen, int versionSeen)
    {
        _feed = feed;
        _grown = grown;
        _next = next;
        CutsSeen = cutsSeen;
        VersionSeen = versionSeen;
    }

    /// <summary>The next sequence to be read. Any thread.</summary>
    internal ulong Next => Volatile.Read(ref _next);

    /// <summary>The current frame. Ownership: a view; valid until the next move.</summary>
    internal GroupFrame Frame
    {
        get
        {
            Check.That(_segment is not null && _frameLength > 0);
            Check.That(GroupFrame.TryReadUnverified(_segment.Bytes(_frameOffset, _frameLength), out var frame));
            return frame;
        }
    }

    /// <summary>Where the current frame begins, in bytes from the start of its segment.</summary>
    internal long FrameOffset => _frameOffset;

    /// <summary>The segment that it stands in; 0 for none.</summary>
    internal uint SegmentId => _segment?.Id ?? 0;

    /// <summary>How far it may read there.</summary>
    internal long End { get; private set; }

    /// <summary>Whether the log may go before it.</summary>
    internal bool IsLoose { get; init; }

    /// <summary>Whether it waits to be woken. Guarded by the feed's gate.</summary>
    internal bool IsWaiting { get; set; }

    /// <summary>Truncations that it has heeded. Guarded by the feed's gate.</summary>
    internal int CutsSeen { get; set; }

    /// <summary>The feed's version when it looked itself up last. Guarded by the feed's gate.</summary>
    internal int VersionSeen { get; set; }

    /// <summary>Goes to the next frame.</summary>
    /// <returns>Whether there is one; if not now, the callback tells when to ask again.</returns>
    /// <exception cref="KvsCorruptionException">What stands there is damaged.</exception>
    internal LogMove Move()
    {
        _frameLength = 0;
        while (true)
        {
            if (VersionSeen != _feed.Version && !_feed.Resolve(this))
            {
                return LogMove.Gone;
            }

            if (_segment is null)
            {
                return LogMove.Gone;
            }

            if (TryMoveInSegment())
            {
                return LogMove.Frame;
            }

            if (!_feed.TryGoOn(this))
            {
                return LogMove.AtEnd;
            }
        }
    }

    /// <summary>The next move shows the current frame once more.</summary>
    internal void Repeat()
    {
        Volatile.Write(ref _next, Frame.FirstSequence);
        _offset = _envelopeOffset;
    }

    /// <summary>Holds no file until the next move; a loose one only.</summary>
    internal void Rest()
    {
        Check.That(IsLoose);
        _frameLength = 0;
        _feed.Rest(this);
    }

    /// <summary>Lets go.</summary>
    public void Dispose()
    {
        _frameLength = 0;
        _feed.Close(this);
    }

    /// <summary>Stands in a part from here on; under the feed's gate.</summary>
    internal void Enter(in LogPart part, FilePins pins)
    {
        if (SegmentId != part.Segment.Id)
        {
            pins.Hold(part.Segment.Id);
            Leave(pins);
            _segment = part.Segment;
            _offset = _restedIn == part.Segment.Id ? _offset : SegmentHeader.Bytes; // ids are never used again
        }

        // Behind the frame where the log was cut there may be sync marks: it has passed them over.
        _offset = Math.Min(_offset, part.End);
        End = part.End;
    }

    /// <summary>Stands nowhere from here on; under the feed's gate.</summary>
    internal void Leave(FilePins pins)
    {
        if (_segment is not null)
        {
            pins.Release(_segment.Id);
            _restedIn = _segment.Id;
            _segment = null;
        }
    }

    /// <summary>Tells that there is more, or that it is void.</summary>
    internal void Wake() => _grown();

    private bool TryMoveInSegment()
    {
        while (_offset < End)
        {
            _envelopeOffset = _offset;
            var frames = new FrameCursor(_segment!.Bytes(0, (int)End), _segment.Header.Salt, _offset);
            if (!frames.MoveNextEnvelope())
            {
                throw StorageFailure.Damaged(
                    _segment.File.Path, _offset, $"no valid frame stands there, but the log was written up to offset {End}.");
            }

            _offset = frames.Position;
            if (!frames.Envelope.IsSyncMark && frames.Frame.LastSequence >= _next)
            {
                _frameOffset = frames.FrameOffset;
                _frameLength = frames.Frame.Bytes.Length;
                Volatile.Write(ref _next, frames.Frame.LastSequence + 1);
                return true;
            }
        }

        return false;
    }
}

/// <summary>What a move of a <see cref="LogCursor"/> met.</summary>
internal enum LogMove
{
    /// <summary>A frame.</summary>
    Frame = 0,

    /// <summary>The end, for now: the cursor's callback is called when there is more.</summary>
    AtEnd = 1,

    /// <summary>
    /// What comes next is not in this log: compacted away, truncated, never there, or the store is closed. Open another
    /// cursor at or behind <see cref="LogFeed.FirstStreamable"/>; where that does not do, take a base copy.
    /// </summary>
    Gone = 2,
}

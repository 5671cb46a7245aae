using Kvs.Core.Primitives;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Groups;

namespace Kvs.Core.Storage.Segments;

/// <summary>
/// Appends groups to the current log segment and syncs them; goes on in the next one when that is full.
/// A failed append or sync is final: it is latched, every later call throws it again, and no sync is ever repeated,
/// because after an error a second sync proves nothing.
/// Threading: <see cref="Append"/>, <see cref="AppendFrame"/>, <see cref="AppendSyncMark"/>, <see cref="Rotate"/> and
/// <see cref="CutTo"/> on the commit thread; <see cref="Sync"/> on any. <c>_syncing</c> is held during a sync (one at a
/// time; it is the only lock of the room held over I/O, for nothing else can be done meanwhile), <c>_gate</c> within it,
/// shortly.
/// Ownership: the segments belong to the segment set.
/// </summary>
internal sealed class LogWriter
{
    private readonly Lock _syncing = new();
    private readonly Lock _gate = new();
    /// <summary>Room for a frame from elsewhere and its envelope; more is given back at the next one.</summary>
    private const int CopyBytesMin = 64 * 1024;
    private const int CopyBytesKept = 4 * Limits.CommitGroupBytesMax;

    private readonly byte[] _mark = new byte[Envelope.Bytes]; // commit thread only
    private readonly LogFeed? _feed;
    private byte[] _copy = []; // commit thread only

    private Segment _segment; // written by the commit thread under _gate
    private long _offset; // written by the commit thread under _gate
    private KvsVersion _appended; // guarded by _gate
    private KvsVersion _synced; // guarded by _gate
    private long _syncedOffset; // guarded by _gate
    private KvsStorageException? _failure; // guarded by _gate

    /// <summary>Goes on where recovery ended; everything up to there is on stable storage.</summary>
    /// <param name="segment">The current segment, open for writing.</param>
    /// <param name="offset">Where the next envelope goes.</param>
    /// <param name="synced">The newest version in the log.</param>
    /// <param name="feed">Hears how the log grows; null for nobody.</param>
    internal LogWriter(Segment segment, long offset, KvsVersion synced, LogFeed? feed = null)
    {
        Check.That(offset >= SegmentHeader.Bytes && offset <= segment.Length && offset % Envelope.Alignment == 0);
        _segment = segment;
        _offset = offset;
        _syncedOffset = offset;
        _feed = feed;
        _appended = synced;
        _synced = synced;
    }

    /// <summary>The segment that is written. Commit thread only.</summary>
    internal Segment Segment => _segment;

    /// <summary>Where the next group begins in it. Commit thread only.</summary>
    internal long Offset => _offset;

    /// <summary>Bytes that the current segment still takes. Commit thread only.</summary>
    internal long RoomLeft => _segment.Length - _offset;

    /// <summary>Whether a batch in the current segment may say who asked for it. Commit thread only.</summary>
    internal bool HasOrigins { get; private set; } = true;

    /// <summary>The newest version that was appended.</summary>
    internal KvsVersion Appended
    {
        get
        {
            lock (_gate)
            {
                return _appended;
            }
        }
    }

    /// <summary>The newest version that is on stable storage.</summary>
    internal KvsVersion Synced
    {
        get
        {
            lock (_gate)
            {
                return _synced;
            }
        }
    }

    /// <summary>Why the writer takes nothing any more, or null.</summary>
    internal KvsStorageException? Failure
    {
        get
        {
            lock (_gate)
            {
                return _failure;
            }
        }
    }

    /// <summary>
    /// Writes a finished group with one positioned write. It is not durable before <see cref="Sync"/>.
    /// </summary>
    /// <param name="group">Finished; must fit into <see cref="RoomLeft"/>.</param>
    /// <exception cref="KvsStorageException">The append failed, now or before: final.</exception>
    internal void Append(GroupBuilder group)
    {
        ThrowIfFailed();
        var start = group.Start;
        Check.That(start.FirstSequence == _appended.Sequence + 1 && start.Epoch >= _appended.Epoch);
        var bytes = group.Seal(_segment.Header.Salt, _offset, Synced);
        HasOrigins |= group.HasOrigins;
        Write(bytes, new KvsVersion(start.Epoch, group.NextSequence - 1));
    }

    /// <summary>Writes a frame as it came from elsewhere, behind an envelope of this log.</summary>
    /// <param name="frame">It continues the log; must fit into <see cref="RoomLeft"/> with its envelope.</param>
    /// <exception cref="KvsStorageException">The append failed, now or before: final.</exception>
    internal void AppendFrame(in GroupFrame frame)
    {
        ThrowIfFailed();
        Check.That(frame.FirstSequence == _appended.Sequence + 1 && frame.Epoch >= _appended.Epoch);
        var length = Envelope.Bytes + frame.Bytes.Length;
        if (_copy.Length < length || _copy.Length > CopyBytesKept)
        {
            _copy = new byte[Math.Max(length, CopyBytesMin)];
        }

        new Envelope(frame.Epoch, frame.FirstSequence, (uint)frame.Bytes.Length, frame.Crc, Synced)
            .Write(_copy, _segment.Header.Salt, _offset);
        frame.Bytes.CopyTo(_copy.AsSpan(Envelope.Bytes));
        HasOrigins |= frame.HasOrigins;
        Write(_copy.AsSpan(0, length), new KvsVersion(frame.Epoch, frame.LastSequence));
    }

    /// <summary>The log was truncated, durably, and goes on in another segment.</summary>
    /// <param name="last">Its newest version now, which is on stable storage.</param>
    /// <param name="next">A ready segment, as for <see cref="Rotate"/>.</param>
    /// <exception cref="KvsStorageException">An append or sync has failed before.</exception>
    internal void CutTo(KvsVersion last, Segment next)
    {
        Check.That(next.Kind == SegmentKind.Log && next.Id > _segment.Id);
        lock (_syncing)
        {
            ThrowIfFailed();
            lock (_gate)
            {
                Check.That(last.Sequence <= _synced.Sequence);
                GoOnIn(next);
                (_appended, _synced) = (last, last);
            }
        }
    }

    /// <summary>
    /// Writes a bare envelope, so that the disk itself proves what was synced. For a store that falls idle.
    /// </summary>
    /// <returns>False when the segment has no room for it.</returns>
    /// <exception cref="KvsStorageException">The append failed, now or before: final.</exception>
    internal bool AppendSyncMark()
    {
        ThrowIfFailed();
        if (RoomLeft < Envelope.Bytes)
        {
            return false;
        }

        new Envelope(_appended.Epoch, _appended.Sequence + 1, 0, 0, Synced).Write(_mark, _segment.Header.Salt, _offset);
        Write(_mark, _appended);
        return true;
    }

    /// <summary>
    /// Makes durable what was appended before the call. The caller must treat a failure as final.
    /// </summary>
    /// <returns>The newest version that is on stable storage.</returns>
    /// <exception cref="KvsStorageException">The sync failed, now or before: final.</exception>
    internal KvsVersion Sync()
    {
        lock (_syncing)
        {
            Segment segment;
            KvsVersion version;
            long offset;
            lock (_gate)
            {
                ThrowIfFailed();
                (segment, version, offset) = (_segment, _appended, _offset);
                if (offset == _syncedOffset)
                {
                    return _synced;
                }
            }

            SyncData(segment, offset);
            lock (_gate)
            {
                // Rotation waits for _syncing, so the segment is still the current one.
                (_synced, _syncedOffset) = (version, offset);
            }

            return version;
        }
    }

    /// <summary>
    /// Syncs the current segment and goes on in another one, so that a sync of one covers all before it.
    /// </summary>
    /// <param name="next">
    /// A ready segment: listed in the durable manifest, nothing written to it. It has a higher id.
    /// </param>
    /// <exception cref="KvsStorageException">The sync failed, now or before: final.</exception>
    internal void Rotate(Segment next)
    {
        Check.That(next.Kind == SegmentKind.Log && next.Id > _segment.Id);
        Sync();
        lock (_syncing)
        {
            lock (_gate)
            {
                Check.That(_synced == _appended);
                GoOnIn(next);
            }
        }

        _feed?.Rotated(next);
    }

    private void GoOnIn(Segment next)
    {
        _segment = next;
        HasOrigins = false;
        _offset = SegmentHeader.Bytes;
        _syncedOffset = _offset;
    }

    private void Write(ReadOnlySpan<byte> bytes, KvsVersion version)
    {
        Check.That(bytes.Length <= RoomLeft);
        try
        {
            _segment.File.Write(_offset, bytes);
        }
        catch (IOException cause)
        {
            throw Latch(StorageFailure.Fault(
                $"Append of {bytes.Length} bytes to '{_segment.File.Path}' at offset {_offset}", cause));
        }

        lock (_gate)
        {
            _offset += bytes.Length;
            _appended = version;
        }

        _feed?.Grown(_offset, version.Sequence);
    }

    private void SyncData(Segment segment, long offset)
    {
        try
        {
            segment.File.SyncData();
        }
        catch (IOException cause)
        {
            throw Latch(StorageFailure.Fault($"Sync of '{segment.File.Path}' at offset {offset}", cause));
        }
    }

    private KvsStorageException Latch(KvsStorageException failure)
    {
        lock (_gate)
        {
            return _failure ??= failure;
        }
    }

    private void ThrowIfFailed()
    {
        if (Failure is { } failure)
        {
            throw failure;
        }
    }
}

using Kvs.Core.Primitives;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Manifests;

namespace Kvs.Core.Storage.Segments;

/// <summary>
/// Log segments ahead of need: ready (allocated, header durable, listed in the durable manifest, open in the segment
/// set), so that rotation needs no file operation but a sync; and dropped files whose blocks are used again. Also tells
/// whether the disk is full, which is decided here, when room is reserved, and never in the middle of an append.
/// Threading: <see cref="TryTake"/> on the commit thread; <see cref="Prepare"/> on the prepare
/// loop; <see cref="Drop"/> on that and on the loop that drops files. <c>_gate</c> is held shortly and never over I/O.
/// Ownership: ready segments belong to the segment set from the start.
/// </summary>
internal sealed class SpareSegments
{
    private const int SparesMax = 1;

    private readonly Lock _gate = new();
    private readonly Queue<Segment> _ready = new(); // guarded by _gate
    private readonly Queue<Segment> _discarded = new(); // guarded by _gate
    private readonly Queue<(uint Id, long Length)> _spares = new(); // guarded by _gate
    private readonly SegmentFiles _files;
    private readonly ManifestStore _manifests;
    private readonly SegmentSet _segments;
    private readonly DiskReserve _reserve;
    private readonly StoreRandom _random;
    private readonly FilePins? _pins;
    private long _wantedGroupBytes; // guarded by _gate
    private bool _isFull; // guarded by _gate
    private bool _isReserveLent; // guarded by _gate

    /// <summary>Works for an open store.</summary>
    /// <param name="files">The store directory.</param>
    /// <param name="manifests">Its manifest.</param>
    /// <param name="segments">Where ready segments are opened.</param>
    /// <param name="reserve">Its disk reserve.</param>
    /// <param name="random">Draws salts.</param>
    /// <param name="pins">Who reads from files beside the index; null for nobody.</param>
    internal SpareSegments(
        SegmentFiles files,
        ManifestStore manifests,
        SegmentSet segments,
        DiskReserve reserve,
        StoreRandom random,
        FilePins? pins = null)
    {
        _files = files;
        _manifests = manifests;
        _segments = segments;
        _reserve = reserve;
        _random = random;
        _pins = pins;
    }

    /// <summary>
    /// Whether the disk is full: no ready segment could be made, or the reserve is not whole. Writes that need room are
    /// refused then; removals and ticks go on as long as there is a segment to write to.
    /// </summary>
    internal bool IsDiskFull
    {
        get
        {
            lock (_gate)
            {
                return _isFull;
            }
        }
    }

    /// <summary>
    /// Leaves the room of the reserve to compaction, which makes more of it, or takes it back; the prepare loop does it.
    /// </summary>
    /// <param name="lent">Whether compaction needs it.</param>
    /// <returns>Whether that was otherwise before: wake the prepare loop.</returns>
    internal bool LendReserve(bool lent)
    {
        lock (_gate)
        {
            var before = _isReserveLent;
            _isReserveLent = lent;
            return before != lent;
        }
    }

    /// <summary>Counts a segment in that recovery found ready.</summary>
    /// <param name="segment">In the segment set already.</param>
    internal void Adopt(Segment segment)
    {
        lock (_gate)
        {
            _ready.Enqueue(segment);
        }
    }

    /// <summary>
    /// Takes the next segment for the log writer to rotate to. Smaller ones before it are discarded.
    /// </summary>
    /// <param name="groupBytes">Bytes of the group that must fit.</param>
    /// <param name="segment">The segment.</param>
    /// <returns>False when none is ready: wake the prepare loop and wait, or refuse when the disk is full.</returns>
    internal bool TryTake(long groupBytes, out Segment segment)
    {
        lock (_gate)
        {
            while (_ready.TryDequeue(out var candidate))
            {
                if (candidate.Length - SegmentHeader.Bytes >= groupBytes)
                {
                    segment = candidate;
                    _wantedGroupBytes = 0;
                    return true;
                }

                _discarded.Enqueue(candidate);
            }

            _wantedGroupBytes = Math.Max(_wantedGroupBytes, groupBytes);
            segment = null!;
            return false;
        }
    }

    /// <summary>Whether the manifest lists a segment that is not sealed.</summary>
    /// <param name="id">The segment.</param>
    internal bool IsListedOpen(uint id) => _manifests.Current.Find(id) is { State: FileState.Open };

    /// <summary>
    /// Leaves a segment that was ready, and is passed over: it holds no group, the log goes on in a later one.
    /// </summary>
    /// <param name="segment">In the segment set; the prepare loop removes it.</param>
    internal void Discard(Segment segment)
    {
        lock (_gate)
        {
            _discarded.Enqueue(segment);
        }
    }

    /// <summary>
    /// One step: makes at most one segment ready, then sees to the reserve. Call it when woken and now and then, so
    /// that
    /// a disk that has room again is noticed.
    /// </summary>
    /// <param name="mayUseReserve">Whether removals, ticks or compaction wait for room.</param>
    /// <returns>Whether a segment was made ready.</returns>
    /// <exception cref="KvsStorageException">A file operation failed for another reason than a full disk.</exception>
    internal bool Prepare(bool mayUseReserve)
    {
        if (TryLeaveReserve())
        {
            return false;
        }

        var wanted = WantedBytes(out var isReady);
        var made = !isReady && TryMake(wanted, mayUseReserve);
        DropDiscarded();

        // Room goes to the segment first: without one nothing can be written at all, and the reserve only follows.
        var reserved = SegmentSizing.ReserveBytes(wanted, _manifests.Current.Requests?.Bytes ?? 0);
        var held = (isReady || made) && _reserve.TryHold(reserved);
        lock (_gate)
        {
            _isFull = !held;
        }

        return made;
    }

    /// <summary>
    /// Removes the file of a segment that nothing needs any more, or keeps its blocks for a new one.
    /// </summary>
    /// <param name="segment">
    /// Out of the segment set, absent from the durable manifest, and no reader can hold it. Ownership: taken over.
    /// </param>
    /// <exception cref="KvsStorageException">A file operation failed; the next opening deletes the file.</exception>
    internal void Drop(Segment segment)
    {
        Check.That(_manifests.Current.Find(segment.Id) is null);
        var (kind, id, length) = (segment.Kind, segment.Id, segment.Length);
        segment.Dispose();
        try
        {
            if (IsWorthKeeping(kind, length))
            {
                _files.MakeSpare(id);
                lock (_gate)
                {
                    _spares.Enqueue((id, length));
                }
            }
            else
            {
                _files.Delete(kind, id);
            }
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed($"Removing segment {id}", cause);
        }
    }

    private bool TryLeaveReserve()
    {
        lock (_gate)
        {
            if (!_isReserveLent)
            {
                return false;
            }

            _isFull = true;
        }

        _reserve.Release();
        return true;
    }

    private void DropDiscarded()
    {
        try
        {
            while (TryPeekDiscarded(out var segment) && _pins?.IsHeld(segment.Id) != true)
            {
                _manifests.Update(current => current.Without(segment.Id));
                lock (_gate)
                {
                    _discarded.Dequeue();
                }

                Drop(_segments.Remove(segment.Id));
            }
        }
        catch (KvsStorageException e) when (e.Code is ErrorCode.DiskFull or ErrorCode.StorageFailed)
        {
            // It only takes room, and harms nothing: a later step or the next opening removes it.
        }
    }

    private bool TryPeekDiscarded(out Segment segment)
    {
        lock (_gate)
        {
            return _discarded.TryPeek(out segment!);
        }
    }

    private bool IsWorthKeeping(SegmentKind kind, long length)
    {
        var wanted = WantedBytes(out _);
        lock (_gate)
        {
            return kind == SegmentKind.Log && length == wanted && _spares.Count < SparesMax && !_isFull;
        }
    }

    private long WantedBytes(out bool isReady)
    {
        var dataBytes = 0L;
        foreach (var file in _manifests.Current.Files)
        {
            dataBytes += file.End;
        }

        lock (_gate)
        {
            var needed = SegmentSizing.ForGroup(_wantedGroupBytes);
            isReady = false;
            foreach (var segment in _ready)
            {
                isReady |= segment.Length >= needed;
            }

            return SegmentSizing.SegmentBytes(dataBytes, _wantedGroupBytes);
        }
    }

    private bool TryMake(long bytes, bool mayUseReserve)
    {
        try
        {
            Make(bytes);
            return true;
        }
        catch (KvsStorageException full) when (full.Code == ErrorCode.DiskFull)
        {
            if (!mayUseReserve || !_reserve.Release())
            {
                return false;
            }
        }

        try
        {
            Make(bytes);
            return true;
        }
        catch (KvsStorageException full) when (full.Code == ErrorCode.DiskFull)
        {
            return false;
        }
    }

    private void Make(long bytes)
    {
        var manifest = _manifests.Current;
        var (spareId, spareLength) = TakeSpare(bytes);
        var header = new SegmentHeader(
            SegmentKind.Log,
            manifest.StoreId,
            _manifests.TakeFileId(),
            manifest.NewestEpoch,
            BaseSequence: 0,
            _random.NextSalt(),
            spareId == 0 ? bytes : spareLength);
        var segment = spareId == 0 ? _files.CreateLog(header) : _files.ReuseAsLog(spareId, header);
        try
        {
            var identity = new SegmentIdentity(SegmentKind.Log, header.SegmentId, header.Salt);
            var listed = new ManifestFile(identity, FileState.Open, header.Capacity, 0, 0);
            _manifests.Update(current => current.With(listed));
        }
        catch (KvsStorageException failure)
        {
            segment.Dispose();
            if (failure.Code == ErrorCode.Faulted)
            {
                // The manifest on the disk may list the file: then it must be there.
                throw;
            }

            NewFile.TryDelete(_files.FileSystem, _files.PathOf(StoreFiles.Segment(SegmentKind.Log, header.SegmentId)));
            throw;
        }

        _segments.Add(segment);
        Adopt(segment);
    }

    private (uint Id, long Length) TakeSpare(long bytes)
    {
        lock (_gate)
        {
            return _spares.TryPeek(out var spare) && spare.Length >= bytes ? _spares.Dequeue() : default;
        }
    }
}

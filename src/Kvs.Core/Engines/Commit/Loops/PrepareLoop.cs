using Kvs.Core.Diagnostics;
using Kvs.Core.Engines.Commit.Requests;
using Kvs.Core.Engines.Commit.Room;
using Kvs.Core.Engines.Members;
using Kvs.Core.Index;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Commit.Loops;

/// <summary>
/// Works ahead of and behind the commit thread: keeps a segment ready, seals the full ones in the manifest, looks after
/// old snapshots. Threading: <see cref="RunOnce"/> on the prepare thread only.
/// </summary>
internal sealed class PrepareLoop
{
    /// <summary>How long after an attempt that came to nothing the next one is made.</summary>
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(1);

    private readonly LogEngineOptions _options;
    private readonly ManifestStore _manifests;
    private readonly SegmentSupply _supply;
    private readonly SealedRequests _requests;
    private readonly FaultLatch _fault;
    private readonly SnapshotRegistry _snapshots;
    private readonly LoopHandle _compaction;
    private readonly LogWriter _log;
    private readonly KeyIndex _index;
    private readonly CloseSequence _closing;
    private readonly CommitGate _gate;
    private bool _hadRoom = true;

    internal PrepareLoop(EngineParts parts, SnapshotRegistry snapshots)
    {
        _options = parts.Options;
        _manifests = parts.Manifests;
        _supply = parts.Supply;
        _requests = parts.SealedRequests;
        _fault = parts.Fault;
        _snapshots = snapshots;
        _compaction = parts.Threads.Compaction;
        _log = parts.Log;
        _index = parts.Index;
        _closing = parts.Closing;
        _gate = parts.Gate;
    }

    /// <summary>One step: makes ready, then seals.</summary>
    /// <returns>Time to the next step.</returns>
    internal TimeSpan RunOnce()
    {
        if (_closing.HasCommitEnded)
        {
            Close();
            return Timeout.InfiniteTimeSpan;
        }

        _snapshots.WarnOfOld();
        if (_fault.IsSet)
        {
            return _options.SnapshotAgeWarning;
        }

        try
        {
            return Step();
        }
        catch (KvsStorageException e) when (e.Code is ErrorCode.DiskFull or ErrorCode.StorageFailed)
        {
            return s_retryAfter; // the manifest is as it was; a segment that is sealed later costs nothing but time
        }
#pragma warning disable CA1031 // A manifest in doubt, or a bug: the store must end read-only, and say so.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _fault.Latch(e);
            return _options.SnapshotAgeWarning;
        }
    }

    private TimeSpan Step()
    {
        // A segment first: writes may wait for it, while sealing only matters to the next opening and to compaction.
        var hasRoom = _supply.Prepare();
        Tell(hasRoom);
        SealFull();
        return hasRoom ? _options.SnapshotAgeWarning : s_retryAfter;
    }

    /// <summary>
    /// A file is sealed when readers see all of it: what is not published may yet vanish. The sync loop wakes this one.
    /// Whatever is full by then is sealed at once, with one request file.
    /// </summary>
    private void SealFull()
    {
        var full = _supply.FullThrough(_index.Published.Sequence);
        if (full.Count == 0)
        {
            return;
        }

        foreach (var segment in full)
        {
            _requests.Learn(in segment);
        }

        Seal(full, _requests.Keep(full[^1].Last));
        _supply.Sealed(full.Count);
        _compaction.Wake();
    }

    /// <summary>All else has ended. A store that is sound, and synced whole, is marked as closed cleanly.</summary>
    private void Close()
    {
        if (_closing.Done.IsCompleted)
        {
            return;
        }

        try
        {
            if (!_fault.IsSet)
            {
                SealFull();
                MarkClean();
            }

            _closing.Finish();
        }
        catch (KvsStorageException full) when (full.Code == ErrorCode.DiskFull)
        {
            _closing.Finish(); // without the mark the next opening only takes longer
        }
#pragma warning disable CA1031 // Whoever closes gets it; without the mark the next opening only takes longer.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _closing.Fail(e);
        }
    }

    private void MarkClean()
    {
        var root = _index.Published;
        var synced = _log.Synced;
        Check.That(synced == _log.Appended);
        Check.That(synced.Sequence == root.Sequence || (_gate.IsMember && synced.Sequence > root.Sequence));
        _manifests.Update(current => current with
        {
            CleanShutdown = true,
            SyncedThrough = synced,
            CommitSequence = Math.Max(current.CommitSequence, root.Sequence),
            LogTimeMillis = Math.Max(current.LogTimeMillis, root.LogTimeMillis),
        });
    }

    private void Tell(bool hasRoom)
    {
        if (hasRoom != _hadRoom)
        {
            _hadRoom = hasRoom;
            _compaction.Wake(); // a full disk ends the history that it keeps
            _options.Tell(
                hasRoom ? StoreEventLevel.Information : StoreEventLevel.Error,
                hasRoom ? StoreEventKind.DiskHasRoom : StoreEventKind.DiskFull,
                hasRoom ? "The disk has room again; writes are taken." : _supply.Reason ?? string.Empty);
        }
    }

    private void Seal(List<FullSegment> segments, RequestFileEntry? requests)
    {
        var before = _manifests.Current.Requests;
        try
        {
            _manifests.Update(current => segments.Aggregate(current, Seal).With(requests));
        }
        catch (KvsStorageException e) when (e.Code != ErrorCode.Faulted)
        {
            _requests.Remove(requests);
            throw;
        }

        _requests.Remove(before);
    }

    /// <summary>The segment is synced whole: from here on any invalid byte before its end is damage.</summary>
    private static Manifest Seal(Manifest manifest, FullSegment full)
    {
        var entry = manifest.Find(full.Segment.Id);
        Check.That(entry is { State: FileState.Open });
        Check.That(full.FirstSequence > 0 && full.FirstSequence <= full.Last.Sequence);
        var sealedEntry = entry with
        {
            State = FileState.Sealed,
            End = full.End,
            FirstSequence = full.FirstSequence,
            LastSequence = full.Last.Sequence,
        };
        return manifest.With(sealedEntry).WithEpochsThrough(full.Last.Sequence, full.Epochs.Entries) with
        {
            SealedThrough = full.Last,
            SyncedThrough = full.Last.Sequence > manifest.SyncedThrough.Sequence ? full.Last : manifest.SyncedThrough,
            CommitSequence = Math.Max(manifest.CommitSequence, full.Last.Sequence),
            LogTimeMillis = Math.Max(manifest.LogTimeMillis, full.LogTimeMillis),
        };
    }
}

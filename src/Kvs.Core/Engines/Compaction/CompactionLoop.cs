using System.Diagnostics.CodeAnalysis;
using Kvs.Core.Diagnostics;
using Kvs.Core.Engines.Commit.Loops;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Hints;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Compaction;

/// <summary>
/// Reclaims space in the background: writes the hint files of sealed segments, compacts one choice of files after the
/// other, drops files when their last reader is gone. Paced, unless it was asked for by hand.
/// Threading: <see cref="RunOnce"/> on the compaction thread only; <see cref="RunAll"/> any thread.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The job is disposed by the loop's last step, on its own thread.")]
internal sealed class CompactionLoop
{
    /// <summary>How often files that wait for their readers are looked at.</summary>
    private static readonly TimeSpan s_dropPeriod = TimeSpan.FromMilliseconds(100);

    /// <summary>How long after a failure the next attempt is made.</summary>
    private static readonly TimeSpan s_retryAfter = TimeSpan.FromSeconds(10);

    private readonly EngineParts _parts;
    private readonly LogEngineOptions _options;
    private readonly SyncLoop _sync;
    private readonly CloseSequence _closing;
    private readonly CompactionChoice _choice;
    private readonly RetiredFiles _retired;
    private readonly HashSet<uint> _hinted = []; // compaction thread only
    private readonly HashSet<uint> _excluded = []; // compaction thread only: damaged; left for check and repair
    private readonly Lock _gate = new();
    private TaskCompletionSource? _asked; // guarded by _gate
    private uint _askedBelow; // guarded by _gate: files made since then are not compacted again by the same request
    private TaskCompletionSource? _considered; // guarded by _gate: what the last choice took into account
    private CompactionJob? _job; // compaction thread only
    private long _jobStartedAt; // compaction thread only
    private bool _isReserveLent; // compaction thread only

    internal CompactionLoop(EngineParts parts, SyncLoop sync)
    {
        _parts = parts;
        _options = parts.Options;
        _sync = sync;
        _closing = parts.Closing;
        _choice = new CompactionChoice(parts.Options, parts.Usage);
        _retired = new RetiredFiles(parts);
        foreach (var file in parts.Manifests.Current.Files)
        {
            if (file.State == FileState.Sealed && !parts.Unhinted.Contains(file.Id))
            {
                _hinted.Add(file.Id); // the opening has read or made it
            }
        }
    }

    /// <summary>Compacts everything that history allows, at full speed.</summary>
    /// <returns>Completes when nothing is left to compact; fails when it cannot be done.</returns>
    internal Task RunAll()
    {
        lock (_gate)
        {
            if (_closing.IsRequested)
            {
                return Task.FromException(EndingFailure());
            }

            _asked ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _askedBelow = _parts.Manifests.TakeFileId();
            _parts.Threads.Compaction.Wake();
            return _asked.Task;
        }
    }

    /// <summary>One step.</summary>
    /// <returns>Time to the next step.</returns>
    internal TimeSpan RunOnce()
    {
        if (_closing.IsRequested || _parts.Fault.IsSet)
        {
            return StepEnding();
        }

        try
        {
            return Step();
        }
        catch (KvsCorruptionException e)
        {
            foreach (var victim in _job?.Victims ?? [])
            {
                _excluded.Add(victim.Id);
            }

            return GiveUp(e, TimeSpan.Zero);
        }
        catch (KvsStorageException e) when (e.Code == ErrorCode.DiskFull)
        {
            // Its room makes more room. If even that does not do, removals get it back until the next attempt but one.
            LendReserve(!_isReserveLent);
            return GiveUp(e, s_retryAfter);
        }
        catch (KvsStorageException e) when (e.Code == ErrorCode.StorageFailed)
        {
            return GiveUp(e, s_retryAfter);
        }
        catch (IOException e)
        {
            return GiveUp(StorageFailure.Failed("Compacting", e), s_retryAfter);
        }
#pragma warning disable CA1031 // A manifest in doubt, or a bug: the store must end read-only, and say so.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _parts.Fault.Latch(e);
            return GiveUp(e, TimeSpan.Zero);
        }
    }

    private TimeSpan Step()
    {
        _retired.Drop();
        if (_job is null && !IsSealedPublished())
        {
            _sync.AskSync();
            return Timeout.InfiniteTimeSpan;
        }

        if (_job is null && (WriteHints() || Begin()))
        {
            return TimeSpan.Zero;
        }

        if (_job is { } job)
        {
            return StepJob(job);
        }

        LendReserve(lent: false);

        // Whoever asked does not wait for snapshots: the files that they hold go when they end.
        AnswerConsidered();
        if (!_retired.HasAny)
        {
            // The next sealed segment wakes this loop. On a full disk there may be none: removals need little room.
            return _parts.Spares.IsDiskFull ? s_retryAfter : Timeout.InfiniteTimeSpan;
        }

        _parts.Threads.Commit.Wake(); // it finds out which states are still read
        return s_dropPeriod;
    }

    /// <summary>
    /// Rotation syncs a full file on the commit thread, so it can be sealed before the sync thread has published its
    /// newest groups. Judged that early their records would look dead: copied for nothing, or lost.
    /// </summary>
    private bool IsSealedPublished() =>
        _parts.Manifests.Current.SealedThrough.Sequence <= _parts.Index.Published.Sequence;

    private void LendReserve(bool lent)
    {
        _isReserveLent = lent;
        if (_parts.Spares.LendReserve(lent))
        {
            _parts.Threads.Prepare.Wake();
        }
    }

    private TimeSpan StepJob(CompactionJob job)
    {
        var goesOn = job.Step();
        if (job.IsDone)
        {
            Finish(job);
            return TimeSpan.Zero;
        }

        if (job.NeedsSync)
        {
            _sync.AskSync();
        }

        return goesOn ? Pace(job.BytesCopied) : Timeout.InfiniteTimeSpan;
    }

    private bool Begin()
    {
        uint allBelow;
        lock (_gate)
        {
            _considered = _asked;
            allBelow = _asked is null ? 0 : _askedBelow;
        }

        var isFull = _parts.Spares.IsDiskFull;
        var victims = _choice.Choose(
            _parts.Manifests.Current, allBelow, _excluded, isFull, _parts.Feed.OldestWanted);
        if (victims.Count == 0)
        {
            return false;
        }

        // From here on no cursor gets into them. One that has just been opened there goes first: choose again.
        if (_parts.Feed.TryGiveUp(NewestIn(victims), evenIfWanted: isFull))
        {
            _job = new CompactionJob(_parts, victims);
            _jobStartedAt = _parts.Environment.Time.GetTimestamp();
        }

        return true;
    }

    private static ulong NewestIn(List<ManifestFile> victims)
    {
        var newest = 0UL;
        foreach (var victim in victims)
        {
            newest = victim.Identity.Kind == SegmentKind.Log ? Math.Max(newest, victim.LastSequence) : newest;
        }

        return newest;
    }

    private void Finish(CompactionJob job)
    {
        _job = null;
        job.Dispose();
        _retired.Add(job.Victims);
        _parts.Counters.CountCompaction();
        var before = 0L;
        foreach (var victim in job.Victims)
        {
            before += victim.End;
            _hinted.Remove(victim.Id);
        }

        StoreMeter.CountCompaction(_parts.Environment.Time.GetElapsedTime(_jobStartedAt), before, job.BytesKept);
        _options.Tell(
            StoreEventLevel.Information,
            StoreEventKind.Compacted,
            $"Compacted {job.Victims.Count} files of {before} bytes to {job.BytesKept} bytes.");
    }

    /// <summary>Writes the hint file of one sealed segment that has none.</summary>
    private bool WriteHints()
    {
        foreach (var file in _parts.Manifests.Current.Files)
        {
            var needsHint = file.Identity.Kind == SegmentKind.Log || _parts.Unhinted.Contains(file.Id);
            if (file.State == FileState.Sealed && needsHint && !_excluded.Contains(file.Id) && _hinted.Add(file.Id))
            {
                Check.That(_parts.Segments.TryFind(file.Id, out var segment));
                WriteHint(file, segment);
                return true;
            }
        }

        return false;
    }

    private void WriteHint(ManifestFile file, Segment segment)
    {
        try
        {
            HintWriter.Write(_parts.Files, segment, file.End);
        }
        catch (KvsCorruptionException)
        {
            _excluded.Add(file.Id);
            throw;
        }
        catch
        {
            _hinted.Remove(file.Id);
            throw;
        }
    }

    private TimeSpan Pace(long bytesCopied)
    {
        lock (_gate)
        {
            return _asked is not null || bytesCopied == 0
                ? TimeSpan.Zero
                : TimeSpan.FromSeconds(bytesCopied / (double)_options.CompactionBytesPerSecond);
        }
    }

    private TimeSpan GiveUp(Exception cause, TimeSpan retryAfter)
    {
        // Once entries point into the new file, only the end is left, and it is tried again: a later compaction would
        // find nothing alive in the victims, although they are what the manifest names.
        if (_job is not { IsBound: true })
        {
            _job?.Dispose();
            _job = null;
        }

        _options.Tell(
            StoreEventLevel.Warning,
            StoreEventKind.CompactionFailed,
            $"A compaction was given up, and nothing has changed by it: {cause.Message}");
        Answer(cause);
        return retryAfter;
    }

    private TimeSpan StepEnding()
    {
        _job?.Dispose();
        _job = null;
        Answer(EndingFailure());
        if (_closing.IsRequested && !_closing.HasCompactionEnded)
        {
            _closing.CompactionEnded();
        }

        return Timeout.InfiniteTimeSpan;
    }

    /// <summary>Nothing is left for whoever asked before the last choice; one who asked since waits for the next.</summary>
    private void AnswerConsidered()
    {
        lock (_gate)
        {
            if (!ReferenceEquals(_asked, _considered))
            {
                _parts.Threads.Compaction.Wake();
                return;
            }
        }

        Answer(failure: null);
    }

    private KvsStorageException EndingFailure() => new(
        _parts.Fault.IsSet ? ErrorCode.Faulted : ErrorCode.ShuttingDown,
        _parts.Fault.Reason ?? "The store is closing; the compaction was given up.");

    private void Answer(Exception? failure)
    {
        TaskCompletionSource? asked;
        lock (_gate)
        {
            (asked, _asked) = (_asked, null);
        }

        if (failure is null)
        {
            asked?.TrySetResult();
        }
        else
        {
            asked?.TrySetException(failure);
        }
    }
}

using Kvs.Core.Diagnostics;
using Kvs.Core.Engines.Commit;
using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Engines.Commit.Loops;
using Kvs.Core.Engines.Commit.Queue;
using Kvs.Core.Engines.Commit.Room;
using Kvs.Core.Engines.Compaction;
using Kvs.Core.Index;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Recovery;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Recovery;

/// <summary>
/// Opens a store, step by step: lock, manifest, log recovery, index, epoch. What it hands over is ready to be written
/// and read: the epoch's first group is synced and published, so that whatever has expired is gone before the first
/// read. Threading: one thread, before any loop runs. Ownership: owns what it has opened until it is handed over.
/// </summary>
internal sealed class LogOpening : IDisposable
{
    private readonly LogEngineOptions _options;
    private readonly KvsEnvironment _environment;
    private readonly DataDirectory _directory;
    private readonly StoreRandom _random;
    private readonly SegmentFiles _files;
    private readonly DiskReserve _reserve;
    private readonly SegmentSet _segments;
    private readonly KeyIndex _index;
    private readonly SegmentUsage _usage = new();
    private ManifestStore _manifests = null!; // set by Run
    private IReadOnlySet<uint> _unhinted = null!; // set by Run
    private bool _isHandedOver;

    private LogOpening(string path, LogEngineOptions options, KvsEnvironment environment)
    {
        _options = options;
        _environment = environment;
        _directory = DataDirectory.Open(environment.Files, path, DataDirectory.KvsEngine);
        _random = new StoreRandom(environment.Random);
        _index = new KeyIndex(options.Index);

        // The index, the buffers and other programs want the other half.
        _segments = new SegmentSet(environment.MemoryBytes / 2, new DamageLog(options).Tell);
        _files = new SegmentFiles(environment.Files, path);
        _reserve = new DiskReserve(environment.Files, path);
    }

    /// <summary>Opens or creates a store.</summary>
    /// <param name="path">Full path of the data directory.</param>
    /// <param name="options">The settings.</param>
    /// <param name="environment">The machine.</param>
    /// <param name="cancellationToken">Gives up before the epoch begins.</param>
    /// <returns>The parts of the engine. Ownership: the caller's.</returns>
    internal static EngineParts Open(
        string path, LogEngineOptions options, KvsEnvironment environment, CancellationToken cancellationToken)
    {
        using var opening = new LogOpening(path, options, environment);
        try
        {
            return opening.Run(cancellationToken);
        }
        catch (IOException cause)
        {
            throw StorageFailure.Failed($"Opening the store in '{path}'", cause);
        }
    }

    /// <summary>Closes what was opened, unless it was handed over.</summary>
    public void Dispose()
    {
        if (!_isHandedOver)
        {
            _index.Dispose();
            _segments.Dispose();
            _directory.Dispose();
        }
    }

    private EngineParts Run(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _manifests = ManifestStore.OpenOrCreate(_environment.Files, _directory.Path, DataDirectory.KvsEngine, _random);
        var recovered = new LogRecovery(_environment.Files, _files, _manifests, _random).Recover();
        OpenSegments();
        FillIndex(recovered, cancellationToken);
        var parts = Assemble(recovered);
        _isHandedOver = true;
        return parts;
    }

    private void OpenSegments()
    {
        var manifest = _manifests.Current;
        foreach (var file in manifest.Files)
        {
            _segments.Add(_files.Open(file, manifest.StoreId));
        }
    }

    private void FillIndex(RecoveredLog recovered, CancellationToken cancellationToken)
    {
        var fill = new IndexFill(_options, _files, _segments, mayWrite: true, _index, _usage);
        fill.LoadSealed(_manifests.Current, cancellationToken);
        _unhinted = fill.Unhinted;
        foreach (var (segment, end, _) in OpenLogs(recovered))
        {
            cancellationToken.ThrowIfCancellationRequested();
            fill.Replay(segment, end);
        }
    }

    /// <summary>The open segments that hold a part of the log, in log order, the current one last.</summary>
    private IEnumerable<(Segment Segment, long End, SegmentExtent? Extent)> OpenLogs(RecoveredLog recovered)
    {
        foreach (var file in _manifests.Current.Files)
        {
            if (file.IsOpenLog && !recovered.ReadyIds.Contains(file.Id))
            {
                Check.That(_segments.TryFind(file.Id, out var segment));
                var extent = recovered.Verdict.Extents.FirstOrDefault(extent => extent.Identity.Id == file.Id);
                yield return (segment, file.Id == recovered.ActiveId ? recovered.ActiveOffset : extent!.End, extent);
            }
        }
    }

    private EngineParts Assemble(RecoveredLog recovered)
    {
        Check.That(_segments.TryFind(recovered.ActiveId, out var active));
        var threads = new EngineThreads();
        var spares = new SpareSegments(_files, _manifests, _segments, _reserve, _random);
        var supply = new SegmentSupply(spares, threads.Commit, threads.Prepare);
        var epochs = new EpochTable(_manifests.Current.Epochs);
        var log = new LogWriter(active, recovered.ActiveOffset, recovered.Last);
        var frame = new GroupBuilder();
        var parts = new EngineParts
        {
            Environment = _environment,
            Options = _options,
            Directory = _directory,
            Manifests = _manifests,
            Files = _files,
            Segments = _segments,
            Unhinted = _unhinted,
            Spares = spares,
            Random = _random,
            Log = log,
            Index = _index,
            Epochs = epochs,
            Usage = _usage,
            Clock = new LogClock(_environment.Time, recovered.LogTimeMillis),
            Frame = frame,
            Room = new LogRoom(log, frame, supply, FirstSequenceIn(recovered)),
            Supply = supply,
            Queue = new CommitQueue(_options.QueuedBytesMax),
            Fault = new FaultLatch(_options, threads),
            Threads = threads,
            Closing = new CloseSequence(threads),
        };
        AdoptReady(recovered, spares);
        SealFull(recovered, spares, supply, epochs);
        BeginEpoch(recovered, parts);
        TellOpened(recovered, parts);
        return parts;
    }

    /// <summary>First sequence of the current segment: it may go on, or hold what recovery has copied, or nothing yet.</summary>
    private static ulong FirstSequenceIn(RecoveredLog recovered)
    {
        var verdict = recovered.Verdict;
        foreach (var extent in verdict.Extents)
        {
            if (extent.Identity.Id == recovered.ActiveId && extent.FirstSequence != 0)
            {
                return extent.FirstSequence;
            }
        }

        return verdict.Proven.Sequence + 1;
    }

    private void AdoptReady(RecoveredLog recovered, SpareSegments spares)
    {
        foreach (var id in recovered.ReadyIds)
        {
            Check.That(_segments.TryFind(id, out var segment));
            spares.Adopt(segment);
        }
    }

    /// <summary>
    /// A store may be closed before its last full segments are sealed: they are all that stands open before the current one.
    /// </summary>
    private void SealFull(RecoveredLog recovered, SpareSegments spares, SegmentSupply supply, EpochTable epochs)
    {
        foreach (var (segment, end, extent) in OpenLogs(recovered))
        {
            if (segment.Id == recovered.ActiveId)
            {
                continue;
            }

            if (extent!.FirstSequence == 0)
            {
                spares.Discard(segment);
            }
            else
            {
                supply.Seal(new FullSegment(
                    segment, end, extent.FirstSequence, epochs.VersionOf(extent.LastSequence), recovered.LogTimeMillis));
            }
        }
    }

    /// <summary>
    /// Writes, syncs and publishes the epoch's first group. Its log time makes everything that has expired invisible
    /// before the first read. Without room for it the store serves reads, as of the newest group that there is; the
    /// epoch then begins with the first group that finds room (<see cref="GroupApplier"/>).
    /// </summary>
    private static void BeginEpoch(RecoveredLog recovered, EngineParts parts)
    {
        var sequence = parts.Log.Appended.Sequence + 1;
        var start = new GroupStart(parts.Epochs.Current, sequence, parts.Clock.NowMillis(), sequence - 1);
        if (!parts.Room.TryBegin(GroupBuilder.BatchBytesMax(1, RecordCodec.EpochStartBytes), start))
        {
            // A clean log may end a few bytes before the end of its segment.
            parts.Spares.Prepare(mayUseReserve: false);
            if (!parts.Room.TryBegin(GroupBuilder.BatchBytesMax(1, RecordCodec.EpochStartBytes), start))
            {
                parts.Index.Publish(parts.Index.EndGroup(sequence - 1, recovered.LogTimeMillis, parts.Epochs));
                return;
            }
        }

        parts.Frame.BeginBatch(sequence);
        parts.Frame.AddEpochStart(EpochReason.Open);
        parts.Frame.EndBatch();
        parts.Frame.Finish();
        parts.Log.Append(parts.Frame);
        parts.Log.Sync();
        parts.Index.Publish(parts.Index.EndGroup(sequence, start.LogTimeMillis, parts.Epochs));
    }

    private void TellOpened(RecoveredLog recovered, EngineParts parts)
    {
        if (recovered.Verdict.TailIsTorn)
        {
            _options.Tell(
                StoreEventLevel.Warning,
                StoreEventKind.TailCut,
                $"The log of '{_directory.Path}' ended in bytes whose sync never returned; they were cut off behind version "
                + $"{recovered.Last}. Nothing that was acknowledged as durable is lost.");
        }

        _options.Tell(
            StoreEventLevel.Information,
            StoreEventKind.Opened,
            $"Opened '{_directory.Path}' at version {recovered.Last}: {parts.Index.Published.KeyCount} keys in "
            + $"{_manifests.Current.Files.Length} files.");
    }
}

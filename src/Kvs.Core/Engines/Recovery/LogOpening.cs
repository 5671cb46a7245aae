using Kvs.Core.Diagnostics;
using Kvs.Core.Engines.Commit;
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
    private readonly SegmentSet _segments = new();
    private readonly KeyIndex _index;
    private readonly SegmentUsage _usage = new();
    private ManifestStore _manifests = null!; // set by Run
    private bool _isHandedOver;

    private LogOpening(string path, LogEngineOptions options, KvsEnvironment environment)
    {
        _options = options;
        _environment = environment;
        _directory = DataDirectory.Open(environment.Files, path, DataDirectory.KvsEngine);
        _random = new StoreRandom(environment.Random);
        _index = new KeyIndex(options.Index);
        _files = new SegmentFiles(environment.Files, path);
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
        _manifests = ManifestStore.Exists(_environment.Files, _directory.Path)
            ? ManifestStore.Open(_environment.Files, _directory.Path)
            : ManifestStore.Create(_environment.Files, _directory.Path, DataDirectory.KvsEngine, _random);
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
        foreach (var file in _manifests.Current.Files)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Check.That(_segments.TryFind(file.Id, out var segment));
            var end = file.State == FileState.Sealed ? file.End : file.Id == recovered.ActiveId ? recovered.ActiveOffset : 0;
            if (end > 0)
            {
                Replay(segment, end);
            }
        }
    }

    private void Replay(Segment segment, long end)
    {
        var cursor = new FrameCursor(segment.Bytes(0, (int)end), segment.Header.Salt);
        while (cursor.MoveNext())
        {
            foreach (var batch in cursor.Frame)
            {
                var records = batch.GetEnumerator();
                while (records.MoveNext())
                {
                    var offset = (uint)(cursor.FrameOffset + records.CurrentOffset);
                    Replay(records.Current, new RecordLocation(segment.Id, offset, (uint)records.Current.Bytes.Length));
                }
            }
        }
    }

    private void Replay(in RecordView record, in RecordLocation location)
    {
        IndexEntry previous;
        bool existed;
        switch (record.Kind)
        {
            case RecordKind.Set:
                var entry = new IndexEntry(location, record.Sequence, record.ExpiresAtMillis, record.Value.Length);
                existed = _index.Set(record.Key, entry, out previous);
                _usage.Add(location.SegmentId, location.Length);
                break;
            case RecordKind.Remove:
                existed = _index.Remove(record.Key, out previous);
                break;
            default:
                return;
        }

        if (existed)
        {
            _usage.Add(previous.Location.SegmentId, -(long)previous.Location.Length);
        }
    }

    private EngineParts Assemble(RecoveredLog recovered)
    {
        Check.That(_segments.TryFind(recovered.ActiveId, out var active));
        var threads = new EngineThreads();
        var supply = new SegmentSupply(threads.Commit, threads.Prepare);
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
            Random = _random,
            Log = log,
            Index = _index,
            Epochs = new EpochTable(_manifests.Current.Epochs),
            Usage = _usage,
            Clock = new LogClock(_environment.Time, recovered.LogTimeMillis),
            Frame = frame,
            Room = new LogRoom(log, frame, supply, FirstSequenceIn(recovered)),
            Supply = supply,
            Queue = new CommitQueue(_options.QueuedBytesMax),
            Fault = new FaultLatch(_options),
            Threads = threads,
        };
        AddReady(recovered, supply);
        BeginEpoch(parts);
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

    private void AddReady(RecoveredLog recovered, SegmentSupply supply)
    {
        foreach (var id in recovered.ReadyIds)
        {
            Check.That(_segments.TryFind(id, out var segment));
            supply.AddReady(segment);
        }
    }

    /// <summary>
    /// Writes, syncs and publishes the epoch's first group. Its log time makes everything that has expired invisible
    /// before the first read.
    /// </summary>
    private static void BeginEpoch(EngineParts parts)
    {
        var sequence = parts.Log.Appended.Sequence + 1;
        var start = new GroupStart(parts.Epochs.Current, sequence, parts.Clock.NowMillis(), sequence - 1);
        parts.Room.BeginGroup();
        while (parts.Room.Reserve(GroupBuilder.BatchBytesMax(1, RecordCodec.EpochStartBytes), mayUseReserve: true, start)
            != RoomResult.Reserved)
        {
            new SegmentMaker(parts).MakeReady(0); // a clean log may end a few bytes before the end of its segment
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

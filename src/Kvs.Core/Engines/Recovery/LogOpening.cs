using Kvs.Core.Diagnostics;
using Kvs.Core.Engines.Commit;
using Kvs.Core.Engines.Commit.Groups;
using Kvs.Core.Engines.Commit.Loops;
using Kvs.Core.Engines.Commit.Queue;
using Kvs.Core.Engines.Commit.Requests;
using Kvs.Core.Engines.Commit.Room;
using Kvs.Core.Engines.Compaction;
using Kvs.Core.Engines.Members;
using Kvs.Core.Index;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Recovery;
using Kvs.Core.Storage.Requests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines.Recovery;

/// <summary>
/// Opens a store, step by step: lock, manifest, log recovery, index, epoch. What it hands over is ready to be written
/// and read: the epoch's first group is synced and published, so that whatever has expired is gone before the first
/// read. A member of a cluster begins no epoch, and shows what is known to be committed.
/// Threading: one thread, before any loop runs. Ownership: owns what it has opened until it is handed over.
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
    private RequestTable _requests = null!; // set by Run
    private ulong _shownThrough; // newest sequence that readers will see
    private long _shownTimeMillis; // log time there
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
        CheckMembership();
        _requests = LoadRequests();
        var recovery = new LogRecovery(_environment.Files, _files, _manifests, _random, _requests);
        var recovered = _options.Member is { } member
            ? recovery.RecoverMember(member.Membership, _options.AnswersBeforeSync)
            : recovery.Recover();
        RaiseFormat();
        OpenSegments();
        FillIndex(recovered, cancellationToken);
        var parts = Assemble(recovered);
        _isHandedOver = true;
        return parts;
    }

    /// <summary>The requests of what is sealed. Damage is found before anything is changed.</summary>
    private RequestTable LoadRequests() =>
        RequestFile.Load(_files, _manifests.Current, _environment.Time, _options.Requests);

    /// <summary>
    /// Before the first record that an older program would take for damage, and cut off after a crash. On a full disk it goes with
    /// the next replacement: there is one before the log can grow.
    /// </summary>
    private void RaiseFormat()
    {
        if (!_manifests.Current.MayHoldContentTypes)
        {
            _manifests.UpdateNowOrLater(static manifest => manifest with { MayHoldContentTypes = true });
        }
    }

    private void OpenSegments()
    {
        var manifest = _manifests.Current;
        foreach (var file in manifest.Files)
        {
            _segments.Add(_files.Open(file, manifest.StoreId));
        }
    }

    /// <summary>A member's log holds what may be taken back: opened as a store of its own it would count as committed.</summary>
    private void CheckMembership()
    {
        var stored = _manifests.Current.Membership;
        var wanted = _options.Member?.Membership;
        if (stored is not null && wanted is null)
        {
            throw new KvsConfigurationException(
                $"The data directory '{_directory.Path}' belongs to {stored} and does not open as a store of its own. Start it "
                + "as that node, or use another directory.");
        }

        if (stored is not null && wanted is not null && !stored.Means(wanted))
        {
            throw new KvsConfigurationException(
                $"The data directory '{_directory.Path}' belongs to {stored}, but it is to be opened for {wanted}, or with "
                + "another list of members. Correct the settings, or use another directory.");
        }
    }

    private void FillIndex(RecoveredLog recovered, CancellationToken cancellationToken)
    {
        var fill = new IndexFill(_options, _files, _segments, mayWrite: true, _index, _usage, _requests);
        _shownThrough = _manifests.Current.SealedThrough.Sequence;
        _shownTimeMillis = _manifests.Current.LogTimeMillis;
        fill.LoadSealed(_manifests.Current, cancellationToken);
        _unhinted = fill.Unhinted;
        foreach (var part in recovered.Parts)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (part.First <= recovered.Committed)
            {
                fill.Replay(Find(part.Id), CommittedEnd(part, recovered.Committed));
            }
        }
    }

    /// <summary>Where the frames of a part end that readers may see; notes the log time there.</summary>
    private long CommittedEnd(in RecoveredPart part, ulong committed)
    {
        if (part.Last <= committed)
        {
            _shownTimeMillis = Math.Max(_shownTimeMillis, part.LogTimeMillis);
            _shownThrough = part.Last;
            return part.End;
        }

        var segment = Find(part.Id);
        var frames = new FrameCursor(segment.Bytes(0, (int)part.End), segment.Header.Salt);
        var end = (long)frames.Position;
        while (frames.MoveNext() && frames.Frame.LastSequence <= committed)
        {
            end = frames.Position;
            _shownTimeMillis = Math.Max(_shownTimeMillis, frames.Frame.LogTimeMillis);
            _shownThrough = frames.Frame.LastSequence;
        }

        return end;
    }

    private Segment Find(uint id)
    {
        Check.That(_segments.TryFind(id, out var segment));
        return segment;
    }

    private EngineParts Assemble(RecoveredLog recovered)
    {
        var threads = new EngineThreads();
        var feed = new LogFeed(LogParts(recovered), new FilePins());
        var spares = new SpareSegments(_files, _manifests, _segments, _reserve, _random, feed.Pins);
        var supply = new SegmentSupply(spares, threads.Commit, threads.Prepare);
        var log = new LogWriter(Find(recovered.ActiveId), recovered.ActiveOffset, recovered.Last, feed);
        var frame = new GroupBuilder();
        var epochs = new LogEpochs(_manifests.Current.Epochs);
        var indexRoom = new IndexRoom(_index, _options);
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
            Feed = feed,
            Index = _index,
            Epochs = epochs,
            Usage = _usage,
            Clock = new LogClock(_environment.Time, recovered.LogTimeMillis),
            Frame = frame,
            Requests = new NumberedRequests(_requests, epochs),
            SealedRequests = new SealedRequests(LoadRequests(), _files, _manifests),
            Room = new LogRoom(log, frame, supply, epochs, recovered.Parts[^1]),
            Supply = supply,
            IndexRoom = indexRoom,
            HandOff = new GroupHandOff { PageBytesMax = indexRoom.Reserve },
            Queue = new CommitQueue(_options.QueuedBytesMax),
            Fault = new FaultLatch(_options, threads),
            Threads = threads,
            Closing = new CloseSequence(threads),
            Gate = new CommitGate(_options.Member is null ? null : recovered.Committed),
        };
        parts = _options.Member is { } member ? parts with { Member = new MemberLog(member, parts, recovered.Verdict.TailIsTorn) } : parts;
        AdoptReady(recovered, spares);
        SealFull(recovered, spares, supply, epochs.Table);
        if (_options.Member is null)
        {
            BeginEpoch(recovered, parts);
        }
        else
        {
            _index.Publish(_index.EndGroup(_shownThrough, _shownTimeMillis, epochs.Table));
        }

        TellOpened(recovered, parts);
        return parts;
    }

    /// <summary>The newest part of the log that has no gap: sealed segments, full ones, the current one.</summary>
    private List<LogPart> LogParts(RecoveredLog recovered)
    {
        var parts = new List<LogPart>();
        foreach (var file in _manifests.Current.Files)
        {
            if (file.State == FileState.Sealed && file.Identity.Kind == SegmentKind.Log)
            {
                parts.Add(new LogPart(Find(file.Id), file.FirstSequence, file.LastSequence, file.End));
            }
        }

        foreach (var part in recovered.Parts)
        {
            parts.Add(new LogPart(Find(part.Id), part.First, part.Last, part.End));
        }

        var gap = parts.Count - 1;
        while (gap > 0 && parts[gap - 1].Last + 1 == parts[gap].First)
        {
            gap--;
        }

        return parts.GetRange(gap, parts.Count - gap);
    }

    private void AdoptReady(RecoveredLog recovered, SpareSegments spares)
    {
        foreach (var id in recovered.ReadyIds)
        {
            spares.Adopt(Find(id));
        }
    }

    /// <summary>
    /// A store may be closed before its last full segments are sealed: they are all that stands open before the current one.
    /// </summary>
    private void SealFull(RecoveredLog recovered, SpareSegments spares, SegmentSupply supply, EpochTable epochs)
    {
        foreach (var id in recovered.PassedIds)
        {
            spares.Discard(Find(id));
        }

        foreach (var part in recovered.Parts[..^1])
        {
            supply.Seal(new FullSegment(
                Find(part.Id), part.End, part.First, epochs.VersionOf(part.Last), part.LogTimeMillis, epochs));
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
        var start = new GroupStart(parts.Epochs.Table.Current, sequence, parts.Clock.NowMillis(), sequence - 1);
        if (!parts.Room.TryBegin(GroupBuilder.BatchBytesMax(1, RecordCodec.EpochStartBytes), start))
        {
            // A clean log may end a few bytes before the end of its segment.
            parts.Spares.Prepare(mayUseReserve: false);
            if (!parts.Room.TryBegin(GroupBuilder.BatchBytesMax(1, RecordCodec.EpochStartBytes), start))
            {
                parts.Index.Publish(parts.Index.EndGroup(sequence - 1, recovered.LogTimeMillis, parts.Epochs.Table));
                return;
            }
        }

        parts.Frame.BeginBatch(sequence);
        parts.Frame.AddEpochStart(EpochReason.Open);
        parts.Frame.EndBatch();
        parts.Frame.Finish();
        parts.Log.Append(parts.Frame);
        parts.Room.Appended(start.LogTimeMillis);
        parts.Log.Sync();
        parts.Index.Publish(parts.Index.EndGroup(sequence, start.LogTimeMillis, parts.Epochs.Table));
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

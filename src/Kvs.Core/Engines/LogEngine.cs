using System.Buffers;
using Kvs.Core.Diagnostics;
using Kvs.Core.Engines.Commit.Loops;
using Kvs.Core.Engines.Commit.Queue;
using Kvs.Core.Engines.Compaction;
using Kvs.Core.Engines.Members;
using Kvs.Core.Engines.Recovery;
using Kvs.Core.Engines.Watch;
using Kvs.Core.Index;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;

namespace Kvs.Core.Engines;

/// <summary>
/// The engine of the product: an append-only log of checksummed groups, an ordered index in memory, reads that take no
/// lock. It joins the rooms and owns their lives; the work is done by its loops (commit, sync, prepare, compact).
/// Threading: as <see cref="IKvEngine"/>. Ownership: owns directory lock, files, index and loops until disposed; dispose
/// snapshots before it.
/// </summary>
internal sealed class LogEngine : IKvEngine
{
    private readonly EngineParts _parts;
    private readonly KeyIndex _index;
    private readonly SegmentSet _segments;
    private readonly CommitQueue _queue;
    private readonly WriteLimits _limits;
    private readonly SnapshotRegistry _snapshots;
    private readonly CommitLoop _commit;
    private readonly CompactionLoop _compaction;

    private LogEngine(EngineParts parts, SyncLoop sync)
    {
        _parts = parts;
        _index = parts.Index;
        _segments = parts.Segments;
        _queue = parts.Queue;
        _limits = new WriteLimits(parts.Options.ValueBytesMax, parts.Options.BatchBytesMax);
        _snapshots = new SnapshotRegistry(parts.Environment.Time, parts.Options);
        _commit = new CommitLoop(parts, sync);
        _compaction = new CompactionLoop(parts, sync);
    }

    /// <inheritdoc/>
    public string Name => DataDirectory.KvsEngine;

    /// <summary>What replication drives, of a member; null for a store of its own.</summary>
    internal IMemberLog? Member => _parts.Member;

    /// <summary>Whether a failed append or sync has ended writing.</summary>
    internal bool IsFaulted => _parts.Fault.IsSet;

    /// <summary>The log as cursors read it.</summary>
    internal LogFeed Feed => _parts.Feed;

    /// <inheritdoc/>
    public bool AppliesOnce => true;

    /// <inheritdoc/>
    public KvsVersion Version
    {
        get
        {
            using var pin = _index.Pin();
            return ((EpochTable)pin.Root.State!).VersionOf(pin.Root.Sequence);
        }
    }

    /// <summary>Opens a store, or creates it: recovers the log, fills the index, begins an epoch, starts the loops.</summary>
    /// <param name="path">Full path of the data directory.</param>
    /// <param name="options">The settings.</param>
    /// <param name="environment">The machine.</param>
    /// <param name="cancellationToken">Gives up before the epoch begins.</param>
    /// <exception cref="KvsCorruptionException">Stored data is damaged; nothing was changed.</exception>
    /// <exception cref="KvsStorageException">Locked, of another engine, or not usable.</exception>
    /// <exception cref="KvsConfigurationException">A setting is unusable.</exception>
    internal static ValueTask<LogEngine> OpenAsync(
        string path, LogEngineOptions options, KvsEnvironment environment, CancellationToken cancellationToken)
    {
        options.Validate();
        var parts = LogOpening.Open(path, options, environment, cancellationToken);
        var sync = new SyncLoop(parts);
        var engine = new LogEngine(parts, sync);
        parts.Threads.Sync.Start(environment.Loops, "kvs-sync", sync.RunOnce);
        parts.Threads.Commit.Start(environment.Loops, "kvs-commit", engine._commit.RunOnce);
        parts.Threads.Prepare.Start(environment.Loops, "kvs-prepare", new PrepareLoop(parts, engine._snapshots).RunOnce);
        parts.Threads.Compaction.Start(environment.Loops, "kvs-compact", engine._compaction.RunOnce);
        return ValueTask.FromResult(engine);
    }

    /// <inheritdoc/>
    public bool Includes(KvsVersion version)
    {
        using var pin = _index.Pin();
        return version.Sequence <= pin.Root.Sequence
            && ((EpochTable)pin.Root.State!).VersionOf(version.Sequence) == version;
    }

    /// <inheritdoc/>
    public void Submit(WorkItem item)
    {
        if (!WorkItems.TryAdmit(item, _limits))
        {
            item.Complete();
        }
        else if (_parts.Closing.IsRequested)
        {
            WorkItems.Refuse(item, ErrorCode.ShuttingDown, "The store is closing; the write was not applied.");
            item.Complete();
        }
        else if (_queue.LastWait > _parts.Options.QueueTimeMax / 2 || !_queue.TryEnqueue(item))
        {
            // What would wait for too long is told so at once: who has sent much ahead need not wait once for each part of it.
            WorkItems.Refuse(item, ErrorCode.Overloaded, WorkItems.TooMuchText);
            item.Complete();
        }
        else
        {
            _commit.Notify();
        }
    }

    /// <inheritdoc/>
    public bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info) =>
        Get(key, value, new ReadBounds(int.MaxValue, MayWait: true), out info) == PointRead.Found;

    /// <inheritdoc/>
    public PointRead Get(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, in ReadBounds bounds, out EntryInfo info)
    {
        // The pin keeps the pages that the search reads and the file that the entry points into.
        using var pin = _index.Pin();
        if (!pin.TryFind(key, out var entry) || !entry.IsVisibleAt(pin.Root.LogTimeMillis))
        {
            info = default;
            return PointRead.Missing;
        }

        info = ((EpochTable)pin.Root.State!).InfoOf(entry);
        if (value is null && !bounds.WithContentType)
        {
            return PointRead.Found;
        }

        if (value is not null && info.ValueLength > bounds.ValueBytesMax)
        {
            return PointRead.TooLong;
        }

        if (!bounds.MayWait && _segments.MayWaitFor(entry.Location))
        {
            return PointRead.WouldWait;
        }

        info = info with { ContentType = _segments.ReadValue(entry.Location, key, value) };
        return PointRead.Found;
    }

    /// <inheritdoc/>
    public IEngineSnapshot Snapshot() =>
        new LogEngineSnapshot(_index.Lease(), _segments, _snapshots, _parts.Environment.Time.GetTimestamp());

    /// <inheritdoc/>
    public IChangeFeed Watch(WatchOptions options) => ChangeFeed.Open(_parts, options);

    /// <inheritdoc/>
    public StoreStats Stats()
    {
        using var lease = _index.Lease();
        var counters = _parts.Counters;
        var (snapshots, oldest) = _snapshots.Figures;
        var bytes = 0L;
        var files = _parts.Manifests.Current.Files;
        foreach (var file in files)
        {
            bytes += file.End;
        }

        var live = _parts.Usage.LiveBytes;
        return new StoreStats
        {
            Engine = Name,
            Version = ((EpochTable)lease.Root.State!).VersionOf(lease.Root.Sequence),
            Keys = lease.Count(KeyRange.All),
            DiskBytes = bytes,
            LiveBytes = live,
            DeadBytes = Math.Max(0, bytes - live),
            Segments = files.Length,
            IndexBytes = _index.BytesHeld,
            IndexBytesLive = _index.BytesLive,
            IndexBytesMax = _parts.Options.IndexBytesMax == long.MaxValue ? 0 : _parts.IndexRoom.LiveMax,
            Batches = counters.Batches,
            Groups = counters.Groups,
            Syncs = counters.Syncs,
            Compactions = counters.Compactions,
            Expired = counters.Expired,
            Snapshots = snapshots,
            OldestSnapshot = oldest,
            RequestClients = _parts.Requests.Table.Clients,
            RequestBytes = _parts.Requests.Table.Bytes,
            RequestWindow = _parts.Requests.Table.Window,
            ReadOnlyReason = _parts.Fault.Reason ?? _parts.Supply.Reason,
        };
    }

    /// <inheritdoc/>
    public Task CompactAsync(CancellationToken cancellationToken) => _compaction.RunAll().WaitAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _parts.Closing.Request();
        try
        {
            await _parts.Closing.Done.ConfigureAwait(false);
        }
        finally
        {
            Release();
        }
    }

    private void Release()
    {
        var threads = _parts.Threads;
        threads.Compaction.Stop();
        threads.Prepare.Stop();
        threads.Commit.Stop();
        threads.Sync.Stop();
        _snapshots.Close();
        _parts.Watchers.Close();

        // A snapshot or a cursor may still be read at this moment by another thread: the files stay mapped until it ends.
        _parts.Feed.Close();
        _index.Freed = () => _parts.Feed.Pins.WhenReleased(_segments.Dispose);
        _index.Dispose();
        _parts.Directory.Dispose();
        _parts.Options.Tell(StoreEventLevel.Information, StoreEventKind.Closed, $"Closed '{_parts.Directory.Path}'.");
    }
}

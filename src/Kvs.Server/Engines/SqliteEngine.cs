using System.Buffers;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;
using Microsoft.Data.Sqlite;

namespace Kvs.Server.Engines;

/// <summary>
/// The second engine: SQLite behind the same interface, as the trusted yardstick of the kvs engine. Its database files
/// are real files that SQLite itself opens: the simulated device does not reach them, only marker and lock go through
/// the file seam. Reads run on read-only connections and see the newest committed transaction; in WAL mode no reader
/// waits for the writer. Under interval and os, readers see what a power cut may take back.
/// Threading: one loop writes (<see cref="SqliteWriter"/>); everything else as the interface says.
/// </summary>
internal sealed class SqliteEngine : IKvEngine
{
    private readonly DataDirectory _directory;
    private readonly string _path;
    private readonly SqliteEngineOptions _options;
    private readonly SqliteQueue _queue;
    private readonly SqliteReaderPool _readers;
    private readonly SnapshotLedger _snapshots;
    private readonly SqliteWriter _writer; // used by the loop; disposed by it
    private readonly ILoop _loop;
    private readonly List<WorkItem> _group = []; // the loop only
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SqliteEngine(DataDirectory directory, string path, SqliteWriter writer, SqliteEngineOptions options, KvsEnvironment machine)
    {
        _directory = directory;
        _path = path;
        _writer = writer;
        _options = options;
        _queue = new SqliteQueue(options.QueuedBytesMax);
        _readers = new SqliteReaderPool(path);
        _snapshots = new SnapshotLedger(machine.Time);
        _loop = machine.Loops.Start("sqlite-write", Step);
    }

    /// <inheritdoc/>
    public string Name => DataDirectory.SqliteEngine;

    /// <summary>The one native library of the product; it lies beside the program for each system that it was built for.</summary>
    private static void LoadLibrary()
    {
        try
        {
            SQLitePCL.Batteries_V2.Init();
        }
        catch (DllNotFoundException missing)
        {
            throw new KvsException(
                ErrorCode.NotSupported,
                $"The native library of SQLite is not beside the program in '{AppContext.BaseDirectory}', or not for this "
                + "system. Use --engine kvs, or build the server for this system.",
                inner: missing);
        }
    }

    /// <summary>Opens a data directory, or makes a new one.</summary>
    /// <param name="machine">Clock, loops, randomness, and the real file system.</param>
    /// <param name="directory">Full path of the directory.</param>
    /// <param name="options">The options.</param>
    /// <returns>The engine. Ownership: the caller's.</returns>
    /// <exception cref="KvsException">Locked, of another engine, damaged.</exception>
    internal static SqliteEngine Open(KvsEnvironment machine, string directory, SqliteEngineOptions options)
    {
        LoadLibrary();
        var held = DataDirectory.Open(machine.Files, directory, DataDirectory.SqliteEngine);
        var path = Path.Combine(directory, SqliteDatabase.FileName);
        SqliteConnection? connection = null;
        try
        {
            connection = SqliteDatabase.Connect(path, writable: true);
            var writer = new SqliteWriter(connection, options, machine.Time, machine.Random);
            return new SqliteEngine(held, path, writer, options, machine);
        }
        catch (Exception cause)
        {
            connection?.Dispose();
            held.Dispose();
            if (cause is SqliteException failure)
            {
                throw SqliteFailure.Of(failure, path);
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public void Submit(WorkItem item)
    {
        item.QueuedBytes = 0;
        foreach (var request in item.Requests)
        {
            if (RequestAdmission.TryAdmit(request, _options.WriteLimits, out var bytes))
            {
                item.QueuedBytes += bytes;
            }
        }

        var refusal = _queue.TryEnqueue(item);
        if (refusal == ErrorCode.None)
        {
            _loop.Wake();
            return;
        }

        foreach (var request in item.Requests)
        {
            request.Fail(refusal, WriteOutcome.NotApplied, refusal == ErrorCode.Overloaded
                ? "Too many writes wait; nothing was applied. Retry later."
                : "The store is closing; nothing was applied.");
        }

        item.Complete();
    }

    /// <inheritdoc/>
    public bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info) =>
        Get(key, value, new ReadBounds(int.MaxValue, MayWait: true), out info) == PointRead.Found;

    /// <summary>As the interface says. Each read may go to the disk, and nothing tells beforehand whether it will.</summary>
    public PointRead Get(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, in ReadBounds bounds, out EntryInfo info)
    {
        if (!bounds.MayWait)
        {
            info = default;
            return PointRead.WouldWait;
        }

        var reader = _readers.Rent();
        try
        {
            return reader.Get(key, value, bounds, out info);
        }
        finally
        {
            _readers.Return(reader);
        }
    }

    /// <inheritdoc/>
    public IEngineSnapshot Snapshot() => new SqliteSnapshot(_readers, _snapshots);

    /// <inheritdoc/>
    public StoreStats Stats()
    {
        var counters = _writer.Counters;
        using var snapshot = new SqliteSnapshot(_readers, new SnapshotLedger(TimeProvider.System));
        return new StoreStats
        {
            Engine = Name,
            Version = snapshot.Version,
            Keys = snapshot.Count(KeyRange.All),
            DiskBytes = BytesOf(string.Empty) + BytesOf("-wal") + BytesOf("-shm"),
            Segments = 1,
            Batches = counters.Batches,
            Groups = counters.Groups,
            Syncs = counters.Syncs,
            Compactions = counters.Compactions,
            Expired = counters.Expired,
            Snapshots = _snapshots.Count,
            OldestSnapshot = _snapshots.OldestAge,
            ReadOnlyReason = counters.Fault,
        };
    }

    /// <summary>
    /// Rewrites the whole database (VACUUM). Writes wait meanwhile, and the disk needs room for a second copy; reads and
    /// snapshots go on.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task CompactAsync(CancellationToken cancellationToken)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_queue.TryEnqueue(done))
        {
            done.SetException(new KvsUnavailableException(ErrorCode.ShuttingDown, "The store is closing."));
        }

        _loop.Wake();
        return done.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _queue.Close();
        _loop.Wake();
        await _closed.Task;
        _loop.Stop();
        _readers.Dispose();
        _directory.Dispose();
    }

    private TimeSpan Step()
    {
        if (_closed.Task.IsCompleted)
        {
            return Timeout.InfiniteTimeSpan;
        }

        // Asked before taking: what is enqueued before the close is taken below, or by the step after.
        var isClosed = _queue.IsClosed;
        var compactions = _queue.TakeCompactions();
        _queue.Take(_group);
        var until = _writer.UntilDue();
        if (_group.Count > 0 || until == TimeSpan.Zero)
        {
            _writer.CommitGroup(_group);
            _writer.SyncByClock();
            CompleteGroup();
        }
        else if (compactions.Length == 0)
        {
            return isClosed ? FinishClosing() : until;
        }

        Compact(compactions);
        return TimeSpan.Zero;
    }

    private TimeSpan FinishClosing()
    {
        _writer.Dispose();
        _closed.SetResult();
        return Timeout.InfiniteTimeSpan;
    }

    private void CompleteGroup()
    {
        foreach (var item in _group)
        {
            item.Complete();
        }

        _group.Clear();
    }

    private void Compact(TaskCompletionSource[] waiting)
    {
        if (waiting.Length == 0)
        {
            return;
        }

        try
        {
            _writer.Compact();
            Array.ForEach(waiting, static done => done.TrySetResult());
        }
        catch (SqliteException cause)
        {
            var failure = new KvsStorageException(
                SqliteFailure.IsDiskFull(cause) ? ErrorCode.DiskFull : ErrorCode.StorageFailed,
                $"Compacting '{_path}' failed: {cause.Message} Nothing was changed.", WriteOutcome.NotApplied, cause);
            Array.ForEach(waiting, done => done.TrySetException(failure));
        }
    }

    private long BytesOf(string suffix)
    {
        var file = new FileInfo(_path + suffix);
        return file.Exists ? file.Length : 0;
    }
}

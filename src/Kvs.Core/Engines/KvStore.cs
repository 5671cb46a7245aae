using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Kvs.Core.Engines.Facade;
using Kvs.Core.Engines.Memory;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines;

/// <summary>
/// A store in this process. Dispose it to close it: work that was handed over is finished first. A store is one object
/// for the whole program; it serves any number of threads at once.
/// Ownership: bytes that are given to it are copied before the call returns its task; bytes that it gives are the caller's.
/// </summary>
public sealed class KvStore : IKvStore
{
    private readonly IKvEngine _engine;
    private readonly ConcurrentDictionary<KvStoreSnapshot, byte> _snapshots = []; // those that programs hold
    private int _disposed; // Interlocked

    /// <summary>Makes a store over an engine.</summary>
    /// <param name="engine">The engine. Ownership: disposed with the store.</param>
    internal KvStore(IKvEngine engine) => _engine = engine;

    /// <summary>The engine, for programs of ours that need more than the API.</summary>
    internal IKvEngine Engine => _engine;

    /// <summary>
    /// Opens a store in a directory, which is made when it is missing. One store at a time owns a directory. After a
    /// crash, everything acknowledged is there.
    /// </summary>
    /// <param name="path">The directory.</param>
    /// <param name="options">Settings; null for the defaults.</param>
    /// <param name="cancellationToken">Gives the opening up.</param>
    /// <returns>The store. Ownership: the caller disposes it.</returns>
    /// <exception cref="KvsCorruptionException">Stored data is damaged; nothing was changed.</exception>
    /// <exception cref="KvsStorageException">The directory is in use, of another engine, or not usable.</exception>
    /// <exception cref="KvsConfigurationException">A setting is unusable.</exception>
    public static async Task<KvStore> OpenAsync(
        string path, KvStoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new KvStoreOptions();
        options.Validate();
        var machine = KvsEnvironment.Real() with { Time = options.TimeProvider };
        var directory = Path.GetFullPath(path);

        // Recovery reads files: not on the thread of a caller who may have a user interface to run.
        var engine = await Task.Run(
            () => LogEngine.OpenAsync(directory, options.ToEngineOptions(), machine, cancellationToken).AsTask(),
            cancellationToken).ConfigureAwait(false);
        return new KvStore(engine);
    }

    /// <summary>Opens an empty store in memory: the same behaviour without files, gone when it is closed.</summary>
    /// <param name="options">Settings; those about files mean nothing here.</param>
    /// <returns>The store. Ownership: the caller disposes it.</returns>
    public static KvStore OpenMemory(KvStoreOptions? options = null)
    {
        options ??= new KvStoreOptions();
        options.Validate();
        var limits = new WriteLimits(options.ValueBytesMax, options.BatchBytesMax);
        return new KvStore(new MemoryEngine(options.TimeProvider, new Random(), limits));
    }

    /// <inheritdoc/>
    public async ValueTask<WriteResult> SetAsync(
        KvsKey key, KvsValue value, SetOptions? options = null, CancellationToken cancellationToken = default)
    {
        var write = Begin(Operation.Set(key, value, options), options?.Durability ?? default);
        await FinishAsync(write, cancellationToken).ConfigureAwait(false);
        return write.ToWriteResult();
    }

    /// <inheritdoc/>
    public async ValueTask<WriteResult> RemoveAsync(
        KvsKey key, RemoveOptions? options = null, CancellationToken cancellationToken = default)
    {
        var write = Begin(Operation.Remove(key, options), options?.Durability ?? default);
        await FinishAsync(write, cancellationToken).ConfigureAwait(false);
        return write.ToWriteResult();
    }

    /// <inheritdoc/>
    public async ValueTask<long> IncrementAsync(KvsKey key, long by = 1, CancellationToken cancellationToken = default)
    {
        var write = Begin(new Operation { Kind = OperationKind.Increment, Key = key.Bytes, Delta = by });
        await FinishAsync(write, cancellationToken).ConfigureAwait(false);
        return write.SingleResult().Number;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ExpireAsync(
        KvsKey key, TimeSpan timeToLive, CancellationToken cancellationToken = default)
    {
        var write = Begin(Operation.Expire(key, timeToLive));
        await FinishAsync(write, cancellationToken).ConfigureAwait(false);
        return write.SingleResult().Existed;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> PersistAsync(KvsKey key, CancellationToken cancellationToken = default)
    {
        var write = Begin(new Operation { Kind = OperationKind.Persist, Key = key.Bytes });
        await FinishAsync(write, cancellationToken).ConfigureAwait(false);
        return write.SingleResult().Number != 0;
    }

    /// <inheritdoc/>
    public async ValueTask<BatchResult> ApplyAsync(
        KvsBatch batch, Durability durability = Durability.Default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var write = new PendingWrite(durability);
        foreach (var operation in batch.Operations)
        {
            write.Add(operation);
        }

        await FinishAsync(write, cancellationToken).ConfigureAwait(false);
        return write.ToBatchResult();
    }

    /// <inheritdoc/>
    public ValueTask<KvsEntry?> GetAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        Read(key, GetNewest, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> ExistsAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        Read(key, static (engine, key) => engine.TryGet(key.Bytes.Span, null, out _), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KvsEntry?>> GetManyAsync(
        IReadOnlyList<KvsKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return ReadSnapshot(keys, SnapshotReader.GetMany, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<TimeToLiveResult> TimeToLiveAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        ReadSnapshot(key, SnapshotReader.TimeToLive, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ScanPage> ScanPageAsync(ScanOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        EntryWalk.ValidatePage(options);
        return ReadSnapshot(options, SnapshotReader.ReadPage, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<long> CountAsync(KeyRange range = default, CancellationToken cancellationToken = default) =>
        ReadSnapshot(range, static (snapshot, range) => snapshot.Count(range), cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<KvsEntry> ScanAsync(ScanOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new ScanOptions();
        EntryWalk.Validate(options);
        return StreamAsync(options, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IKvSnapshot> SnapshotAsync(CancellationToken cancellationToken = default) =>
        Read(this, static (_, store) => (IKvSnapshot)store.TakeSnapshot(), cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<KvsChange> WatchAsync(WatchOptions? options = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return new FollowedChanges(_engine, options ?? new WatchOptions()).ReadAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<StoreStats> StatsAsync(CancellationToken cancellationToken = default) =>
        Read(0, static (engine, _) => engine.Stats(), cancellationToken);

    /// <inheritdoc/>
    public ValueTask CompactAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return new ValueTask(_engine.CompactAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        // An engine wants its snapshots back before it closes; what a program still holds reads no more.
        foreach (var snapshot in _snapshots.Keys)
        {
            await snapshot.DisposeAsync().ConfigureAwait(false);
        }

        await _engine.DisposeAsync().ConfigureAwait(false);
    }

    private static KvsEntry? GetNewest(IKvEngine engine, KvsKey key)
    {
        var value = new ArrayBufferWriter<byte>();
        return engine.TryGet(key.Bytes.Span, value, out var info) ? SnapshotReader.Own(key, value, info) : null;
    }

    private static PendingWrite Begin(in Operation operation, Durability durability = Durability.Default)
    {
        var write = new PendingWrite(durability);
        write.Add(operation);
        return write;
    }

    private KvStoreSnapshot TakeSnapshot()
    {
        var snapshot = new KvStoreSnapshot(_engine.Snapshot(), _snapshots);
        _snapshots.TryAdd(snapshot, 0);
        return snapshot;
    }

    private Task FinishAsync(PendingWrite write, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        cancellationToken.ThrowIfCancellationRequested();
        return write.SubmitTo(_engine).WaitAsync(cancellationToken);
    }

    private async IAsyncEnumerable<KvsEntry> StreamAsync(
        ScanOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var snapshot = await SnapshotAsync(cancellationToken).ConfigureAwait(false);
        await using (snapshot.ConfigureAwait(false))
        {
            await foreach (var entry in snapshot.ScanAsync(options, cancellationToken).ConfigureAwait(false))
            {
                yield return entry;
            }
        }
    }

    private ValueTask<TResult> ReadSnapshot<TArgument, TResult>(
        TArgument argument, Func<IEngineSnapshot, TArgument, TResult> read, CancellationToken cancellationToken) =>
        Read((argument, read), static (engine, state) =>
        {
            using var snapshot = engine.Snapshot();
            return state.read(snapshot, state.argument);
        }, cancellationToken);

    private ValueTask<TResult> Read<TArgument, TResult>(
        TArgument argument, Func<IKvEngine, TArgument, TResult> read, CancellationToken cancellationToken)
    {
        ThrowIfDisposed();
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TResult>(cancellationToken);
        }

        try
        {
            return new ValueTask<TResult>(read(_engine, argument));
        }
        catch (KvsException failure)
        {
            return ValueTask.FromException<TResult>(failure);
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
}

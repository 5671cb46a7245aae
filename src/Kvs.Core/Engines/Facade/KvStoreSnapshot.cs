using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Facade;

/// <summary>
/// A view of a store that does not change, over a snapshot of its engine. Threading: any number of threads; reads take
/// turns, for an engine's snapshot serves one at a time. Ownership: disposes the engine's snapshot, once.
/// </summary>
/// <param name="snapshot">The engine's snapshot.</param>
/// <param name="held">Where the store lists it; it strikes itself off.</param>
internal sealed class KvStoreSnapshot(IEngineSnapshot snapshot, ConcurrentDictionary<KvStoreSnapshot, byte> held) : IKvSnapshot
{
    private readonly Lock _gate = new();
    private bool _disposed; // guarded by _gate

    /// <inheritdoc/>
    public KvsVersion Version { get; } = snapshot.Version;

    /// <inheritdoc/>
    public ValueTask<KvsEntry?> GetAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        Read(key, SnapshotReader.Get, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KvsEntry?>> GetManyAsync(
        IReadOnlyList<KvsKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return Read(keys, SnapshotReader.GetMany, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<bool> ExistsAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        Read(key, static (snapshot, key) => snapshot.TryGet(key.Bytes.Span, null, out _), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TimeToLiveResult> TimeToLiveAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        Read(key, SnapshotReader.TimeToLive, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ScanPage> ScanPageAsync(ScanOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        EntryWalk.ValidatePage(options);
        return Read(options, SnapshotReader.ReadPage, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<long> CountAsync(KeyRange range = default, CancellationToken cancellationToken = default) =>
        Read(range, static (snapshot, range) => snapshot.Count(range), cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<KvsEntry> ScanAsync(ScanOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new ScanOptions();
        EntryWalk.Validate(options);
        return StreamAsync(options, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (!_disposed)
            {
                _disposed = true;
                held.TryRemove(this, out _);
                snapshot.Dispose();
            }
        }

        return ValueTask.CompletedTask;
    }

    private async IAsyncEnumerable<KvsEntry> StreamAsync(
        ScanOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var stream = new EntryStream(options);
        while (!stream.IsDone)
        {
            var chunk = await Read(stream, static (snapshot, stream) => stream.ReadChunk(snapshot), cancellationToken)
                .ConfigureAwait(false);
            foreach (var entry in chunk)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return entry;
            }
        }
    }

    private ValueTask<TResult> Read<TArgument, TResult>(
        TArgument argument, Func<IEngineSnapshot, TArgument, TResult> read, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TResult>(cancellationToken);
        }

        try
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return new ValueTask<TResult>(read(snapshot, argument));
            }
        }
        catch (KvsException failure)
        {
            return ValueTask.FromException<TResult>(failure);
        }
    }
}

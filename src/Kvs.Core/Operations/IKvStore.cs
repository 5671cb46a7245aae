using Kvs.Core.Primitives;

namespace Kvs.Core.Operations;

/// <summary>
/// A store as a program sees it: the same for a store in this process and for a server. Missing keys and failed
/// conditions are results; what a caller cannot foresee (disk, network, overload) is a <see cref="KvsException"/>.
/// Cancelling a write cancels the waiting, not the write: once handed over it may be applied all the same.
/// Threading: all members, any number of threads.
/// </summary>
public interface IKvStore : IKvReader, IAsyncDisposable
{
    /// <summary>Sets a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="options">Expiry, condition, previous value.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<WriteResult> SetAsync(KvsKey key, KvsValue value, SetOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Removes a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="options">Condition, previous value.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<WriteResult> RemoveAsync(KvsKey key, RemoveOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Adds to a decimal 64-bit integer, atomically; keeps the expiry. Fails with NotAnInteger or IntegerOverflow.</summary>
    /// <param name="key">The key; a missing one counts as 0.</param>
    /// <param name="by">What is added.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The new value.</returns>
    ValueTask<long> IncrementAsync(KvsKey key, long by = 1, CancellationToken cancellationToken = default);

    /// <summary>Changes the expiry of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="timeToLive">Time after which it is gone; positive.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>False when the key is missing.</returns>
    ValueTask<bool> ExpireAsync(KvsKey key, TimeSpan timeToLive, CancellationToken cancellationToken = default);

    /// <summary>Clears the expiry of a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>False when the key is missing or had no expiry.</returns>
    ValueTask<bool> PersistAsync(KvsKey key, CancellationToken cancellationToken = default);

    /// <summary>Applies a batch, wholly or not at all.</summary>
    /// <param name="batch">The operations.</param>
    /// <param name="durability">A stronger durability for this batch.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<BatchResult> ApplyAsync(
        KvsBatch batch, Durability durability = Durability.Default, CancellationToken cancellationToken = default);

    /// <summary>Takes a consistent view of the whole store, which stays as it is while writes go on. Dispose it soon.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<IKvSnapshot> SnapshotAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Follows changes, in order, each once, until it is cancelled: from a position in the past, or from now on. It waits for
    /// its reader, who may be as slow as the history lasts; then it fails with <see cref="ErrorCode.Compacted"/>.
    /// </summary>
    /// <param name="options">Which changes, and from where; null for all from now on.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    IAsyncEnumerable<KvsChange> WatchAsync(WatchOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Figures about the store.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<StoreStats> StatsAsync(CancellationToken cancellationToken = default);

    /// <summary>Reclaims the space of overwritten and removed keys now, as far as history and snapshots allow.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask CompactAsync(CancellationToken cancellationToken = default);
}

/// <summary>A view of a store that does not change. Disposing it lets the store reclaim what only it could see.</summary>
public interface IKvSnapshot : IKvReader, IAsyncDisposable
{
    /// <summary>The newest version that the view includes.</summary>
    KvsVersion Version { get; }
}

/// <summary>What can be read, from a store (always the newest state) or from a snapshot of it.</summary>
public interface IKvReader
{
    /// <summary>Reads a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The entry, or null when the key is missing.</returns>
    ValueTask<KvsEntry?> GetAsync(KvsKey key, CancellationToken cancellationToken = default);

    /// <summary>Reads several keys from one consistent view.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>An entry, or null, for each key, in their order.</returns>
    ValueTask<IReadOnlyList<KvsEntry?>> GetManyAsync(IReadOnlyList<KvsKey> keys, CancellationToken cancellationToken = default);

    /// <summary>Whether a key is there.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<bool> ExistsAsync(KvsKey key, CancellationToken cancellationToken = default);

    /// <summary>How long a key has to live.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Whether the key is there, and its remaining time, or null when it does not expire.</returns>
    ValueTask<TimeToLiveResult> TimeToLiveAsync(KvsKey key, CancellationToken cancellationToken = default);

    /// <summary>Streams entries in key order from one consistent view.</summary>
    /// <param name="options">Range, direction, limits.</param>
    /// <param name="cancellationToken">Ends the scan.</param>
    IAsyncEnumerable<KvsEntry> ScanAsync(ScanOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Reads one page of a scan; at most 1,000 entries and 1 MiB unless the options say otherwise.</summary>
    /// <param name="options">Range, direction, limits, cursor.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<ScanPage> ScanPageAsync(ScanOptions options, CancellationToken cancellationToken = default);

    /// <summary>Counts the keys of a range, without reading them.</summary>
    /// <param name="range">The range.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    ValueTask<long> CountAsync(KeyRange range = default, CancellationToken cancellationToken = default);
}

/// <summary>How long a key has to live.</summary>
/// <param name="Exists">Whether the key is there.</param>
/// <param name="Remaining">Its remaining time; null when it does not expire or is missing.</param>
public readonly record struct TimeToLiveResult(bool Exists, TimeSpan? Remaining);

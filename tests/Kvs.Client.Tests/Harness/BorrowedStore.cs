using Kvs.Core.Operations;

namespace Kvs.Client.Tests.Harness;

/// <summary>
/// A connection to a store that lives on when the connection is closed. A test may replace single answers.
/// </summary>
/// <param name="inner">The store.</param>
internal class BorrowedStore(IKvStore inner) : IKvStore
{
    public virtual ValueTask<WriteResult> SetAsync(
        KvsKey key, KvsValue value, SetOptions? options = null, CancellationToken cancellationToken = default) =>
        inner.SetAsync(key, value, options, cancellationToken);

    public virtual ValueTask<WriteResult> RemoveAsync(
        KvsKey key, RemoveOptions? options = null, CancellationToken cancellationToken = default) =>
        inner.RemoveAsync(key, options, cancellationToken);

    public virtual ValueTask<long> IncrementAsync(
        KvsKey key, long by = 1, CancellationToken cancellationToken = default) =>
        inner.IncrementAsync(key, by, cancellationToken);

    public virtual ValueTask<bool> ExpireAsync(
        KvsKey key, TimeSpan timeToLive, CancellationToken cancellationToken = default) =>
        inner.ExpireAsync(key, timeToLive, cancellationToken);

    public virtual ValueTask<bool> PersistAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        inner.PersistAsync(key, cancellationToken);

    public virtual ValueTask<BatchResult> ApplyAsync(
        KvsBatch batch, Durability durability = Durability.Default, CancellationToken cancellationToken = default) =>
        inner.ApplyAsync(batch, durability, cancellationToken);

    public virtual IAsyncEnumerable<KvsChange> WatchAsync(
        WatchOptions? options = null, CancellationToken cancellationToken = default) => inner.WatchAsync(options, cancellationToken);

    public virtual ValueTask<IKvSnapshot> SnapshotAsync(CancellationToken cancellationToken = default) =>
        inner.SnapshotAsync(cancellationToken);

    public virtual ValueTask<StoreStats> StatsAsync(CancellationToken cancellationToken = default) =>
        inner.StatsAsync(cancellationToken);

    public virtual ValueTask CompactAsync(CancellationToken cancellationToken = default) =>
        inner.CompactAsync(cancellationToken);

    public virtual ValueTask<KvsEntry?> GetAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        inner.GetAsync(key, cancellationToken);

    public virtual ValueTask<IReadOnlyList<KvsEntry?>> GetManyAsync(
        IReadOnlyList<KvsKey> keys, CancellationToken cancellationToken = default) =>
        inner.GetManyAsync(keys, cancellationToken);

    public virtual ValueTask<bool> ExistsAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        inner.ExistsAsync(key, cancellationToken);

    public virtual ValueTask<TimeToLiveResult> TimeToLiveAsync(
        KvsKey key, CancellationToken cancellationToken = default) =>
        inner.TimeToLiveAsync(key, cancellationToken);

    public virtual IAsyncEnumerable<KvsEntry> ScanAsync(
        ScanOptions? options = null, CancellationToken cancellationToken = default) =>
        inner.ScanAsync(options, cancellationToken);

    public virtual ValueTask<ScanPage> ScanPageAsync(
        ScanOptions options, CancellationToken cancellationToken = default) =>
        inner.ScanPageAsync(options, cancellationToken);

    public virtual ValueTask<long> CountAsync(
        KeyRange range = default, CancellationToken cancellationToken = default) =>
        inner.CountAsync(range, cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

using System.Buffers;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Engines;

/// <summary>
/// A snapshot of the sqlite engine: a read transaction on a connection of its own. While it is held, the write-ahead log
/// cannot be reset and grows. Ownership: gives its connection back to the pool.
/// </summary>
internal sealed class SqliteSnapshot : IEngineSnapshot
{
    private readonly SqliteReaderPool _pool;
    private readonly SqliteReader _reader;
    private readonly IDisposable _held;
    private bool _disposed;

    /// <summary>Takes a snapshot of the newest committed state.</summary>
    /// <param name="pool">Where its connection comes from.</param>
    /// <param name="ledger">Where it is listed.</param>
    internal SqliteSnapshot(SqliteReaderPool pool, SnapshotLedger ledger)
    {
        _pool = pool;
        _reader = pool.Rent();
        try
        {
            (Version, LogTimeMillis) = _reader.Begin();
        }
        catch
        {
            _reader.Dispose();
            throw;
        }

        _held = ledger.Add();
    }

    /// <inheritdoc/>
    public KvsVersion Version { get; }

    /// <inheritdoc/>
    public long LogTimeMillis { get; }

    /// <inheritdoc/>
    public bool TryGet(ReadOnlySpan<byte> key, IBufferWriter<byte>? value, out EntryInfo info) =>
        _reader.Get(key, value, new ReadBounds(int.MaxValue, MayWait: true), out info) == PointRead.Found;

    /// <inheritdoc/>
    public long Count(in KeyRange range) => _reader.Count(range);

    /// <inheritdoc/>
    public IEntryCursor Scan(in KeyRange range, bool reverse) => _reader.Scan(range, reverse);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _held.Dispose();
            _reader.End();
            _pool.Return(_reader);
        }
    }
}

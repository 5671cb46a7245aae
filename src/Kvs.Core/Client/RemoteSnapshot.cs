using Kvs.Core.Client.Calling;
using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Core.Client;

/// <summary>
/// A snapshot that a server holds for one connection. It ends with that connection: a later read fails with
/// <see cref="ErrorCode.SnapshotExpired"/>, since another connection could only show another state.
/// Threading: any thread.
/// </summary>
internal sealed class RemoteSnapshot : IKvSnapshot, IServerLink
{
    private readonly KvsConnection _connection;
    private readonly ulong _id;
    private readonly RemoteReader _reader;
    private int _disposed; // Interlocked

    /// <summary>Takes over an open snapshot.</summary>
    /// <param name="connection">The connection that it was opened on; not disposed here.</param>
    /// <param name="id">Its id there.</param>
    /// <param name="version">The newest version that it includes.</param>
    /// <param name="settings">What calls have in common. Nothing is repeated: there is no other place for it.</param>
    internal RemoteSnapshot(KvsConnection connection, ulong id, KvsVersion version, CallSettings settings)
    {
        _connection = connection;
        _id = id;
        _reader = new RemoteReader(new Caller(this, settings with { Retry = false }), new RequestFields { Snapshot = id });
        Version = version;
    }

    /// <inheritdoc/>
    public KvsVersion Version { get; }

    /// <inheritdoc/>
    public int AddressCount => 1;

    /// <inheritdoc/>
    public bool IsClosed => Volatile.Read(ref _disposed) != 0;

    /// <inheritdoc/>
    public KvsConnection? Current => !IsClosed && _connection.IsUsable ? _connection : null;

    /// <inheritdoc/>
    public void Leave(KvsConnection connection, string? hint)
    {
        // It ends with its connection.
    }

    /// <inheritdoc/>
    public ValueTask<KvsConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        return _connection.IsUsable
            ? ValueTask.FromResult(_connection)
            : ValueTask.FromException<KvsConnection>(new KvsException(
                ErrorCode.SnapshotExpired, "The connection that held the snapshot is gone, and the snapshot with it. Take a new one."));
    }

    /// <inheritdoc/>
    public ValueTask<KvsEntry?> GetAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        _reader.GetAsync(key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KvsEntry?>> GetManyAsync(IReadOnlyList<KvsKey> keys, CancellationToken cancellationToken = default) =>
        _reader.GetManyAsync(keys, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<bool> ExistsAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        _reader.ExistsAsync(key, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TimeToLiveResult> TimeToLiveAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        _reader.TimeToLiveAsync(key, cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<KvsEntry> ScanAsync(ScanOptions? options = null, CancellationToken cancellationToken = default) =>
        _reader.ScanAsync(options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ScanPage> ScanPageAsync(ScanOptions options, CancellationToken cancellationToken = default) =>
        _reader.ScanPageAsync(options, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<long> CountAsync(KeyRange range = default, CancellationToken cancellationToken = default) =>
        _reader.CountAsync(range, cancellationToken);

    /// <summary>Lets the server forget the snapshot.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        try
        {
            await _connection.CallAsync(Calls.SnapshotClose, _id, default, CancellationToken.None).ConfigureAwait(false);
        }
        catch (KvsException)
        {
            // The server has ended it already, or the connection is gone and has taken it along: either way it is closed.
        }
    }
}

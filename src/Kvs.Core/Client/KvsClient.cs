using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Core.Client;

/// <summary>
/// A store behind a server. One object for the whole program: its calls share one connection, pipelined, and it serves
/// any number of threads at once. A connection that broke is made anew by the next call; a call that was on its way
/// fails, and says of a write whether it was not applied or is unknown. Within one connection a read sees the writes
/// that were called before it.
/// </summary>
public sealed class KvsClient : IKvStore
{
    private readonly ReconnectingLink _link;
    private readonly RemoteReader _reader;
    private readonly RequestFields _fields;
    private ulong _requestNumber; // Interlocked

    private KvsClient(ReconnectingLink link, RequestFields fields)
    {
        _link = link;
        _fields = fields;
        _reader = new RemoteReader(link, fields);
    }

    /// <summary>Connects to a server.</summary>
    /// <param name="addresses">
    /// One <c>host:port</c>, or several separated by commas, of which the first that answers is used. IPv6 literals stand
    /// in brackets: <c>[::1]:4000</c>.
    /// </param>
    /// <param name="options">Settings.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The client. Ownership: the caller disposes it.</returns>
    /// <exception cref="KvsConfigurationException">The text is no address.</exception>
    /// <exception cref="KvsUnavailableException">No server answers there.</exception>
    public static async Task<KvsClient> ConnectAsync(
        string addresses, KvsClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new KvsClientOptions();
        options.Validate();
        if (!KvsAddress.TryParseList(addresses, out var parsed))
        {
            throw new KvsConfigurationException($"'{addresses}' is no address. Give host:port, for example 127.0.0.1:4000 or [::1]:4000.");
        }

        var timeout = options.RequestTimeout;
        var fields = new RequestFields
        {
            DeadlineMillis = timeout == Timeout.InfiniteTimeSpan ? 0 : (uint)Math.Ceiling(timeout.TotalMilliseconds),
        };
        var client = new KvsClient(new ReconnectingLink(parsed, SettingsOf(options, parsed[0])), fields);
        await client._link.ConnectAsync(cancellationToken).ConfigureAwait(false);
        return client;
    }

    /// <inheritdoc/>
    public ValueTask<WriteResult> SetAsync(
        KvsKey key, KvsValue value, SetOptions? options = null, CancellationToken cancellationToken = default) =>
        WriteAsync(Calls.Write, Operation.Set(key, value, options), options?.Durability ?? default, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<WriteResult> RemoveAsync(
        KvsKey key, RemoveOptions? options = null, CancellationToken cancellationToken = default) =>
        WriteAsync(Calls.Write, Operation.Remove(key, options), options?.Durability ?? default, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<long> IncrementAsync(KvsKey key, long by = 1, CancellationToken cancellationToken = default)
    {
        var operation = new Operation { Kind = OperationKind.Increment, Key = key.Bytes, Delta = by };
        var result = await WriteAsync(Calls.Change, operation, default, cancellationToken).ConfigureAwait(false);
        return result.Number;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ExpireAsync(KvsKey key, TimeSpan timeToLive, CancellationToken cancellationToken = default)
    {
        var operation = Operation.Expire(key, timeToLive);
        var result = await WriteAsync(Calls.Change, operation, default, cancellationToken).ConfigureAwait(false);
        return result.Existed;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> PersistAsync(KvsKey key, CancellationToken cancellationToken = default)
    {
        var operation = new Operation { Kind = OperationKind.Persist, Key = key.Bytes };
        var result = await WriteAsync(Calls.Change, operation, default, cancellationToken).ConfigureAwait(false);
        return result.Number != 0;
    }

    /// <inheritdoc/>
    public ValueTask<BatchResult> ApplyAsync(
        KvsBatch batch, Durability durability = Durability.Default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return WriteAsync(Calls.Batch, batch.Operations, durability, cancellationToken);
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

    /// <summary>
    /// Takes a snapshot, which the server holds for the connection. It ends with the connection, or when the server's
    /// limit of age is reached; reads then fail with <see cref="ErrorCode.SnapshotExpired"/>.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async ValueTask<IKvSnapshot> SnapshotAsync(CancellationToken cancellationToken = default)
    {
        var connection = await _link.ConnectAsync(cancellationToken).ConfigureAwait(false);
        var (id, version) = await connection
            .CallAsync(Calls.SnapshotOpen, Opcode.SnapshotOpen, _fields, cancellationToken).ConfigureAwait(false);
        return new RemoteSnapshot(connection, id, version, _fields);
    }

    /// <inheritdoc/>
    public ValueTask<StoreStats> StatsAsync(CancellationToken cancellationToken = default) =>
        _reader.CallAsync(Calls.Stats, Opcode.Stats, _fields, cancellationToken);

    /// <summary>Reclaims space now, on a connection of its own: it may take long, and answers come in order.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async ValueTask CompactAsync(CancellationToken cancellationToken = default)
    {
        var connection = await _link.ConnectAsideAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            await connection.CallAsync(Calls.Empty, Opcode.Compact, default, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Asks the server for a sign of life.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async ValueTask PingAsync(CancellationToken cancellationToken = default) =>
        await _reader.CallAsync(Calls.Empty, Opcode.Ping, _fields, cancellationToken).ConfigureAwait(false);

    /// <summary>What the server is.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public ValueTask<ServerInfo> InfoAsync(CancellationToken cancellationToken = default) =>
        _reader.CallAsync(Calls.Info, Opcode.Info, _fields, cancellationToken);

    /// <summary>Closes the connection. Calls that wait fail; dispose it when they have ended.</summary>
    public ValueTask DisposeAsync() => _link.DisposeAsync();

    private static ConnectionSettings SettingsOf(KvsClientOptions options, KvsAddress address) => new()
    {
        Transport = options.Transport,
        Address = address,
        Time = options.TimeProvider,
        ClientId = options.ClientId ?? DrawClientId(),
        ClientName = options.ClientName,
        ConnectTimeout = options.ConnectTimeout,
        RequestTimeout = options.RequestTimeout,
        KeepAlive = options.KeepAlive,
    };

    // Two clients with one id would take each other's writes for retries of their own; so it is random, from a seed that
    // the machine draws. It is no secret: a generator for secrets would load a library for longer than a call takes.
    private static ulong DrawClientId() => (ulong)new Random().NextInt64(1, long.MaxValue);

    private ValueTask<TResult> WriteAsync<TState, TResult>(
        Call<TState, TResult> call, TState state, Durability durability, CancellationToken cancellationToken)
    {
        var fields = _fields with
        {
            Durability = durability,
            RequestNumber = Interlocked.Increment(ref _requestNumber),
        };
        return _reader.CallAsync(call, state, fields, cancellationToken);
    }
}

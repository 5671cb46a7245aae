using Kvs.Core.Client.Calling;
using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Core.Client;

/// <summary>
/// A store behind a server, or behind any node of a cluster. One object for the whole program: its calls share one
/// connection, pipelined, and it serves any number of threads at once. A call whose node is gone, or not the one to ask, is
/// made again elsewhere, within its time; a write that may have been applied, only where the server knows it by its number.
/// What fails in the end says of a write whether it was not applied or is unknown. Within one connection a read sees the
/// writes that were called before it.
/// </summary>
public sealed class KvsClient : IKvStore
{
    private readonly ReconnectingLink _link;
    private readonly Caller _caller;
    private readonly RemoteReader _reader;
    private readonly PositionMark _positions;
    private readonly RequestNumbers _numbers = new();
    private readonly RequestFields _readFields;
    private readonly RequestFields _writeFields;

    private KvsClient(ReconnectingLink link, KvsClientOptions options, PositionMark positions)
    {
        _link = link;
        _positions = positions;
        _caller = new Caller(link, new CallSettings
        {
            Time = options.TimeProvider,
            Timeout = options.RequestTimeout,
            Retry = options.Retry,
        });
        _writeFields = new RequestFields { Redirect = options.Redirect };
        _readFields = FieldsOf(options.Reads);
        _reader = new RemoteReader(_caller, _readFields);
        Cluster = new KvsCluster(_caller);
    }

    /// <summary>What a person asks of the cluster.</summary>
    public KvsCluster Cluster { get; }

    /// <summary>
    /// The highest position that an answer to this client told: a reader that asks for it, by <see cref="ReadOptions"/>, sees
    /// all that this client wrote and saw, on any node. None before the first answer.
    /// </summary>
    public KvsVersion LastPosition => _positions.Highest;

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

        var positions = new PositionMark();
        var client = new KvsClient(new ReconnectingLink(parsed, SettingsOf(options, parsed[0], positions)), options, positions);
        await client._link.ConnectAsync(cancellationToken).ConfigureAwait(false);
        return client;
    }

    /// <summary>Reads through this client that may miss something else than its own reads may.</summary>
    /// <param name="options">What they may miss.</param>
    /// <returns>A reader; it needs no disposing.</returns>
    public IKvReader Reading(ReadOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new RemoteReader(_caller, FieldsOf(options));
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
        return await _caller.RunAsync(OpenAsync, _readFields, cancellationToken).ConfigureAwait(false);

        async Task<IKvSnapshot> OpenAsync(KvsConnection connection, RequestFields fields, long deadline)
        {
            var (id, version) = await connection
                .CallAsync(Calls.SnapshotOpen, Opcode.SnapshotOpen, fields, deadline, cancellationToken).ConfigureAwait(false);
            return new RemoteSnapshot(connection, id, version, _caller.Settings);
        }
    }

    /// <summary>
    /// Follows changes, in order, each once, until it is cancelled. When the connection breaks or its node is gone, it goes on
    /// behind the last position at the same or another node, within the time of a call: nothing is missed, nothing comes twice.
    /// </summary>
    /// <param name="options">Which changes, and from where; null for all from now on.</param>
    /// <param name="cancellationToken">Ends the watch.</param>
    public IAsyncEnumerable<KvsChange> WatchAsync(WatchOptions? options = null, CancellationToken cancellationToken = default) =>
        new RemoteWatch(_caller, options ?? new WatchOptions()).ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<StoreStats> StatsAsync(CancellationToken cancellationToken = default) =>
        _caller.CallAsync(Calls.Stats, Opcode.Stats, default, cancellationToken);

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

    /// <summary>Takes a state of the node that is connected to, for digests of it, on a connection of its own.</summary>
    /// <param name="atLeast">A position that the state must show; none for whatever the node shows.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The digests. Ownership: the caller disposes them.</returns>
    public async Task<KvsDigests> DigestsAsync(KvsVersion atLeast = default, CancellationToken cancellationToken = default)
    {
        var connection = await _link.ConnectAsideAsync(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false);
        var fields = new RequestFields
        {
            DeadlineMillis = _caller.Settings.Millis,
            Consistency = Consistency.Stale,
            AtLeast = atLeast,
        };
        return await KvsDigests.OpenAsync(connection, fields, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks the server for a sign of life, once.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async ValueTask PingAsync(CancellationToken cancellationToken = default) =>
        await _caller.Once().CallAsync(Calls.Empty, Opcode.Ping, default, cancellationToken).ConfigureAwait(false);

    /// <summary>What the server is.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public ValueTask<ServerInfo> InfoAsync(CancellationToken cancellationToken = default) =>
        _caller.CallAsync(Calls.Info, Opcode.Info, default, cancellationToken);

    /// <summary>Requests that the server found slow, the newest first.</summary>
    /// <param name="most">How many at most.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public ValueTask<IReadOnlyList<SlowRequest>> SlowLogAsync(int most, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(most);
        return _caller.CallAsync(Calls.SlowLog, (uint)most, default, cancellationToken);
    }

    /// <summary>Closes the connection. Calls that wait fail; dispose it when they have ended.</summary>
    public ValueTask DisposeAsync() => _link.DisposeAsync();

    private static ConnectionSettings SettingsOf(KvsClientOptions options, KvsAddress address, PositionMark positions) => new()
    {
        Transport = options.Tls is { } tls ? tls.Over(options.Transport, options.TimeProvider) : options.Transport,
        Address = address,
        Time = options.TimeProvider,
        Positions = positions,
        ClientId = options.ClientId ?? DrawClientId(),
        ClientName = options.ClientName,
        Credentials = options.Credentials,
        ConnectTimeout = options.ConnectTimeout,
        RequestTimeout = options.RequestTimeout,
        KeepAlive = options.KeepAlive,
    };

    // Two clients with one id would take each other's writes for retries of their own; so it is random, from a seed that
    // the machine draws. It is no secret: a generator for secrets would load a library for longer than a call takes.
    private static ulong DrawClientId() => (ulong)new Random().NextInt64(1, long.MaxValue);

    private static RequestFields FieldsOf(ReadOptions options) =>
        new() { Consistency = options.Consistency, AtLeast = options.AtLeast };

    private ValueTask<TResult> WriteAsync<TState, TResult>(
        Call<TState, TResult> call, TState state, Durability durability, CancellationToken cancellationToken) =>
        _numbers.TryTake(out var number)
            ? WriteAsync(call, state, number, durability, cancellationToken)
            : WriteWhenRoomAsync(call, call.Own(state), durability, cancellationToken);

    private async ValueTask<TResult> WriteWhenRoomAsync<TState, TResult>(
        Call<TState, TResult> call, TState state, Durability durability, CancellationToken cancellationToken)
    {
        var number = await _numbers.TakeAsync(cancellationToken).ConfigureAwait(false);
        return await WriteAsync(call, state, number, durability, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<TResult> WriteAsync<TState, TResult>(
        Call<TState, TResult> call, TState state, ulong number, Durability durability, CancellationToken cancellationToken)
    {
        var fields = _writeFields with { Durability = durability, RequestNumber = number, DoneThrough = _numbers.DoneThrough };
        try
        {
            return await _caller.CallAsync(call, state, fields, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _numbers.Finish(number);
        }
    }
}

using System.Runtime.CompilerServices;
using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Core.Client;

/// <summary>
/// Reads over a link: of the newest state, or of a snapshot. Threading: any thread.
/// </summary>
/// <param name="link">Where calls go.</param>
/// <param name="fields">Optional fields of each request: deadline, snapshot.</param>
internal sealed class RemoteReader(IServerLink link, RequestFields fields) : IKvReader
{
    /// <summary>Chunks of a scan that may be on their way: enough that the server need not wait for the reader.</summary>
    private const uint ScanCredit = 4;

    /// <inheritdoc/>
    public ValueTask<KvsEntry?> GetAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        CallAsync(Calls.Get, new KvsKey(key.Bytes.ToArray()), fields, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KvsEntry?>> GetManyAsync(IReadOnlyList<KvsKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        IReadOnlyList<KvsKey> own = [.. keys.Select(static key => new KvsKey(key.Bytes.ToArray()))];
        return CallAsync(Calls.GetMany, own, fields, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ExistsAsync(KvsKey key, CancellationToken cancellationToken = default)
    {
        var stat = await CallAsync(Calls.Stat, key, fields, cancellationToken).ConfigureAwait(false);
        return stat.Existed;
    }

    /// <inheritdoc/>
    public async ValueTask<TimeToLiveResult> TimeToLiveAsync(KvsKey key, CancellationToken cancellationToken = default)
    {
        var stat = await CallAsync(Calls.Stat, key, fields, cancellationToken).ConfigureAwait(false);
        return new TimeToLiveResult(stat.Existed, stat.ExpiresAtMillis == 0 ? null : WireTime.ToSpan(stat.Number));
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<KvsEntry> ScanAsync(ScanOptions? options = null, CancellationToken cancellationToken = default)
    {
        var request = ToRequest(options ?? new ScanOptions());
        return StreamAsync(request with { Credit = ScanCredit }, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<ScanPage> ScanPageAsync(ScanOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);

        // A page of no entries could not say where to go on.
        ArgumentOutOfRangeException.ThrowIfZero(options.Limit ?? 1, nameof(options));
        return CallAsync(Calls.ScanPage, ToRequest(options), fields, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<long> CountAsync(KeyRange range = default, CancellationToken cancellationToken = default) =>
        CallAsync(Calls.Count, range, fields, cancellationToken);

    /// <summary>Makes a call on a usable connection.</summary>
    /// <typeparam name="TState">What it is about.</typeparam>
    /// <typeparam name="TResult">What it gives.</typeparam>
    /// <param name="call">The kind of call.</param>
    /// <param name="state">What it is about; the caller's bytes are free when the task is there.</param>
    /// <param name="callFields">Optional fields.</param>
    /// <param name="cancellationToken">Ends the waiting, not the work.</param>
    internal ValueTask<TResult> CallAsync<TState, TResult>(
        Call<TState, TResult> call, TState state, RequestFields callFields, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<TResult>(cancellationToken);
        }

        var connecting = link.ConnectAsync(cancellationToken);
        return connecting.IsCompletedSuccessfully
            ? new ValueTask<TResult>(connecting.Result.CallAsync(call, state, callFields, cancellationToken))
            : CallWhenConnectedAsync(connecting, call, call.Own(state), callFields, cancellationToken);
    }

    private static async ValueTask<TResult> CallWhenConnectedAsync<TState, TResult>(
        ValueTask<KvsConnection> connecting,
        Call<TState, TResult> call,
        TState state,
        RequestFields callFields,
        CancellationToken cancellationToken)
    {
        var connection = await connecting.ConfigureAwait(false);
        return await connection.CallAsync(call, state, callFields, cancellationToken).ConfigureAwait(false);
    }

    private static ScanRequest ToRequest(ScanOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Limit ?? 0, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.LimitBytes ?? 0, nameof(options));
        return new ScanRequest
        {
            Range = options.Range,
            Reverse = options.Reverse,
            KeysOnly = options.KeysOnly,
            Limit = options.Limit,
            LimitBytes = options.LimitBytes,
            Cursor = options.Cursor,
        };
    }

    private async IAsyncEnumerable<KvsEntry> StreamAsync(
        ScanRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var connection = await link.ConnectAsync(cancellationToken).ConfigureAwait(false);
        using var stream = connection.OpenScan(in request, fields with { DeadlineMillis = 0 });
        while (await stream.ReadAsync(cancellationToken).ConfigureAwait(false) is { } chunk)
        {
            foreach (var entry in chunk.Entries)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return entry;
            }
        }
    }
}

using System.Runtime.CompilerServices;
using Kvs.Core.Client.Calling;
using Kvs.Core.Client.Connections;
using Kvs.Core.Operations;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;

namespace Kvs.Core.Client;

/// <summary>
/// Reads over a link: of the newest state, or of a snapshot. Threading: any thread.
/// </summary>
/// <param name="caller">Makes the calls.</param>
/// <param name="fields">Optional fields of each request: snapshot, consistency, position.</param>
internal sealed class RemoteReader(Caller caller, RequestFields fields) : IKvReader
{
    /// <summary>Chunks of a scan that may be on their way: enough that the server need not wait for the reader.</summary>
    private const uint ScanCredit = 4;

    /// <inheritdoc/>
    public ValueTask<KvsEntry?> GetAsync(KvsKey key, CancellationToken cancellationToken = default) =>
        caller.CallAsync(Calls.Get, key, fields, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KvsEntry?>> GetManyAsync(IReadOnlyList<KvsKey> keys, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        return caller.CallAsync(Calls.GetMany, keys, fields, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ExistsAsync(KvsKey key, CancellationToken cancellationToken = default)
    {
        var stat = await caller.CallAsync(Calls.Stat, key, fields, cancellationToken).ConfigureAwait(false);
        return stat.Existed;
    }

    /// <inheritdoc/>
    public async ValueTask<TimeToLiveResult> TimeToLiveAsync(KvsKey key, CancellationToken cancellationToken = default)
    {
        var stat = await caller.CallAsync(Calls.Stat, key, fields, cancellationToken).ConfigureAwait(false);
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
        return caller.CallAsync(Calls.ScanPage, ToRequest(options), fields, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<long> CountAsync(KeyRange range = default, CancellationToken cancellationToken = default) =>
        caller.CallAsync(Calls.Count, range, fields, cancellationToken);

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
        // The stream may last longer than a call; its first chunk may not. Once that is there, nothing is repeated: another
        // stream would show another state.
        var (stream, first) = await caller.RunAsync(
            (connection, tried, _) => OpenAsync(connection, request, tried, cancellationToken), fields, cancellationToken)
            .ConfigureAwait(false);
        using (stream)
        {
            for (var chunk = first; chunk is not null; chunk = await stream.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                foreach (var entry in chunk.Entries)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    yield return entry;
                }
            }
        }
    }

    private static async Task<(AnswerStream<ScanPage> Stream, ScanPage? First)> OpenAsync(
        KvsConnection connection, ScanRequest request, RequestFields fields, CancellationToken cancellationToken)
    {
        var stream = connection.OpenScan(in request, fields with { DeadlineMillis = 0 });
        try
        {
            return (stream, await stream.ReadAsync(cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }
}

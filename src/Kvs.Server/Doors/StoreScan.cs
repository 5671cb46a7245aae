using Kvs.Core.Engines;
using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Telemetry.Operations;

namespace Kvs.Server.Doors;

/// <summary>
/// A scan over one snapshot that is read part by part, each within the budget of all answers: one part for a page, as many
/// as there are for a stream. Threading: one call at a time, on the thread pool.
/// Ownership: of its lease, and of the room of the part that was read last.
/// </summary>
/// <param name="calls">Gives room.</param>
/// <param name="lease">What is scanned.</param>
/// <param name="options">The range, the direction and the limits of the whole scan.</param>
internal sealed class StoreScan(StoreCalls calls, SnapshotLease lease, ScanOptions options) : IDisposable
{
    /// <summary>Bytes of keys and values of a part of a stream.</summary>
    internal const long PartBytes = 256 * 1024;

    private ScanOptions _rest = options;
    private readonly long _startedAt = calls.Dispatcher.Operations.Now;
    private long _given;
    private ErrorCode _code;
    private BudgetShare? _share;

    /// <summary>Where it comes from; null when that is not known.</summary>
    internal WorkOrigin? Origin { get; init; }

    /// <summary>The version that it shows.</summary>
    internal KvsVersion Version => lease.Version;

    /// <summary>Whether all that was asked for has been given.</summary>
    internal bool IsDone { get; private set; }

    /// <summary>Where a later scan goes on; null when the range is exhausted.</summary>
    internal ReadOnlyMemory<byte>? Cursor { get; private set; }

    /// <summary>Reads on. What was given before is not counted as held any more.</summary>
    /// <param name="bytes">Bytes of keys and values at which the part ends; at least one entry is given.</param>
    /// <param name="cancellationToken">Ends the waiting for room.</param>
    /// <returns>The entries; none when it is done.</returns>
    /// <exception cref="KvsException">The snapshot has ended, a value is damaged, or there was no room.</exception>
    internal async Task<IReadOnlyList<KvsEntry>> ReadAsync(long bytes, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadPartAsync(bytes, cancellationToken);
        }
        catch (KvsException failure)
        {
            _code = failure.Code;
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _share?.Dispose();
        lease.End();
        calls.Dispatcher.Operations.Count(MeasuredOperation.Scan, _code, _startedAt, Origin);
    }

    private async Task<IReadOnlyList<KvsEntry>> ReadPartAsync(long bytes, CancellationToken cancellationToken)
    {
        _share?.Dispose();
        _share = null;
        var first = lease.Use(_rest, static (snapshot, rest) => FirstBytes(snapshot, rest));
        var limit = _rest.LimitBytes ?? long.MaxValue;
        if (IsDone || _rest.Limit == 0 || first == 0 || (_given > 0 && first > limit))
        {
            IsDone = true;
            return [];
        }

        var wanted = Math.Min(bytes, limit);
        _share = await calls.ReserveAnswerAsync(Math.Max(first, wanted), cancellationToken);
        var part = lease.Use(
            _rest with { Limit = Math.Min(_rest.Limit ?? long.MaxValue, Limits.ScanPageEntries), LimitBytes = wanted },
            SnapshotReader.ReadPage);
        Advance(part);
        return part.Entries;
    }

    /// <summary>Bytes of the entry that comes next, at least 1; 0 when there is none.</summary>
    private static long FirstBytes(IEngineSnapshot snapshot, ScanOptions rest)
    {
        using var cursor = snapshot.Scan(EntryWalk.Rest(rest), rest.Reverse);
        return cursor.MoveNext() ? Math.Max(1, cursor.Key.Length + (rest.KeysOnly ? 0L : cursor.Info.ValueLength)) : 0;
    }

    private void Advance(ScanPage part)
    {
        var bytes = part.Entries.Sum(entry => (long)entry.Key.Bytes.Length + entry.Value.Bytes.Length);
        _given += bytes;
        Cursor = part.Cursor;
        _rest = _rest with
        {
            Cursor = part.Cursor,
            Limit = _rest.Limit - part.Entries.Count,
            LimitBytes = _rest.LimitBytes is { } limit ? Math.Max(0, limit - bytes) : null,
        };
        IsDone = part.Cursor is null || _rest.Limit == 0;
    }
}

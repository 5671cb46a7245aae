using Kvs.Core.Engines.Watch;
using Kvs.Core.Operations;

namespace Kvs.Server.Doors;

/// <summary>
/// A watch for doors that do not pipeline: changes are read when the client has taken those before, so that a slow one holds a
/// part of an answer and nothing of the store, and a change larger than that within the budget of all answers. The position is
/// told at the beginning, and whenever nothing else was for a while. Threading: one call, on the thread pool. Ownership: of its feed.
/// </summary>
/// <param name="calls">Gives room.</param>
/// <param name="feed">The changes.</param>
internal sealed class StoreWatch(StoreCalls calls, IChangeFeed feed) : IDisposable
{
    /// <summary>How often a watch of quiet keys tells how far it has come, and that it is alive.</summary>
    internal static readonly TimeSpan ProgressPeriod = TimeSpan.FromSeconds(5);

    private const int PartBytes = StoreCalls.OwnBytes;

    private readonly ChangeBuffer _changes = new();

    /// <summary>Behind all that was told, or passed over.</summary>
    internal WatchPosition Position => feed.Position;

    /// <summary>Tells the changes as they come, until it is ended or the feed fails.</summary>
    /// <param name="tellAsync">
    /// Sends changes and the position behind them, and waits until the client takes them; without changes, the position alone.
    /// </param>
    /// <param name="end">Ends it.</param>
    internal async Task TellAsync(Func<ChangeBuffer, Task> tellAsync, CancellationToken end)
    {
        await tellAsync(_changes);
        var toldAt = calls.Time.GetTimestamp();
        Task? more = null;
        while (true)
        {
            end.ThrowIfCancellationRequested();
            var mayHaveMore = await TellPartAsync(tellAsync, end);
            toldAt = _changes.Count > 0 ? calls.Time.GetTimestamp() : toldAt;
            if (!mayHaveMore)
            {
                // One wait, however often its time is over: each leaves something behind at the store until the next change.
                _changes.Release();
                more = more is null or { IsCompleted: true } ? feed.WaitAsync(end) : more;
                await WaitAsync(more, ProgressPeriod - calls.Time.GetElapsedTime(toldAt), end);
            }

            if (calls.Time.GetElapsedTime(toldAt) >= ProgressPeriod)
            {
                _changes.Clear();
                await tellAsync(_changes);
                toldAt = calls.Time.GetTimestamp();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => feed.Dispose();

    private async Task<bool> TellPartAsync(Func<ChangeBuffer, Task> tellAsync, CancellationToken end)
    {
        _changes.Clear();
        _changes.LargestMax = PartBytes;
        var mayHaveMore = feed.Read(_changes, PartBytes);
        if (_changes is { Count: 0, LargeBytes: > 0 and var bytes })
        {
            // It is held twice until it is sent: as it was read, and as its door writes it.
            using var share = await calls.ReserveAnswerAsync(2L * bytes, end);
            _changes.LargestMax = bytes;
            feed.Read(_changes, bytesMax: 1);
            await tellAsync(_changes);
            return true;
        }

        if (_changes.Count > 0)
        {
            await tellAsync(_changes);
        }

        return mayHaveMore;
    }

    private async Task WaitAsync(Task more, TimeSpan limit, CancellationToken end)
    {
        try
        {
            await more.WaitAsync(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, calls.Time, end);
        }
        catch (TimeoutException)
        {
            // Time to tell the position.
        }
    }
}

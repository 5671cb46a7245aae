using System.Buffers;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Commit.Queue;
using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors;

/// <summary>
/// One call at a time, to be awaited: for doors that do not pipeline. It holds to the same budgets as the bursts of the
/// others. Reads may wait for a disk: on the thread pool only. Threading: any thread of the pool.
/// </summary>
/// <param name="dispatcher">The way to the engine.</param>
/// <param name="time">Clocks and timers.</param>
internal sealed class StoreCalls(RequestDispatcher dispatcher, TimeProvider time)
{
    /// <summary>Bytes that a call may hold without asking: what a connection of another door has of its own.</summary>
    internal const int OwnBytes = 64 * 1024;

    /// <summary>Clocks and timers.</summary>
    internal TimeProvider Time => time;

    /// <summary>The way to the engine.</summary>
    internal RequestDispatcher Dispatcher => dispatcher;

    /// <summary>Applies a write and waits for its result, which may be a refusal.</summary>
    /// <param name="write">The write, filled. Ownership: its bytes stay as they are until the engine is done with it.</param>
    /// <param name="cancellationToken">Ends the waiting, not the write.</param>
    /// <returns>The completed write. Ownership: the caller's.</returns>
    /// <exception cref="KvsException">Overloaded; nothing was applied.</exception>
    internal async Task<CompletedWrite> WriteAsync(PendingWrite write, CancellationToken cancellationToken)
    {
        write.Item.ResultBytes.BytesMax = OwnBytes;
        await SubmitAsync(write, cancellationToken);
        if (write.ValueBytesMissed == 0 || write.ValueBytesMissed > Limits.BatchBytesMax)
        {
            return new CompletedWrite(write, null);
        }

        // It gives back more than a call may hold of its own, and nothing of it was judged: once more, with room.
        var share = await ReserveAnswerAsync(write.ValueBytesMissed, cancellationToken);
        try
        {
            var again = write.Again((int)write.ValueBytesMissed);
            await SubmitAsync(again, cancellationToken);
            return new CompletedWrite(again, share);
        }
        catch
        {
            share?.Dispose();
            throw;
        }
    }

    /// <summary>Reads a key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="aim">What the read must show.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The value, or null when the key is missing. Ownership: the caller disposes it when it was sent.</returns>
    /// <exception cref="KvsException">The value is damaged, or cannot be read here now.</exception>
    internal async Task<StoredValue?> GetAsync(
        ReadOnlyMemory<byte> key, ReadAim aim, CancellationToken cancellationToken)
    {
        await FreshenAsync(aim, cancellationToken);
        var room = OwnBytes;
        BudgetShare? share = null;
        try
        {
            while (true)
            {
                // Without room for it the value is only measured; by the time there is room it may have become longer.
                var value = new ArrayBufferWriter<byte>();
                var read = dispatcher.Get(key.Span, value, new ReadBounds(room, MayWait: true), out var info, aim.Origin);
                if (read == PointRead.Missing)
                {
                    share?.Dispose();
                    return null;
                }

                if (read == PointRead.Found)
                {
                    return new StoredValue(value.WrittenMemory, info, dispatcher.Position, share);
                }

                share?.Dispose();
                room = info.ValueLength;
                share = await ReserveAnswerAsync(room, cancellationToken);
            }
        }
        catch
        {
            share?.Dispose();
            throw;
        }
    }

    /// <summary>Reads everything about a key but its value.</summary>
    /// <param name="key">The key.</param>
    /// <param name="aim">What the read must show.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What is known; its number is the milliseconds that the key has to live.</returns>
    internal async Task<OperationResult> StatAsync(
        ReadOnlyMemory<byte> key, ReadAim aim, CancellationToken cancellationToken)
    {
        await FreshenAsync(aim, cancellationToken);
        Check.That(dispatcher.TryStat(key.Span, mayWait: true, out var result, aim.Origin));
        return result;
    }

    /// <summary>Reads what is known of a key beside its value, its content type included.</summary>
    /// <param name="key">The key.</param>
    /// <param name="aim">What the read must show.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What is known; without a version when the key is missing.</returns>
    /// <exception cref="KvsException">The value is damaged, or cannot be read here now.</exception>
    internal async Task<EntryInfo> DescribeAsync(
        ReadOnlyMemory<byte> key, ReadAim aim, CancellationToken cancellationToken)
    {
        await FreshenAsync(aim, cancellationToken);
        return dispatcher.Describe(key.Span, aim.Origin);
    }

    /// <summary>Begins a scan of the newest state.</summary>
    /// <param name="options">What is scanned; without limits for all.</param>
    /// <param name="aim">What the scan must show.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The scan. Ownership: the caller disposes it.</returns>
    internal async Task<StoreScan> ScanAsync(ScanOptions options, ReadAim aim, CancellationToken cancellationToken)
    {
        await FreshenAsync(aim, cancellationToken);
        return new StoreScan(this, dispatcher.Snapshots.Open(), options) { Origin = aim.Origin };
    }

    /// <summary>Opens a watch; see <see cref="RequestDispatcher.WatchAsync"/>.</summary>
    /// <param name="options">Which changes, and from where.</param>
    /// <param name="deadline">Timestamp at which it is too late.</param>
    /// <param name="cancellationToken">Ends the waiting for the position.</param>
    /// <returns>The watch. Ownership: the caller disposes it.</returns>
    internal async Task<StoreWatch> WatchAsync(WatchOptions options, long deadline, CancellationToken cancellationToken) =>
        new(this, await dispatcher.WatchAsync(options, deadline, cancellationToken));

    /// <summary>Waits until the newest state here shows what a read must show.</summary>
    /// <param name="aim">What it must show.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="KvsException">It does not, or not in time.</exception>
    internal async ValueTask FreshenAsync(ReadAim aim, CancellationToken cancellationToken)
    {
        if (dispatcher.IsLate(aim.Deadline))
        {
            throw new KvsUnavailableException(ErrorCode.DeadlineExceeded, "The deadline passed before the request was begun.");
        }

        if (dispatcher.Cluster is { } cluster)
        {
            if (!cluster.IsFresh(aim.Consistency, aim.AtLeast))
            {
                await cluster.FreshenAsync(aim.Consistency, aim.AtLeast, aim.Deadline).WaitAsync(cancellationToken);
            }

            return;
        }

        var code = aim.AtLeast == KvsVersion.None ? ErrorCode.None : dispatcher.JudgePosition(aim.AtLeast);
        if (code != ErrorCode.None)
        {
            throw KvsException.Of(code, dispatcher.PositionText(code, aim.AtLeast), WriteOutcome.NotApplied);
        }
    }

    /// <summary>Takes room for an answer that is larger than a call may hold of its own.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The share, or null when none is needed. Ownership: the caller's.</returns>
    internal async ValueTask<BudgetShare?> ReserveAnswerAsync(long bytes, CancellationToken cancellationToken) =>
        bytes <= OwnBytes
            ? null
            : await BudgetShare.TakeAsync(dispatcher.Budgets.LargeAnswers, bytes, time, cancellationToken);

    /// <summary>Takes room for more of a request than a call may hold of its own.</summary>
    /// <param name="bytes">How much more.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The share. Ownership: the caller's.</returns>
    internal ValueTask<BudgetShare> TakeRequestBytesAsync(long bytes, CancellationToken cancellationToken) =>
        BudgetShare.TakeAsync(dispatcher.Budgets.LargeRequests, bytes, time, cancellationToken);

    private async Task SubmitAsync(PendingWrite write, CancellationToken cancellationToken)
    {
        var bytes = WorkItems.QueuedBytesOf(write.Bytes, requests: 1);
        var share = await BudgetShare.TakeAsync(dispatcher.Budgets.Queue, bytes, time, cancellationToken);
        await FinishAsync(write, share).WaitAsync(cancellationToken);
    }

    // Not in the waiting: who leaves it leaves the bytes with the engine.
    private async Task FinishAsync(PendingWrite write, BudgetShare share)
    {
        using (share)
        {
            dispatcher.Submit(write.Item);
            await write.Completion;
        }
    }
}

/// <summary>What a read must show.</summary>
/// <param name="Consistency">What it may miss.</param>
/// <param name="AtLeast">A position that it must not miss; none for none.</param>
/// <param name="Deadline">Timestamp at which it is too late; <see cref="long.MaxValue"/> for never.</param>
internal readonly record struct ReadAim(Consistency Consistency, KvsVersion AtLeast, long Deadline)
{
    /// <summary>Where the call comes from; null when that is not known.</summary>
    internal WorkOrigin? Origin { get; init; }
}

/// <summary>A value that was read. Ownership: of its share of the budget, until it was sent.</summary>
/// <param name="value">The value.</param>
/// <param name="info">What else is known.</param>
/// <param name="position">A position that the read shows.</param>
/// <param name="share">Its share.</param>
internal sealed class StoredValue(
    ReadOnlyMemory<byte> value, EntryInfo info, KvsVersion position, BudgetShare? share) : IDisposable
{
    /// <summary>The value.</summary>
    internal ReadOnlyMemory<byte> Value => value;

    /// <summary>What else is known.</summary>
    internal EntryInfo Info => info;

    /// <summary>A position that the read shows.</summary>
    internal KvsVersion Position => position;

    /// <inheritdoc/>
    public void Dispose() => share?.Dispose();
}

/// <summary>A write that the engine is done with. Ownership: of the share of its answer, until that was sent.</summary>
/// <param name="write">The write.</param>
/// <param name="share">The share.</param>
internal sealed class CompletedWrite(PendingWrite write, BudgetShare? share) : IDisposable
{
    /// <summary>The request with its results.</summary>
    internal WriteRequest Request => write.Request;

    /// <summary>The value that a result of it gives.</summary>
    /// <param name="result">The result.</param>
    internal ReadOnlyMemory<byte> BytesOf(in OperationResult result) => write.BytesOf(in result);

    /// <summary>Throws when it failed.</summary>
    /// <exception cref="KvsException">It failed.</exception>
    internal void ThrowIfFailed() => write.ThrowIfFailed();

    /// <inheritdoc/>
    public void Dispose() => share?.Dispose();
}

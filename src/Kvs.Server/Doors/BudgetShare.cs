using Kvs.Core.Buffers;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors;

/// <summary>
/// Bytes that a call holds of a budget that all doors share, until it gives them back. Threading: one owner at a time.
/// </summary>
internal sealed class BudgetShare : IDisposable
{
    /// <summary>How long a call waits for bytes before it is told to come again.</summary>
    internal static readonly TimeSpan WaitMax = Limits.QueueTimeMax;

    /// <summary>What it is told.</summary>
    internal const string RefusalText = "The server holds as many bytes of requests and answers as it may. Retry shortly.";

    private readonly ByteBudget _budget;
    private long _bytes;

    private BudgetShare(ByteBudget budget, long bytes)
    {
        _budget = budget;
        _bytes = bytes;
    }

    /// <summary>Takes bytes; waits in line for them, not for ever.</summary>
    /// <param name="budget">The budget.</param>
    /// <param name="bytes">How many. More than the whole budget is given to one alone.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>The share. Ownership: the caller's.</returns>
    /// <exception cref="KvsUnavailableException">Overloaded: there were too few for too long.</exception>
    internal static async ValueTask<BudgetShare> TakeAsync(
        ByteBudget budget, long bytes, TimeProvider time, CancellationToken cancellationToken)
    {
        return await TryTakeAsync(budget, bytes, time, cancellationToken)
            ? new BudgetShare(budget, bytes)
            : throw new KvsUnavailableException(ErrorCode.Overloaded, RefusalText);
    }

    /// <summary>The same for who counts the bytes himself, and releases them.</summary>
    /// <returns>False when there were too few for too long.</returns>
    internal static ValueTask<bool> TryTakeAsync(
        ByteBudget budget, long bytes, TimeProvider time, CancellationToken cancellationToken)
    {
        var given = budget.AcquireAsync(bytes);
        return given.IsCompletedSuccessfully
            ? ValueTask.FromResult(true)
            : WaitAsync(budget, bytes, given.AsTask(), time, cancellationToken);
    }

    private static async ValueTask<bool> WaitAsync(
        ByteBudget budget, long bytes, Task waiting, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await waiting.WaitAsync(WaitMax, time, cancellationToken);
            return true;
        }
        catch (Exception failure) when (failure is TimeoutException or OperationCanceledException)
        {
            GiveBackWhenGiven(budget, bytes, waiting);
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }

    /// <summary>Gives the bytes back; again without effect.</summary>
    public void Dispose()
    {
        var bytes = Interlocked.Exchange(ref _bytes, 0);
        if (bytes > 0)
        {
            _budget.Release(bytes);
        }
    }

    // The place in line cannot be left: what comes to it goes back at once.
    private static void GiveBackWhenGiven(ByteBudget budget, long bytes, Task waiting) => _ = waiting.ContinueWith(
        _ => budget.Release(bytes), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
}

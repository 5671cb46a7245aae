using Kvs.Core.Diagnostics;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Commit;

/// <summary>
/// The memory of the first failure that ends writing for good: a failed append, sync or manifest, or a bug on an engine
/// thread. What the disk holds after such a failure is unknown, and asking it again proves nothing, so there is no way
/// back but to reopen from disk. Reads go on. Threading: any thread; the first latch wins.
/// </summary>
/// <param name="options">Who hears of it.</param>
/// <param name="threads">Woken, so that each gives up what can no longer be done.</param>
internal sealed class FaultLatch(LogEngineOptions options, EngineThreads threads)
{
    private string? _reason; // published: Interlocked

    /// <summary>Whether the store takes no writes any more.</summary>
    internal bool IsSet => Volatile.Read(ref _reason) is not null;

    /// <summary>Why, with what to do; null while the store is sound.</summary>
    internal string? Reason => Volatile.Read(ref _reason);

    /// <summary>Latches, unless something else has before.</summary>
    /// <param name="cause">What went wrong.</param>
    internal void Latch(Exception cause)
    {
        var reason = cause is KvsException { Code: not ErrorCode.Internal }
            ? cause.Message
            : $"The store has met an error that it does not know ({cause.GetType().Name}: {cause.Message}) and takes no "
              + "writes from here on. Reopen it: recovery keeps everything that was acknowledged.";
        if (Interlocked.CompareExchange(ref _reason, reason, null) is null)
        {
            options.Tell(StoreEventLevel.Error, StoreEventKind.Faulted, reason);
            threads.Commit.Wake();
            threads.Sync.Wake();
            threads.Prepare.Wake();
            threads.Compaction.Wake();
        }
    }

    /// <summary>Fails a request with the cause.</summary>
    /// <param name="request">The request.</param>
    /// <param name="outcome">Unknown when its bytes may be on disk.</param>
    internal void Refuse(WriteRequest request, WriteOutcome outcome)
    {
        Check.That(IsSet);
        request.Fail(ErrorCode.Faulted, outcome, Reason!);
    }
}

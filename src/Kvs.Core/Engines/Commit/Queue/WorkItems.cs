using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Commit.Queue;

/// <summary>What happens to a work item as a whole before it is queued. Threading: any thread.</summary>
internal static class WorkItems
{
    /// <summary>
    /// Counted for each request beside its keys and values, so that items of nothing but small reads are bounded too.
    /// </summary>
    private const int RequestBytes = 128;

    /// <summary>Why work is refused of which there is too much.</summary>
    internal const string TooMuchText = "More work is waiting than the disk can do; the write was not applied. Retry later.";

    /// <summary>
    /// What the bounded queue counts for requests. A door that waits for room counts the same: with less, the queue would refuse
    /// what the door lets through.
    /// </summary>
    /// <param name="bytes">Bytes of their keys, values and content types, at least.</param>
    /// <param name="requests">How many.</param>
    internal static long QueuedBytesOf(long bytes, int requests) => bytes + ((long)requests * RequestBytes);

    /// <summary>Checks the requests and counts their bytes; those that are refused are failed, the others go on.</summary>
    /// <param name="item">The item.</param>
    /// <param name="limits">The store's limits.</param>
    /// <returns>Whether any request is left to be judged.</returns>
    internal static bool TryAdmit(WorkItem item, in WriteLimits limits)
    {
        var admitted = false;
        var total = 0L;
        foreach (var request in item.Requests)
        {
            admitted |= RequestAdmission.TryAdmit(request, limits, out var bytes);
            total += bytes;
        }

        item.QueuedBytes = QueuedBytesOf(total, item.Requests.Count);
        return admitted;
    }

    /// <summary>Fails all requests that have not failed for a reason of their own.</summary>
    /// <param name="item">The item.</param>
    /// <param name="code">Why.</param>
    /// <param name="message">The text.</param>
    internal static void Refuse(WorkItem item, ErrorCode code, string message)
    {
        foreach (var request in item.Requests)
        {
            if (request.Code == ErrorCode.None)
            {
                request.Fail(code, WriteOutcome.NotApplied, message);
            }
        }
    }
}

using Kvs.Core.Engines.Members;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Requests;
using Kvs.Server.Cluster.Driver;
using Kvs.Server.Cluster.Store;

namespace Kvs.Server.Cluster.Forwarding;

/// <summary>
/// Takes writes that clients gave to this node to the primary: in their order, with the client's id and number, so that
/// a retry finds what came of the first attempt, whichever node it goes to. One hop: what was forwarded to this node, and
/// what asks to be redirected, is refused with the primary's address. What this node's engine refuses because the node has
/// stopped to lead goes the same way; when the node begins to lead, the engine gets what is left, as soon as it may answer.
/// Threading: any thread.
/// </summary>
/// <param name="primary">The way to the primary.</param>
/// <param name="status">How the node stands.</param>
/// <param name="leadsHere">Whether this node's engine takes writes.</param>
/// <param name="holdsLease">Whether it may answer with what it knows.</param>
/// <param name="time">The clock.</param>
internal sealed class WorkForwarder(
    PrimaryConnection primary, Func<NodeStatus> status, Func<bool> leadsHere, Func<bool> holdsLease, TimeProvider time)
    : IWorkForwarder
{
    private static readonly TimeSpan _budget = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    private long BudgetTicks => (long)(_budget.TotalSeconds * time.TimestampFrequency);

    /// <inheritdoc/>
    public bool TryForward(WorkItem item)
    {
        if (item.Requests.Exists(static request => request.IsForwarded || request.WantsRedirect))
        {
            var refusal = Refusal.NotPrimary("it follows", status().PrimaryAddress);
            foreach (var request in item.Requests)
            {
                refusal.Apply(request, WriteOutcome.NotApplied);
            }

            item.Complete();
            return true;
        }

        _ = Task.Run(() => RunAsync(item, 0));
        return true;
    }

    /// <inheritdoc/>
    public bool TryTake(WorkItem item)
    {
        var requests = item.Requests;
        var first = requests.FindIndex(0, item.Judged, IsRefusedHere);
        if (first < 0 || item.Judged < requests.Count || requests.FindIndex(first, MayHaveChanged) >= 0)
        {
            return false;
        }

        _ = Task.Run(() => TakeBackAsync(item, first));
        return true;
    }

    private static bool IsRead(WriteRequest request) => request.Operations.TrueForAll(
        static operation => operation.Kind is OperationKind.Get or OperationKind.Stat) && request.Operations.Count == 1;

    private static bool GivesBack(WriteRequest request) =>
        request.Operations.Exists(static operation => operation.GivesBack);

    private static bool IsRefusedHere(WriteRequest request) =>
        request is { Code: ErrorCode.NotPrimary or ErrorCode.NoLease, Outcome: WriteOutcome.NotApplied }
        && !request.IsForwarded
        && !request.WantsRedirect;

    private static bool MayHaveChanged(WriteRequest request) =>
        request.Version != KvsVersion.None || request.Outcome == WriteOutcome.Unknown;

    private async Task TakeBackAsync(WorkItem item, int first)
    {
        // A primary that has just begun has no lease yet, and may not answer what only shows the state.
        var requests = item.Requests;
        var by = Math.Min(requests[first].Deadline, time.GetTimestamp() + BudgetTicks);
        while (leadsHere() && !holdsLease())
        {
            if (time.GetTimestamp() >= by)
            {
                item.Complete();
                return;
            }

            await Task.Delay(_pause, time);
        }

        // Reads behind the refused write have not seen it: they are left for the door.
        for (var i = first; i < requests.Count; i++)
        {
            if (IsRefusedHere(requests[i]) || IsRead(requests[i]))
            {
                Renew(requests[i]);
            }
        }

        await RunAsync(item, first);
    }

    private async Task RunAsync(WorkItem item, int from)
    {
        // Reads behind writes are left: the door answers them from this node's state, when that has the writes.
        var end = item.Requests.FindIndex(from, IsRead);
        end = end < 0 ? item.Requests.Count : end;
        var by = time.GetTimestamp() + BudgetTicks;
        var done = from;
        var left = 0;
        while (left == 0 && done < end && item.ResultBytes.WrittenCount <= item.ResultBytes.BytesMax)
        {
            var count = GivesBack(item.Requests[done]) ? 1 : CountQuiet(item, done, end);
            left = await ForwardAsync(item, done, count, by);
            done += count - left;
        }

        if (done < item.Requests.Count)
        {
            item.CutAt(done);
        }

        item.Complete();
    }

    private static int CountQuiet(WorkItem item, int from, int end)
    {
        var count = 1;
        while (from + count < end && !GivesBack(item.Requests[from + count]))
        {
            count++;
        }

        return count;
    }

    // Again and again while it is certain that nothing was applied; from the first that was refused, so that order is kept.
    // Gives how many are left because this node leads now, and so must not be forwarded.
    private async Task<int> ForwardAsync(WorkItem item, int from, int count, long by)
    {
        while (true)
        {
            if (leadsHere())
            {
                return count;
            }

            var calls = await SendAsync(item, from, count);
            var again = 0;
            for (var i = 0; i < count; i++)
            {
                var request = item.Requests[from + i];
                if (calls[i] is { } call)
                {
                    await TakeAsync(item, request, call);
                }

                again = IsPassing(request) ? again + 1 : 0;
            }

            if (again == 0 || time.GetTimestamp() > by)
            {
                return 0;
            }

            from += count - again;
            count = again;
            for (var i = 0; i < count; i++)
            {
                Renew(item.Requests[from + i]);
            }

            await Task.Delay(_pause, time);
        }
    }

    private async Task<Task<ForwardedAnswer>?[]> SendAsync(WorkItem item, int from, int count)
    {
        var calls = new Task<ForwardedAnswer>?[count];
        try
        {
            var connection = await primary.ConnectAsync(CancellationToken.None); // it ends by itself, soon
            for (var i = 0; i < count; i++)
            {
                var request = item.Requests[from + i];
                if (request.Code == ErrorCode.None)
                {
                    calls[i] = connection.CallAsync(
                        PrimaryCalls.Write, request, FieldsOf(request), DeadlineOf(request), CancellationToken.None);
                }
            }
        }
        catch (KvsException failure)
        {
            for (var i = 0; i < count; i++)
            {
                var request = item.Requests[from + i];
                if (request.Code == ErrorCode.None && calls[i] is null)
                {
                    request.Fail(failure.Code, WriteOutcome.NotApplied, failure.Message);
                }
            }
        }

        return calls;
    }

    // A primary that is gone without a word never answers, and what the client asked behind this waits for it.
    private long DeadlineOf(WriteRequest request) =>
        request.Deadline == long.MaxValue ? time.GetTimestamp() + BudgetTicks : request.Deadline;

    private RequestFields FieldsOf(WriteRequest request)
    {
        var left = Math.Max(1, (DeadlineOf(request) - time.GetTimestamp()) * 1000.0 / time.TimestampFrequency);
        return new RequestFields
        {
            DeadlineMillis = (uint)Math.Min(left, uint.MaxValue),
            Durability = request.Durability,
            ClientId = request.ClientId,
            RequestNumber = request.RequestNumber,
            DoneThrough = request.DoneThrough,
            Attempt = request.Attempt,
            AgeMillis = request.AgeMillis,
            Forwarded = true,
        };
    }

    private static async Task TakeAsync(WorkItem item, WriteRequest request, Task<ForwardedAnswer> call)
    {
        try
        {
            (await call).Fill(item, request);
        }
        catch (KvsException failure)
        {
            request.Fail(
                failure.Code == ErrorCode.Unreachable && failure.Outcome == WriteOutcome.Unknown ? ErrorCode.OutcomeUnknown : failure.Code,
                failure.Outcome,
                failure.Message);
            request.PrimaryAddress = (failure as KvsNotPrimaryException)?.PrimaryAddress;
        }
    }

    private bool IsPassing(WriteRequest request) => request.Outcome == WriteOutcome.NotApplied
        && request.Code is ErrorCode.NotPrimary or ErrorCode.NoLease or ErrorCode.Unreachable or ErrorCode.ShuttingDown
        && (request.Deadline == long.MaxValue || time.GetTimestamp() < request.Deadline);

    private static void Renew(WriteRequest request)
    {
        request.Code = ErrorCode.None;
        request.Outcome = WriteOutcome.Applied;
        request.Message = null;
        request.PrimaryAddress = null;
        request.Results.Clear();
    }
}

using System.Buffers;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Requests;

namespace Kvs.Core.Engines.Commit.Requests;

/// <summary>What becomes of a request that may have a number.</summary>
internal enum RequestVerdict
{
    /// <summary>It is executed.</summary>
    Execute,

    /// <summary>It has its answer: that of its first execution, or a refusal.</summary>
    Answered,

    /// <summary>It has been executed, but the values of its answer do not fit: its item ends before it.</summary>
    CutsItem,
}

/// <summary>
/// Sees to it that a numbered request is applied once at most. Its table is that of the working state: what is applied in
/// groups that are not published yet is in it, and is taken back with them. What a client says of answered requests is not:
/// it stays true whatever becomes of the batch that carried it. Threading: commit thread only; the figures any.
/// </summary>
/// <param name="table">What the log says up to the published state.</param>
/// <param name="epochs">Makes versions of sequences.</param>
internal sealed class NumberedRequests(RequestTable table, LogEpochs epochs)
{
    private const string ForgottenText =
        "The request was repeated too late: whether it was applied is not known any more. It was not executed now.";

    private const string DoneText =
        "The client has said that this request is answered, or it has too many open ones: whether it was applied is not known "
        + "any more. It was not executed now.";

    private const string OtherText = "The number was used for a request with other operations; nothing was applied.";

    private const string FullText =
        "Too many clients number their writes for one more to be remembered; the write was not applied. Retry later.";

    private readonly Queue<Unpublished> _unpublished = new();
    private readonly ArrayBufferWriter<byte> _result = new(StoredResult.DetailBytesMax);

    /// <summary>The table. Its figures: any thread.</summary>
    internal RequestTable Table => table;

    /// <summary>
    /// Judges a request. A repetition gets the results of the first execution, and is answered with its own group, which is
    /// published behind that of the first execution: so never before that is as durable as promised, and committed.
    /// </summary>
    /// <param name="request">A request that writes.</param>
    /// <param name="results">Gets the values that its results point into.</param>
    internal RequestVerdict Judge(WriteRequest request, ResultBuffer results)
    {
        if (!IsNumbered(request))
        {
            return RequestVerdict.Execute;
        }

        if (table.TryFind(request.ClientId, out var client))
        {
            table.Touch(client);
            if (client.TryFind(request.RequestNumber, out var applied))
            {
                return Repeat(in applied, request, results);
            }

            if (request.RequestNumber <= client.DoneThrough)
            {
                return Refuse(request, ErrorCode.OutcomeUnknown, WriteOutcome.Unknown, DoneText);
            }
        }

        if (request.Attempt > 1)
        {
            table.ForgetIdle();

            // Half of the window: the other half is for clocks that differ, and for time on the way.
            if (request.AgeMillis >= table.Window.TotalMilliseconds / 2)
            {
                return Refuse(request, ErrorCode.OutcomeUnknown, WriteOutcome.Unknown, ForgottenText);
            }

            request.IsKnownNew = true;
        }

        return table.HasRoomFor(request.ClientId)
            ? RequestVerdict.Execute
            : Refuse(request, ErrorCode.Overloaded, WriteOutcome.NotApplied, FullText);
    }

    /// <summary>What the batch of a request says of it in the log.</summary>
    /// <param name="request">The request.</param>
    internal static RequestOrigin OriginOf(WriteRequest request) => IsNumbered(request)
        ? new RequestOrigin(request.ClientId, request.RequestNumber, Math.Min(request.DoneThrough, request.RequestNumber - 1))
        : default;

    /// <summary>What the log keeps of the results of a request that was just applied.</summary>
    /// <param name="request">The request.</param>
    /// <param name="results">What the values of its results lie in.</param>
    /// <returns>Valid until the next call; empty for a request without a number.</returns>
    internal ReadOnlySpan<byte> ResultOf(WriteRequest request, ResultBuffer results)
    {
        if (!IsNumbered(request))
        {
            return default;
        }

        StoredResult.Write(request.Results, results.WrittenSpan, _result);
        return _result.WrittenSpan;
    }

    /// <summary>Notes a request whose batch has got its sequence.</summary>
    /// <param name="origin">Who asked for it.</param>
    /// <param name="sequence">The sequence.</param>
    /// <param name="result">As <see cref="ResultOf"/> gave it.</param>
    internal void Applied(in RequestOrigin origin, ulong sequence, ReadOnlySpan<byte> result)
    {
        if (origin.IsKnown)
        {
            table.Note(in origin, sequence, result);
            _unpublished.Enqueue(new Unpublished(origin.ClientId, origin.RequestNumber, sequence));
        }
    }

    /// <summary>Notes what a batch of another node's says.</summary>
    /// <param name="batch">A committed batch, on its way into the index.</param>
    internal void Applied(in BatchView batch)
    {
        if (batch.Origin is { IsKnown: true } origin)
        {
            Applied(in origin, batch.Sequence, batch.Result());
        }
    }

    /// <summary>What is published stays.</summary>
    /// <param name="sequence">Newest published sequence.</param>
    internal void Published(ulong sequence)
    {
        while (_unpublished.TryPeek(out var oldest) && oldest.Sequence <= sequence)
        {
            _unpublished.Dequeue();
        }
    }

    /// <summary>Takes back what was never published.</summary>
    /// <param name="sequence">Newest published sequence.</param>
    internal void DropBehind(ulong sequence)
    {
        Published(sequence);
        while (_unpublished.TryDequeue(out var dropped))
        {
            table.TakeBack(dropped.ClientId, dropped.RequestNumber);
        }
    }

    private static bool IsNumbered(WriteRequest request) => request is { ClientId: not 0, RequestNumber: not 0 };

    private RequestVerdict Repeat(in AppliedRequest applied, WriteRequest request, ResultBuffer results)
    {
        Span<byte> scratch = stackalloc byte[AppliedRequest.ScratchBytes];
        switch (StoredResult.Read(applied.Result(scratch), request, results, epochs.Table))
        {
            case StoredResult.Reading.NoRoom:
                return RequestVerdict.CutsItem;
            case StoredResult.Reading.Mismatch:
                return Refuse(request, ErrorCode.InvalidArgument, WriteOutcome.NotApplied, OtherText);
            default:
                request.IsRepeated = true;
                request.Outcome = WriteOutcome.Applied;
                request.Version = epochs.Table.VersionOf(applied.Sequence);
                return RequestVerdict.Answered;
        }
    }

    private static RequestVerdict Refuse(WriteRequest request, ErrorCode code, WriteOutcome outcome, string text)
    {
        request.Fail(code, outcome, text);
        return RequestVerdict.Answered;
    }

    private readonly record struct Unpublished(ulong ClientId, ulong RequestNumber, ulong Sequence);
}

using System.Diagnostics.CodeAnalysis;
using System.Threading.Tasks.Sources;
using Kvs.Core.Engines.Commit.Queue;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors.Sessions;

/// <summary>
/// The writes of one pipelined burst, and whatever came behind them and must be answered in order, as one work item for
/// the engine. Reused for each burst of a session: no allocation while it serves.
/// Threading: one thread at a time; between <see cref="Submit"/> and the end of <see cref="WaitAsync"/> it is the
/// engine's. The session resumes on the thread of the engine that completes the item, which is what the measurements
/// ask for; there it sends once and must not block.
/// Ownership: of its requests; their keys and values are slices of the receive buffer.
/// </summary>
/// <typeparam name="TAnswer">What a wire must know of a request to answer it.</typeparam>
internal sealed class Burst<TAnswer> : IWorkItemOwner, IValueTaskSource
    where TAnswer : struct
{
    /// <summary>Requests that are kept for the next burst: no more memory than the receive buffer takes.</summary>
    private const int SpareRequestsMax = 256;

    /// <summary>A request that has held a larger batch is not kept.</summary>
    private const int OperationsKeptMax = 64;
    private const int ResultBytesKept = 64 * 1024;

    /// <summary>About what a request that is kept, and a place in the list of answers, take.</summary>
    private const int SpareRequestBytes = 400;
    private const int PendingBytes = 40;

    private readonly int _resultBytesMax;
    private readonly List<Pending> _answers = [];
    private readonly Stack<WriteRequest> _spare = new();
    private WorkItem _item;
    private int _resultRoom; // for a write that gives back more than the burst may hold; 0: as always
    private ManualResetValueTaskSourceCore<bool> _completion;

    /// <summary>Creates an empty burst.</summary>
    /// <param name="resultBytesMax">Bytes of values that it gives back at once.</param>
    internal Burst(int resultBytesMax)
    {
        _resultBytesMax = resultBytesMax;
        _item = new WorkItem(this);
    }

    /// <summary>Where its requests come from.</summary>
    internal WorkOrigin? Origin { get; init; }

    /// <summary>Whether nothing waits: then a read may be answered at once.</summary>
    internal bool IsEmpty => _answers.Count == 0;

    /// <summary>Whether it takes no more requests.</summary>
    internal bool IsFull => _answers.Count >= DoorOptions.BurstRequestsMax;

    /// <summary>Bytes of the frames in it.</summary>
    internal long Bytes { get; private set; }

    /// <summary>
    /// About what the engine's queue counts for it, rather more: frames are longer than their keys and values. (Not those of a few
    /// commands that make two operations of one key.)
    /// </summary>
    internal long QueuedBytes => WorkItems.QueuedBytesOf(Bytes, _item.Requests.Count);

    /// <summary>Bytes of values that the first request of those that were left gives back.</summary>
    internal long Wanted { get; private set; }

    /// <summary>
    /// A cleared request to fill. Ownership: the caller's, until it gives it to <see cref="Add"/> or <see
    /// cref="Return"/>.
    /// </summary>
    internal WriteRequest Rent() => _spare.TryPop(out var request) ? request : new WriteRequest();

    /// <summary>Takes back a request that was not added.</summary>
    /// <param name="request">The request.</param>
    internal void Return(WriteRequest request)
    {
        request.Clear();
        if (_spare.Count < SpareRequestsMax && request.Operations.Capacity <= OperationsKeptMax)
        {
            _spare.Push(request);
        }
    }

    /// <summary>Adds a request for the engine.</summary>
    /// <param name="answer">How it is answered.</param>
    /// <param name="request">The request, filled.</param>
    /// <param name="bytes">Bytes that it arrived in.</param>
    internal void Add(in TAnswer answer, WriteRequest request, int bytes)
    {
        Check.That(bytes > 0);
        _item.Requests.Add(request);
        _answers.Add(new Pending(answer, request, bytes));
        Bytes += bytes;
    }

    /// <summary>Adds the answer to a request that was refused at the door, to be given in its turn.</summary>
    /// <param name="answer">How it is answered.</param>
    /// <param name="code">Why it was refused.</param>
    /// <param name="text">Why, for people.</param>
    internal void AddRefused(in TAnswer answer, ErrorCode code, string text)
    {
        var request = Rent();
        request.Fail(code, WriteOutcome.NotApplied, text);
        _answers.Add(new Pending(answer, request, 0));
    }

    /// <summary>Adds a request that the engine has nothing to do with, to be answered in its turn.</summary>
    /// <param name="answer">How it is answered.</param>
    internal void AddOther(in TAnswer answer) => _answers.Add(new Pending(answer, null, 0));

    /// <summary>Hands the burst to the engine. The caller awaits <see cref="WaitAsync"/> at once.</summary>
    /// <param name="dispatcher">The way to the engine.</param>
    internal void Submit(RequestDispatcher dispatcher)
    {
        _completion.Reset();
        _item.QueuedBytes = Bytes;
        _item.Origin = Origin;
        _item.ResultBytes.BytesMax = Math.Max(_resultBytesMax, _resultRoom);
        if (_item.Requests.Count == 0)
        {
            _completion.SetResult(true);
            return;
        }

        dispatcher.Submit(_item);
    }

    /// <summary>It waits for room from now on.</summary>
    /// <param name="timestamp">Now.</param>
    internal void BeginWaiting(long timestamp) => _item.WaitsSince = timestamp;

    /// <summary>Refuses the burst instead of handing it over: there is no room for it.</summary>
    /// <param name="text">Why.</param>
    internal void Refuse(string text) => WorkItems.Refuse(_item, ErrorCode.Overloaded, text);

    /// <summary>Completes when the engine has completed the item.</summary>
    internal ValueTask WaitAsync() => new(this, _completion.Version);

    /// <summary>
    /// Writes the answers to what the engine has judged, in request order. What it left, because the values to give
    /// back were more than the burst may hold, stays in the burst.
    /// </summary>
    /// <param name="wire">Writes them.</param>
    internal void WriteAnswers(IWire<TAnswer> wire)
    {
        var values = _item.ResultBytes.WrittenSpan;
        var judged = _item.Judged;
        var done = 0;
        for (; done < _answers.Count; done++)
        {
            var (answer, request, bytes) = _answers[done];
            if (bytes > 0 && judged-- == 0)
            {
                break;
            }

            Bytes -= bytes;
            wire.WriteAnswer(in answer, request, values);
            if (request is not null)
            {
                Return(request);
            }
        }

        Leave(done);
    }

    /// <summary>
    /// Takes a read that was left, to be answered from the published state, which has all writes before it by now.
    /// </summary>
    /// <param name="wire">Knows what a read is.</param>
    /// <param name="answer">How it is answered.</param>
    /// <param name="read">The read. Ownership: the caller's, until <see cref="Return"/>.</param>
    /// <returns>False when something else stands next.</returns>
    internal bool TryTakeRead(IWire<TAnswer> wire, out TAnswer answer, [NotNullWhen(true)] out WriteRequest? read)
    {
        answer = default;
        read = null;
        if (_answers.Count == 0
            || _answers[0] is not { Request: { Code: ErrorCode.None } request } next
            || !wire.IsRead(next.Answer, request))
        {
            return false;
        }

        answer = next.Answer;
        read = request;
        Bytes -= next.Bytes;
        _answers.RemoveAt(0);
        _item.Requests.RemoveAt(0);
        return true;
    }

    /// <summary>Gives the write that was left the room that it needs, when it is handed over again.</summary>
    /// <param name="bytes">Bytes of values.</param>
    internal void GiveRoom(int bytes) => _resultRoom = bytes;

    /// <summary>Refuses the write that was left: nobody could take what it gives back.</summary>
    /// <param name="text">Why.</param>
    internal void RefuseLeft(string text)
    {
        var (answer, request, bytes) = _answers[0];
        var code = request!.Operations.Count > 1 ? ErrorCode.BatchTooLarge : ErrorCode.ValueTooLarge;
        request.Fail(code, WriteOutcome.NotApplied, $"{text} Nothing was applied.");
        _answers[0] = new Pending(answer, request, 0);
        _item.Requests.RemoveAt(0);
        Bytes -= bytes;
    }

    /// <summary>Gives up what it keeps for the next burst. It must be empty.</summary>
    /// <returns>Bytes that it gave up, about.</returns>
    internal long Rest()
    {
        Check.That(IsEmpty);
        var bytes = _item.ResultBytes.Capacity + ((long)_spare.Count * SpareRequestBytes) + ((long)_answers.Capacity * PendingBytes);
        _answers.Capacity = 0;
        _spare.Clear();
        _spare.TrimExcess();
        _item = new WorkItem(this);
        return bytes;
    }

    /// <inheritdoc/>
    void IWorkItemOwner.Completed(WorkItem item) => _completion.SetResult(true);

    /// <inheritdoc/>
    void IValueTaskSource.GetResult(short token) => _completion.GetResult(token);

    /// <inheritdoc/>
    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _completion.GetStatus(token);

    /// <inheritdoc/>
    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    private void Leave(int done)
    {
        Wanted = _item.ResultBytes.Wanted;
        _resultRoom = 0;
        _answers.RemoveRange(0, done);
        _item.Requests.RemoveRange(0, _item.Judged);
        if (_item.ResultBytes.Capacity <= ResultBytesKept)
        {
            _item.Renew();
            return;
        }

        // The item keeps its result bytes for ever; one that held large values is given up.
        var item = new WorkItem(this);
        item.Requests.AddRange(_item.Requests);
        _item = item;
    }

    /// <summary>One answer of the burst, in request order.</summary>
    /// <param name="Answer">How it is answered.</param>
    /// <param name="Request">What the engine completes, or what was refused; null for what it has nothing to do with.</param>
    /// <param name="Bytes">Bytes that it arrived in when the engine has it; else 0.</param>
    private readonly record struct Pending(TAnswer Answer, WriteRequest? Request, int Bytes);
}

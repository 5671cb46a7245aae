using System.Threading.Tasks.Sources;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Server.Doors.Tcp;

/// <summary>
/// The writes of one pipelined burst, and whatever came behind them and must be answered in order, as one work item for
/// the engine. Reused for each burst of a session: no allocation while it serves.
/// Threading: one thread at a time; between <see cref="Submit"/> and the end of <see cref="WaitAsync"/> it is the
/// engine's. The session resumes on the thread of the engine that completes the item, which is what the measurements
/// ask for; there it sends once and must not block.
/// Ownership: of its requests; their keys and values are slices of the receive buffer.
/// </summary>
internal sealed class Burst : IWorkItemOwner, IValueTaskSource
{
    /// <summary>Requests that are kept for the next burst: no more memory than the receive buffer takes.</summary>
    private const int SpareRequestsMax = 256;

    /// <summary>A request that has held a larger batch is not kept.</summary>
    private const int OperationsKeptMax = 64;
    private const int ResultBytesKept = 64 * 1024;

    private readonly int _resultBytesMax;
    private readonly List<Answer> _answers = [];
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

    /// <summary>Whether nothing waits: then a read may be answered at once.</summary>
    internal bool IsEmpty => _answers.Count == 0;

    /// <summary>Whether it takes no more requests.</summary>
    internal bool IsFull => _answers.Count >= TcpDoorOptions.BurstRequestsMax;

    /// <summary>Bytes of the frames in it.</summary>
    internal long Bytes { get; private set; }

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
    /// <param name="frame">Its frame.</param>
    /// <param name="request">The request, filled.</param>
    internal void Add(in Frame frame, WriteRequest request)
    {
        _item.Requests.Add(request);
        _answers.Add(new Answer(frame.Opcode, frame.RequestId, request, frame.Length));
        Bytes += frame.Length;
    }

    /// <summary>Adds the answer to a request that was refused at the door, to be given in its turn.</summary>
    /// <param name="frame">Its frame.</param>
    /// <param name="fault">Why it was refused.</param>
    internal void AddRefused(in Frame frame, in DecodeFault fault)
    {
        var request = Rent();
        request.Fail(fault.Code, WriteOutcome.NotApplied, fault.Text);
        _answers.Add(new Answer(frame.Opcode, frame.RequestId, request, 0));
    }

    /// <summary>Adds a request that is answered with nothing but its turn: a ping.</summary>
    /// <param name="frame">Its frame.</param>
    internal void AddOk(in Frame frame) => _answers.Add(new Answer(frame.Opcode, frame.RequestId, null, 0));

    /// <summary>Hands the burst to the engine. The caller awaits <see cref="WaitAsync"/> at once.</summary>
    /// <param name="dispatcher">The way to the engine.</param>
    internal void Submit(RequestDispatcher dispatcher)
    {
        _completion.Reset();
        _item.QueuedBytes = Bytes;
        _item.ResultBytes.BytesMax = Math.Max(_resultBytesMax, _resultRoom);
        if (_item.Requests.Count == 0)
        {
            _completion.SetResult(true);
            return;
        }

        dispatcher.Submit(_item);
    }

    /// <summary>Completes when the engine has completed the item.</summary>
    internal ValueTask WaitAsync() => new(this, _completion.Version);

    /// <summary>
    /// Writes the answers to what the engine has judged, in request order. What it left, because the values to give
    /// back were more than the burst may hold, stays in the burst.
    /// </summary>
    /// <param name="answers">Where they go.</param>
    internal void WriteAnswers(AnswerBuffer answers)
    {
        var values = _item.ResultBytes.WrittenSpan;
        var judged = _item.Judged;
        var done = 0;
        for (; done < _answers.Count; done++)
        {
            var (opcode, requestId, request, bytes) = _answers[done];
            if (bytes > 0 && judged-- == 0)
            {
                break;
            }

            Bytes -= bytes;
            if (request is null)
            {
                answers.WriteOk(opcode, requestId);
                continue;
            }

            answers.WriteCompleted(opcode, requestId, request, values);
            Return(request);
        }

        Leave(done);
    }

    /// <summary>
    /// Takes a read that was left, to be answered from the published state, which has all writes before it by now.
    /// </summary>
    /// <param name="read">The read.</param>
    /// <returns>False when something else stands next.</returns>
    internal bool TryTakeRead(out LeftRead read)
    {
        if (_answers.Count == 0
            || _answers[0] is not { Opcode: Opcode.Get or Opcode.Stat, Request: { Code: ErrorCode.None } request } next)
        {
            read = default;
            return false;
        }

        read = new LeftRead(next.Opcode, next.RequestId, request.Operations[0].Key, request.Deadline);
        Bytes -= next.Bytes;
        _answers.RemoveAt(0);
        _item.Requests.RemoveAt(0);
        Return(request);
        return true;
    }

    /// <summary>Gives the write that was left the room that it needs, when it is handed over again.</summary>
    /// <param name="bytes">Bytes of values.</param>
    internal void GiveRoom(int bytes) => _resultRoom = bytes;

    /// <summary>Refuses the write that was left: nobody could take what it gives back.</summary>
    /// <param name="text">Why.</param>
    internal void RefuseLeft(string text)
    {
        var (opcode, requestId, request, bytes) = _answers[0];
        var code = opcode == Opcode.Batch ? ErrorCode.BatchTooLarge : ErrorCode.ValueTooLarge;
        request!.Fail(code, WriteOutcome.NotApplied, $"{text} Nothing was applied.");
        _answers[0] = new Answer(opcode, requestId, request, 0);
        _item.Requests.RemoveAt(0);
        Bytes -= bytes;
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
    /// <param name="Opcode">Opcode of the request.</param>
    /// <param name="RequestId">Its id.</param>
    /// <param name="Request">What the engine completes, or what was refused; null when there is nothing to say.</param>
    /// <param name="Bytes">Bytes of its frame when the engine has it; else 0.</param>
    private readonly record struct Answer(Opcode Opcode, uint RequestId, WriteRequest? Request, int Bytes);
}

/// <summary>A read that the engine left unjudged behind writes that it has committed.</summary>
/// <param name="Opcode">Get or stat.</param>
/// <param name="RequestId">Its id.</param>
/// <param name="Key">The key, in the receive buffer.</param>
/// <param name="Deadline">When it is too late.</param>
internal readonly record struct LeftRead(Opcode Opcode, uint RequestId, ReadOnlyMemory<byte> Key, long Deadline);

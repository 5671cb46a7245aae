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
/// ask
/// for; there it sends once and must not block.
/// Ownership: of its requests; their keys and values are slices of the receive buffer.
/// </summary>
internal sealed class Burst : IWorkItemOwner, IValueTaskSource
{
    private const int SpareRequestsMax = 64;
    private const int ResultBytesKept = 64 * 1024;

    private WorkItem _item;
    private readonly List<Answer> _answers = [];
    private readonly Stack<WriteRequest> _spare = new();
    private ManualResetValueTaskSourceCore<bool> _completion;

    /// <summary>Creates an empty burst.</summary>
    internal Burst() => _item = new WorkItem(this);

    /// <summary>Whether nothing waits: then a read may be answered at once.</summary>
    internal bool IsEmpty => _answers.Count == 0;

    /// <summary>Whether it takes no more requests.</summary>
    internal bool IsFull => _answers.Count >= TcpDoorOptions.BurstRequestsMax;

    /// <summary>Bytes of the frames in it.</summary>
    internal long Bytes { get; private set; }

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
        if (_spare.Count < SpareRequestsMax && request.Operations.Capacity <= SpareRequestsMax)
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
        _answers.Add(new Answer(frame.Opcode, frame.RequestId, request));
        Bytes += frame.Length;
    }

    /// <summary>Adds the answer to a request that was refused at the door, to be given in its turn.</summary>
    /// <param name="frame">Its frame.</param>
    /// <param name="fault">Why it was refused.</param>
    internal void AddRefused(in Frame frame, in DecodeFault fault)
    {
        var request = Rent();
        request.Fail(fault.Code, WriteOutcome.NotApplied, fault.Text);
        _answers.Add(new Answer(frame.Opcode, frame.RequestId, request));
    }

    /// <summary>Adds a request that is answered with nothing but its turn: a ping.</summary>
    /// <param name="frame">Its frame.</param>
    internal void AddOk(in Frame frame) => _answers.Add(new Answer(frame.Opcode, frame.RequestId, null));

    /// <summary>Hands the burst to the engine. The caller awaits <see cref="WaitAsync"/> at once.</summary>
    /// <param name="dispatcher">The way to the engine.</param>
    internal void Submit(RequestDispatcher dispatcher)
    {
        _completion.Reset();
        _item.QueuedBytes = Bytes;
        if (_item.Requests.Count == 0)
        {
            _completion.SetResult(true);
            return;
        }

        dispatcher.Submit(_item);
    }

    /// <summary>Completes when the engine has completed the item.</summary>
    internal ValueTask WaitAsync() => new(this, _completion.Version);

    /// <summary>Writes the answers, in request order, and empties the burst.</summary>
    /// <param name="answers">Where they go.</param>
    internal void WriteAnswers(AnswerBuffer answers)
    {
        var values = _item.ResultBytes.WrittenSpan;
        for (var i = 0; i < _answers.Count; i++)
        {
            var (opcode, requestId, request) = _answers[i];
            if (request is null)
            {
                answers.WriteOk(opcode, requestId);
                continue;
            }

            answers.WriteCompleted(opcode, requestId, request, values);
            Return(request);
        }

        Clear();
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

    private void Clear()
    {
        _answers.Clear();
        _item.Requests.Clear();
        Bytes = 0;
        _item.ResultBytes.ResetWrittenCount();
        if (_item.ResultBytes.Capacity > ResultBytesKept)
        {
            // The item keeps its result bytes for ever; one that held a large value is given up.
            _item = new WorkItem(this);
        }
    }

    /// <summary>One answer of the burst, in request order.</summary>
    /// <param name="Opcode">Opcode of the request.</param>
    /// <param name="RequestId">Its id.</param>
    /// <param name="Request">What the engine completes, or what was refused; null when there is nothing to say.</param>
    private readonly record struct Answer(Opcode Opcode, uint RequestId, WriteRequest? Request);
}

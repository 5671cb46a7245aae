using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Facade;

/// <summary>
/// One write of a program on its way: an item with one request, used once. It owns copies of the caller's bytes, so
/// the caller's are free when the call returns, even when its waiting is cancelled while the write goes on.
/// Threading: its maker until it is submitted, the engine until it completes, then its maker.
/// </summary>
internal sealed class PendingWrite : IWorkItemOwner
{
    // The engine completes items on its commit path: a caller's continuation must not run there.
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WorkItem _item;
    private readonly WriteRequest _request;

    /// <summary>Makes a write without operations.</summary>
    /// <param name="durability">A stronger durability than the store's.</param>
    internal PendingWrite(Durability durability)
    {
        _request = new WriteRequest { Durability = durability };
        _item = new WorkItem(this);
        _item.Requests.Add(_request);
    }

    /// <summary>The request, for whoever sets more of it before it is handed over, and reads its results afterwards.</summary>
    internal WriteRequest Request => _request;

    /// <summary>What is handed to an engine.</summary>
    internal WorkItem Item => _item;

    /// <summary>Bytes of its keys, values and content types.</summary>
    internal long Bytes { get; private set; }

    /// <summary>Completes, never fails, when the engine is done with it.</summary>
    internal Task Completion => _completed.Task;

    /// <summary>Bytes of the values that it would have given back, when it was not judged because they were too many; else 0.</summary>
    internal long ValueBytesMissed { get; private set; }

    /// <summary>The same write once more, of which nothing was judged because its values did not fit.</summary>
    /// <param name="valueBytesMax">Bytes of values that it may give back now.</param>
    /// <returns>The write, to be handed over.</returns>
    internal PendingWrite Again(int valueBytesMax)
    {
        Check.That(ValueBytesMissed > 0);
        var again = new PendingWrite(_request.Durability) { Bytes = Bytes };
        again._request.Operations.AddRange(_request.Operations);
        again._request.Deadline = _request.Deadline;
        again._item.ResultBytes.BytesMax = valueBytesMax;
        again._item.Origin = _item.Origin;
        return again;
    }

    /// <summary>Adds an operation whose bytes are nobody else's from now on.</summary>
    /// <param name="operation">The operation.</param>
    internal void AddOwned(in Operation operation)
    {
        _request.Operations.Add(operation);
        Bytes += operation.Key.Length + operation.Value.Length + (operation.ContentType?.Length ?? 0);
    }

    /// <summary>Adds an operation, with copies of its bytes.</summary>
    /// <param name="operation">The operation.</param>
    internal void Add(in Operation operation)
    {
        var bytes = new byte[operation.Key.Length + operation.Value.Length];
        operation.Key.CopyTo(bytes);
        operation.Value.CopyTo(bytes.AsMemory(operation.Key.Length));
        AddOwned(operation with
        {
            Key = bytes.AsMemory(0, operation.Key.Length),
            Value = bytes.AsMemory(operation.Key.Length),
        });
    }

    /// <summary>Hands the write to an engine.</summary>
    /// <param name="engine">The engine.</param>
    /// <returns>Completes, never fails, when the engine is done with it.</returns>
    internal Task SubmitTo(IKvEngine engine)
    {
        engine.Submit(_item);
        return _completed.Task;
    }

    /// <inheritdoc/>
    public void Completed(WorkItem item)
    {
        if (item.Judged == 0)
        {
            var results = item.ResultBytes;
            ValueBytesMissed = results.Wanted;
            _request.Fail(ErrorCode.BatchTooLarge, WriteOutcome.NotApplied,
                $"The values to give back have {results.Wanted} bytes, the limit is {results.BytesMax}. Split the batch.");
        }

        _completed.SetResult();
    }

    /// <summary>The result of a completed set or remove.</summary>
    /// <returns>The result; a condition that did not hold is one.</returns>
    /// <exception cref="KvsException">It failed for another reason.</exception>
    internal WriteResult ToWriteResult()
    {
        if (_request.Code is ErrorCode.ConditionFailed)
        {
            return new WriteResult(false, _request.FailedVersion, _request.FailedVersion != default, null);
        }

        var result = SingleResult();
        var applied = result.Existed || _request.Operations[0].Kind is not OperationKind.Remove;
        return new WriteResult(applied, _request.Version, result.Existed, ValueOf(result));
    }

    /// <summary>The result of a completed write of one operation that has no condition.</summary>
    /// <returns>The result.</returns>
    /// <exception cref="KvsException">It failed.</exception>
    internal OperationResult SingleResult()
    {
        ThrowIfFailed();
        Check.That(_request.Results.Count == 1);
        return _request.Results[0];
    }

    /// <summary>The result of a completed batch.</summary>
    /// <returns>The result; a condition that did not hold, or a sum that is none, is one.</returns>
    /// <exception cref="KvsException">It failed for another reason.</exception>
    internal BatchResult ToBatchResult()
    {
        if (ErrorCodes.IsVerdict(_request.Code))
        {
            return new BatchResult(false, default, _request.FailedIndex, _request.Code, []);
        }

        ThrowIfFailed();
        var results = new BatchItemResult[_request.Results.Count];
        for (var i = 0; i < results.Length; i++)
        {
            var result = _request.Results[i];
            results[i] = BatchItemResult.Of(_request.Operations[i].Kind, in result, ValueOf(result));
        }

        return new BatchResult(true, _request.Version, -1, ErrorCode.None, results);
    }

    /// <summary>The value that a result of it gives.</summary>
    /// <param name="result">The result.</param>
    /// <returns>A view that is valid as long as the write; empty when there is none.</returns>
    internal ReadOnlyMemory<byte> BytesOf(in OperationResult result) => result.HasValue
        ? _item.ResultBytes.WrittenMemory.Slice(result.ValueOffset, result.ValueLength)
        : default;

    private KvsValue? ValueOf(in OperationResult result) => result.HasValue
        ? new KvsValue(BytesOf(in result).ToArray())
        : default(KvsValue?);

    /// <summary>Throws when it failed, whatever for.</summary>
    /// <exception cref="KvsException">It failed.</exception>
    internal void ThrowIfFailed()
    {
        if (_request.Code != ErrorCode.None)
        {
            throw KvsException.Of(
                _request.Code, _request.Message ?? _request.Code.ToString(), _request.Outcome, _request.PrimaryAddress);
        }
    }
}

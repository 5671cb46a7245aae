using System.Buffers;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Crash.Tests.Harness;

/// <summary>A request of the workload, with what is known of its fate.</summary>
/// <param name="ordinal">Position among all requests, from 0: engines apply them in this order.</param>
/// <param name="request">The request itself.</param>
/// <param name="item">The item that carries it.</param>
/// <param name="submittedAtMillis">The clock when it was handed over; it is applied before time goes on.</param>
internal sealed class SubmittedRequest(int ordinal, WriteRequest request, WorkItem item, long submittedAtMillis)
{
    /// <summary>Position among all requests, from 0.</summary>
    internal int Ordinal => ordinal;

    /// <summary>Whether its result is there.</summary>
    internal bool IsCompleted { get; set; }

    /// <summary>Whether the engine, and no condition of its own, kept it from having an effect.</summary>
    internal bool IsRefused => IsCompleted && request.Outcome == WriteOutcome.NotApplied && !IsJudged;

    /// <summary>Whether the engine does not know.</summary>
    internal bool IsUnknown => !IsCompleted || request.Outcome == WriteOutcome.Unknown;

    /// <summary>Whether its result is there and promises that it, and all that it saw, survives.</summary>
    internal bool IsAcknowledged => IsCompleted && IsJudged;

    /// <summary>Whether it is acknowledged and made a version.</summary>
    internal bool HasChanged => IsAcknowledged && request.Version != KvsVersion.None;

    /// <summary>Whether the store took it (for its refusals, why not).</summary>
    internal ErrorCode Code => request.Code;

    private bool IsJudged =>
        request.Code is ErrorCode.None
            or ErrorCode.ConditionFailed
            or ErrorCode.NotAnInteger
            or ErrorCode.IntegerOverflow;

    /// <summary>Applies it to a state, as the engine must have done, and compares the results.</summary>
    /// <param name="state">The state before it.</param>
    /// <returns>A difference, or null.</returns>
    internal string? ApplyTo(ModelBatchState state)
    {
        var expected = new WriteRequest();
        expected.Operations.AddRange(request.Operations);
        var values = new ArrayBufferWriter<byte>();
        state.BeginBatch(submittedAtMillis);
        OperationApplier.Apply(state, expected, values);
        if (!IsAcknowledged)
        {
            return null;
        }

        if (request.Code != expected.Code || request.FailedIndex != expected.FailedIndex)
        {
            return $"{this} answered {request.Code} at {request.FailedIndex}, "
                + $"expected {expected.Code} at {expected.FailedIndex}";
        }

        for (var i = 0; i < expected.Results.Count; i++)
        {
            if (!SameResult(expected.Results[i], values, request.Results[i]))
            {
                return $"{this} answered {request.Results[i]} to operation {i}, expected {expected.Results[i]}";
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"request {ordinal} ({string.Join(", ", request.Operations.Select(operation => operation.Kind))})";

    private bool SameResult(in OperationResult expected, ArrayBufferWriter<byte> values, in OperationResult actual) =>
        expected.Existed == actual.Existed
        && expected.Number == actual.Number
        && expected.HasValue == actual.HasValue
        && (!expected.HasValue
            || values.WrittenSpan.Slice(expected.ValueOffset, expected.ValueLength).SequenceEqual(
                item.ResultBytes.WrittenSpan.Slice(actual.ValueOffset, actual.ValueLength)));
}

using System.Runtime.InteropServices;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines;

/// <summary>
/// What every engine asks of a request before it applies it, so that all doors and engines refuse alike: sizes within
/// the limits, operations that mean something, a deadline that has not passed. Threading: any thread.
/// </summary>
internal static class RequestAdmission
{
    /// <summary>Checks the form and size of a request; one that is refused is failed, as not applied.</summary>
    /// <param name="request">The request.</param>
    /// <param name="limits">The store's limits.</param>
    /// <param name="bytes">Bytes of its keys, values and content types: what the bounded queue counts.</param>
    /// <returns>Whether it may be applied.</returns>
    internal static bool TryAdmit(WriteRequest request, in WriteLimits limits, out long bytes)
    {
        bytes = 0;
        if (request.Operations.Count > Limits.BatchOperationsMax)
        {
            Refuse(request, ErrorCode.BatchTooLarge, -1);
            return false;
        }

        var operations = CollectionsMarshal.AsSpan(request.Operations);
        for (var index = 0; index < operations.Length; index++)
        {
            ref readonly var operation = ref operations[index];
            var code = Judge(in operation, in limits);
            if (code != ErrorCode.None)
            {
                Refuse(request, code, index);
                return false;
            }

            bytes += operation.Key.Length + operation.Value.Length + (operation.ContentType?.Length ?? 0);
        }

        if (bytes > limits.BatchBytesMax)
        {
            Refuse(request, ErrorCode.BatchTooLarge, -1);
            return false;
        }

        return true;
    }

    /// <summary>Fails a request whose deadline has passed. Call it right before applying.</summary>
    /// <param name="request">The request.</param>
    /// <param name="timestamp">The environment's clock now.</param>
    /// <returns>Whether it may still be applied.</returns>
    internal static bool IsInTime(WriteRequest request, long timestamp)
    {
        if (timestamp <= request.Deadline)
        {
            return true;
        }

        request.Fail(ErrorCode.DeadlineExceeded, WriteOutcome.NotApplied, "The deadline passed before the write was applied.");
        return false;
    }

    private static ErrorCode Judge(in Operation operation, in WriteLimits limits)
    {
        var isCopy = operation.Kind == OperationKind.Copy; // its value is a key
        if (operation.Key.Length > Limits.KeyBytesMax || (isCopy && operation.Value.Length > Limits.KeyBytesMax))
        {
            return ErrorCode.KeyTooLarge;
        }

        if (!isCopy && operation.Value.Length > limits.ValueBytesMax)
        {
            return ErrorCode.ValueTooLarge;
        }

        return HasMeaning(in operation) ? ErrorCode.None : ErrorCode.InvalidArgument;
    }

    private static bool HasMeaning(in Operation operation) =>
        operation.Condition.Kind is >= ConditionKind.None and <= ConditionKind.Version
        && operation.Kind switch
        {
            OperationKind.Set => ContentTypes.IsValid(operation.ContentType)
                && (operation.Expiry is ExpiryKind.None or ExpiryKind.Keep || GivesTime(in operation)),
            OperationKind.Expire => GivesTime(in operation),
            OperationKind.SetRange => operation.Offset >= 0,

            // Onto itself it would change nothing, and the remove that makes a rename of it would take the value.
            OperationKind.Copy => !operation.Key.Span.SequenceEqual(operation.Value.Span),
            _ => operation.Kind is > OperationKind.None and <= OperationKind.Copy,
        };

    private static bool GivesTime(in Operation operation) =>
        operation.Expiry is ExpiryKind.At || (operation.Expiry is ExpiryKind.In && operation.ExpiryMillis > 0);

    private static void Refuse(WriteRequest request, ErrorCode code, int index)
    {
        request.Fail(code, WriteOutcome.NotApplied, MessageOf(code));
        request.FailedIndex = index;
    }

    private static string MessageOf(ErrorCode code) => code switch
    {
        ErrorCode.KeyTooLarge => "The key is longer than the limit; nothing was applied.",
        ErrorCode.ValueTooLarge => "The value is longer than the limit; nothing was applied.",
        ErrorCode.BatchTooLarge => "The batch is larger than the limit; nothing was applied. Split it.",
        _ => "An operation of the batch has no meaning; nothing was applied.",
    };
}

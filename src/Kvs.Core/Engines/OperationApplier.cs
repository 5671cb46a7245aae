using System.Runtime.InteropServices;
using Kvs.Core.Engines.Edits;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines;

/// <summary>What came of a request that was judged.</summary>
internal enum ApplyOutcome
{
    /// <summary>Refused, or nothing was to be changed: a batch that changes nothing takes no sequence.</summary>
    Unchanged,

    /// <summary>Applied.</summary>
    Changed,

    /// <summary>
    /// The values that it gives back do not fit: nothing was done, its item is to be cut at it.
    /// </summary>
    NoRoom,
}

/// <summary>
/// What a write means, for all engines alike: judges the operations of a request in order against the working state,
/// applies them, and collects what they found. It knows nothing of sequences, files or durability: the engine does.
/// Threading: the engine's writer only.
/// </summary>
internal static class OperationApplier
{
    /// <summary>
    /// Applies a request wholly, or not at all. A refusal rolls the state back and fills code, outcome, failed index and
    /// the version that the failed operation's key then has. The version of an applied request is the engine's to fill.
    /// </summary>
    /// <param name="state">The working state, at the begin of a batch.</param>
    /// <param name="request">The request, admitted by <see cref="RequestAdmission"/>.</param>
    /// <param name="results">
    /// Gets the values that the results point into; after a refusal it may hold bytes to which nothing points.
    /// </param>
    /// <returns>What came of it.</returns>
    internal static ApplyOutcome Apply(IBatchState state, WriteRequest request, ResultBuffer results)
    {
        Check.That(request.Code == ErrorCode.None);
        request.Results.Clear();
        results.BeginRequest();
        var changed = false;
        var operations = CollectionsMarshal.AsSpan(request.Operations);
        for (var index = 0; index < operations.Length; index++)
        {
            var code = ApplyOne(state, in operations[index], results, out var result, ref changed);
            code = code == ErrorCode.None && state.IsTooLarge ? ErrorCode.BatchTooLarge : code;
            if (code != ErrorCode.None && !IsPassedOver(in operations[index], code))
            {
                Refuse(state, request, index, code);
                return ApplyOutcome.Unchanged;
            }

            request.Results.Add(code == ErrorCode.None ? result : result with { Code = code });
        }

        if (results.IsOver)
        {
            state.RollBack();
            request.Results.Clear();
            return ApplyOutcome.NoRoom;
        }

        request.Outcome = WriteOutcome.Applied;
        return changed ? ApplyOutcome.Changed : ApplyOutcome.Unchanged;
    }

    private static void Refuse(IBatchState state, WriteRequest request, int index, ErrorCode code)
    {
        state.RollBack();
        request.Fail(code, WriteOutcome.NotApplied, MessageOf(code));
        request.FailedIndex = index;
        request.IsRefusedByState = true;

        // Looked up anew: the version seen while judging may be one that the roll-back has just taken away.
        request.FailedVersion = state.TryFind(request.Operations[index].Key.Span, out var info) ? info.Version : default;
    }

    // Each of these is found before the operation changes anything.
    private static bool IsPassedOver(in Operation operation, ErrorCode code) =>
        operation.IsOptional && (ErrorCodes.IsVerdict(code) || code == ErrorCode.ValueTooLarge);

    private static ErrorCode ApplyOne(
        IBatchState state,
        in Operation operation,
        ResultBuffer results,
        out OperationResult result,
        ref bool changed)
    {
        var key = operation.Key.Span;
        var exists = state.TryFind(key, out var info);

        // Everything below tells a missing key by its version: none names no batch.
        Check.That(exists == (info.Version != default));
        result = Seen(info);
        var holds = Holds(operation.Condition, info);
        if (!holds && !operation.IsOptional)
        {
            return ErrorCode.ConditionFailed;
        }

        if (result.Existed && (operation.ReturnPrevious || operation.Kind is OperationKind.Get))
        {
            result = result with { HasValue = true, ValueOffset = results.WrittenCount };
            if (results.TryAdd(info.ValueLength))
            {
                var contentType = state.CopyValue(key, results.Writer);
                result = operation.Kind is OperationKind.Get ? result with { ContentType = contentType } : result;
            }
        }

        return !holds ? ErrorCode.ConditionFailed : operation.Kind switch
        {
            OperationKind.Set => Set(state, in operation, info, ref changed),
            OperationKind.Remove => Remove(state, key, info, ref changed),
            OperationKind.Increment => NumberEdits.Increment(state, in operation, info, results, ref result, ref changed),
            OperationKind.IncrementFloat => NumberEdits.IncrementFloat(state, in operation, info, results, ref result, ref changed),
            OperationKind.Append => ValueEdits.Append(state, in operation, info, results, ref result, ref changed),
            OperationKind.SetRange => ValueEdits.SetRange(state, in operation, info, results, ref result, ref changed),
            OperationKind.Copy => ValueEdits.Copy(state, in operation, info, results, ref changed),
            OperationKind.Expire => Expire(state, in operation, info, ref result, ref changed),
            OperationKind.Persist => Persist(state, key, info, ref result, ref changed),
            OperationKind.Check or OperationKind.Get or OperationKind.Stat => ErrorCode.None,
            _ => ErrorCode.InvalidArgument,
        };
    }

    private static OperationResult Seen(in EntryInfo info) => new()
    {
        Existed = info.Version != default,
        Version = info.Version,
        ExpiresAtMillis = info.ExpiresAtMillis,
        ValueLength = info.ValueLength,
    };

    private static bool Holds(in KvsCondition condition, in EntryInfo info) => condition.Kind switch
    {
        ConditionKind.None => true,
        ConditionKind.Absent => info.Version == default,
        ConditionKind.Present => info.Version != default,

        // A caller's "no version" must match no key, so a missing key never satisfies it.
        ConditionKind.Version => info.Version != default && info.Version == condition.Version,
        _ => false,
    };

    private static ErrorCode Set(IBatchState state, in Operation operation, in EntryInfo info, ref bool changed)
    {
        var expiresAt = operation.Expiry is ExpiryKind.Keep ? info.ExpiresAtMillis : ExpiryOf(state, in operation);
        if (HasPassed(state, expiresAt))
        {
            // Set to be gone already: no record that nobody could ever see is written, only the old one goes.
            return Remove(state, operation.Key.Span, info, ref changed);
        }

        state.Set(operation.Key.Span, operation.Value.Span, expiresAt, operation.ContentType);
        changed = true;
        return ErrorCode.None;
    }

    private static ErrorCode Remove(IBatchState state, ReadOnlySpan<byte> key, in EntryInfo info, ref bool changed)
    {
        if (info.Version != default)
        {
            state.Remove(key);
            changed = true;
        }

        return ErrorCode.None;
    }

    private static ErrorCode Expire(
        IBatchState state, in Operation operation, in EntryInfo info, ref OperationResult result, ref bool changed)
    {
        if (info.Version == default)
        {
            return ErrorCode.None;
        }

        var expiresAt = ExpiryOf(state, in operation);
        if (HasPassed(state, expiresAt))
        {
            state.Remove(operation.Key.Span);
        }
        else
        {
            state.SetExpiry(operation.Key.Span, expiresAt);
        }

        result = result with { Number = 1 };
        changed = true;
        return ErrorCode.None;
    }

    private static ErrorCode Persist(
        IBatchState state, ReadOnlySpan<byte> key, in EntryInfo info, ref OperationResult result, ref bool changed)
    {
        if (info.ExpiresAtMillis != 0)
        {
            state.SetExpiry(key, 0);
            result = result with { Number = 1 };
            changed = true;
        }

        return ErrorCode.None;
    }

    /// <summary>The absolute expiry that an operation asks for. 0 is "none", so a time at or before 1970 becomes 1: passed.</summary>
    private static long ExpiryOf(IBatchState state, in Operation operation) => operation.Expiry switch
    {
        ExpiryKind.In => operation.ExpiryMillis > long.MaxValue - state.LogTimeMillis
            ? long.MaxValue
            : state.LogTimeMillis + operation.ExpiryMillis,
        ExpiryKind.At => Math.Max(operation.ExpiryMillis, 1),
        _ => 0,
    };

    private static bool HasPassed(IBatchState state, long expiresAtMillis) =>
        expiresAtMillis != 0 && expiresAtMillis <= state.LogTimeMillis;

    // Constant texts: a client can cause these at any rate.
    private static string MessageOf(ErrorCode code) => code switch
    {
        ErrorCode.ConditionFailed => "A condition did not hold; nothing was applied.",
        ErrorCode.NotAnInteger => "The value is not a decimal 64-bit integer; nothing was applied.",
        ErrorCode.BatchTooLarge =>
            "The batch writes more than the limit, because each expire, persist, append, set-range and copy writes a whole "
            + "value; nothing was applied. Split it.",
        ErrorCode.NotAFloat => "The value, the increment or the sum is no decimal number of at most 29 digits; nothing was applied.",
        ErrorCode.ValueTooLarge => "The value would become longer than the limit; nothing was applied.",
        ErrorCode.IntegerOverflow => "The sum does not fit into a 64-bit integer; nothing was applied.",
        _ => "The kind of operation is unknown; nothing was applied.",
    };
}

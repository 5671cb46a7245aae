using System.Buffers.Text;
using System.Runtime.InteropServices;
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
    /// <summary>Longest decimal 64-bit integer: sign and 19 digits.</summary>
    private const int IntegerBytesMax = 20;

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
            if (code != ErrorCode.None)
            {
                Refuse(state, request, index, code);
                return ApplyOutcome.Unchanged;
            }

            request.Results.Add(result);
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

        // Looked up anew: the version seen while judging may be one that the roll-back has just taken away.
        request.FailedVersion = state.TryFind(request.Operations[index].Key.Span, out var info) ? info.Version : default;
    }

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
        if (!Holds(operation.Condition, info))
        {
            return ErrorCode.ConditionFailed;
        }

        if (result.Existed && (operation.ReturnPrevious || operation.Kind is OperationKind.Get))
        {
            result = result with { HasValue = true, ValueOffset = results.WrittenCount };
            if (results.TryAdd(info.ValueLength))
            {
                state.CopyValue(key, results.Writer);
            }
        }

        return operation.Kind switch
        {
            OperationKind.Set => Set(state, in operation, info, ref changed),
            OperationKind.Remove => Remove(state, key, info, ref changed),
            OperationKind.Increment => Increment(state, in operation, info, results, ref result, ref changed),
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

        state.Set(operation.Key.Span, operation.Value.Span, expiresAt);
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

    private static ErrorCode Increment(
        IBatchState state,
        in Operation operation,
        in EntryInfo info,
        ResultBuffer results,
        ref OperationResult result,
        ref bool changed)
    {
        var number = 0L;
        var exists = info.Version != default;
        if (exists && (info.ValueLength > IntegerBytesMax || !TryReadInteger(state, operation.Key.Span, results, out number)))
        {
            return ErrorCode.NotAnInteger;
        }

        var sum = unchecked(number + operation.Delta);
        if (((number ^ sum) & (operation.Delta ^ sum)) < 0)
        {
            return ErrorCode.IntegerOverflow;
        }

        Span<byte> text = stackalloc byte[IntegerBytesMax];
        Check.That(Utf8Formatter.TryFormat(sum, text, out var length));
        state.Set(operation.Key.Span, text[..length], info.ExpiresAtMillis);
        result = result with { Number = sum };
        changed = true;
        return ErrorCode.None;
    }

    // Canonical only ("7", not "+7", "07" or "-0"): then a value that counts has one spelling, on every engine.
    private static bool TryReadInteger(
        IBatchState state, ReadOnlySpan<byte> key, ResultBuffer results, out long number)
    {
        var scratch = results.EmptyScratch();
        state.CopyValue(key, scratch);
        var text = scratch.WrittenSpan;
        Span<byte> canonical = stackalloc byte[IntegerBytesMax];
        return Utf8Parser.TryParse(text, out number, out var read)
            && read == text.Length
            && Utf8Formatter.TryFormat(number, canonical, out var length)
            && text.SequenceEqual(canonical[..length]);
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
            "The batch writes more than the limit, because each expire and persist writes its value once more; nothing was "
            + "applied. Split it.",
        ErrorCode.IntegerOverflow => "The sum does not fit into a 64-bit integer; nothing was applied.",
        _ => "The kind of operation is unknown; nothing was applied.",
    };
}

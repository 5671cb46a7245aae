using System.Buffers;
using System.Runtime.InteropServices;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Edits;

/// <summary>
/// Operations that make a value of one that is there, for <see cref="OperationApplier"/>. Each writes the whole new value.
/// Threading: the engine's writer only.
/// </summary>
internal static class ValueEdits
{
    /// <summary>Puts bytes behind the value.</summary>
    /// <param name="state">The working state.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="info">What is known of its key.</param>
    /// <param name="results">Holds the scratch.</param>
    /// <param name="result">Gets the new length.</param>
    /// <param name="changed">Set when it changes something.</param>
    /// <returns>Why it did not.</returns>
    internal static ErrorCode Append(
        IBatchState state,
        in Operation operation,
        in EntryInfo info,
        ResultBuffer results,
        ref OperationResult result,
        ref bool changed) =>
        Write(state, in operation, info, info.ValueLength, results, ref result, ref changed);

    /// <summary>Overwrites a part of the value, or goes on behind it.</summary>
    /// <param name="state">The working state.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="info">What is known of its key.</param>
    /// <param name="results">Holds the scratch.</param>
    /// <param name="result">Gets the new length.</param>
    /// <param name="changed">Set when it changes something.</param>
    /// <returns>Why it did not.</returns>
    internal static ErrorCode SetRange(
        IBatchState state,
        in Operation operation,
        in EntryInfo info,
        ResultBuffer results,
        ref OperationResult result,
        ref bool changed)
    {
        if (operation.Value.IsEmpty)
        {
            result = result with { Number = info.ValueLength };
            return ErrorCode.None;
        }

        return Write(state, in operation, info, operation.Offset, results, ref result, ref changed);
    }

    /// <summary>Sets the target to what the source is.</summary>
    /// <param name="state">The working state.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="info">What is known of the source.</param>
    /// <param name="results">Holds the scratch.</param>
    /// <param name="changed">Set when it changes something.</param>
    /// <returns>Why it did not.</returns>
    internal static ErrorCode Copy(
        IBatchState state, in Operation operation, in EntryInfo info, ResultBuffer results, ref bool changed)
    {
        if (info.Version == default)
        {
            return ErrorCode.None;
        }

        if (!operation.Replace && state.TryFind(operation.Value.Span, out _))
        {
            return ErrorCode.ConditionFailed;
        }

        // Found anew: a state copies the value only of the key that it has found last.
        Check.That(state.TryFind(operation.Key.Span, out _));
        var value = Current(state, in operation, info, results, out var contentType);
        state.Set(operation.Value.Span, value.WrittenSpan, info.ExpiresAtMillis, contentType);
        results.TrimScratch();
        changed = true;
        return ErrorCode.None;
    }

    private static ErrorCode Write(
        IBatchState state,
        in Operation operation,
        in EntryInfo info,
        long offset,
        ResultBuffer results,
        ref OperationResult result,
        ref bool changed)
    {
        var bytes = operation.Value.Span;
        if (offset > state.ValueBytesMax - bytes.Length)
        {
            return ErrorCode.ValueTooLarge;
        }

        var scratch = Current(state, in operation, info, results, out var contentType);
        var length = Math.Max(scratch.WrittenCount, (int)offset + bytes.Length);
        var added = length - scratch.WrittenCount;
        scratch.GetSpan(added)[..added].Clear();
        scratch.Advance(added);

        // The scratch is nobody else's, so what it holds may be overwritten.
        bytes.CopyTo(MemoryMarshal.AsMemory(scratch.WrittenMemory).Span[(int)offset..]);
        state.Set(operation.Key.Span, scratch.WrittenSpan, info.ExpiresAtMillis, contentType);
        results.TrimScratch();
        result = result with { Number = length };
        changed = true;
        return ErrorCode.None;
    }

    private static ArrayBufferWriter<byte> Current(
        IBatchState state, in Operation operation, in EntryInfo info, ResultBuffer results, out string? contentType)
    {
        var scratch = results.EmptyScratch();
        contentType = info.Version == default ? null : state.CopyValue(operation.Key.Span, scratch);
        return scratch;
    }
}

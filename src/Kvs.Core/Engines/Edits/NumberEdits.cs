using System.Buffers;
using System.Buffers.Text;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Engines.Edits;

/// <summary>Operations on values that are numbers, for <see cref="OperationApplier"/>. Threading: the engine's writer only.</summary>
internal static class NumberEdits
{
    /// <summary>Longest decimal 64-bit integer: sign and 19 digits.</summary>
    internal const int IntegerBytesMax = 20;

    /// <summary>Adds to a decimal 64-bit integer.</summary>
    /// <param name="state">The working state.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="info">What is known of its key.</param>
    /// <param name="results">Holds the scratch.</param>
    /// <param name="result">Gets the new value.</param>
    /// <param name="changed">Set when it changes something.</param>
    /// <returns>Why it did not.</returns>
    internal static ErrorCode Increment(
        IBatchState state,
        in Operation operation,
        in EntryInfo info,
        ResultBuffer results,
        ref OperationResult result,
        ref bool changed)
    {
        var number = 0L;
        string? contentType = null;
        var exists = info.Version != default;
        if (exists && (info.ValueLength > IntegerBytesMax
            || !TryReadInteger(Read(state, in operation, results, out contentType), out number)))
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
        state.Set(operation.Key.Span, text[..length], info.ExpiresAtMillis, contentType);
        result = result with { Number = sum };
        changed = true;
        return ErrorCode.None;
    }

    /// <summary>Adds to a decimal number, and gives back the sum.</summary>
    /// <param name="state">The working state.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="info">What is known of its key.</param>
    /// <param name="results">Gets the new value.</param>
    /// <param name="result">Says where it is.</param>
    /// <param name="changed">Set when it changes something.</param>
    /// <returns>Why it did not.</returns>
    internal static ErrorCode IncrementFloat(
        IBatchState state,
        in Operation operation,
        in EntryInfo info,
        ResultBuffer results,
        ref OperationResult result,
        ref bool changed)
    {
        var number = 0m;
        string? contentType = null;
        var exists = info.Version != default;
        if ((exists && (info.ValueLength > DecimalText.ReadBytesMax
                || !DecimalText.TryRead(Read(state, in operation, results, out contentType), out number)))
            || !DecimalText.TryRead(operation.Value.Span, out var by)
            || !DecimalText.TryAdd(number, by, out var sum))
        {
            return ErrorCode.NotAFloat;
        }

        Span<byte> text = stackalloc byte[DecimalText.WrittenBytesMax];
        text = text[..DecimalText.Write(sum, text)];
        state.Set(operation.Key.Span, text, info.ExpiresAtMillis, contentType);
        result = result with { HasValue = true, ValueOffset = results.WrittenCount, ValueLength = text.Length };
        if (results.TryAdd(text.Length))
        {
            results.Writer.Write(text);
        }

        changed = true;
        return ErrorCode.None;
    }

    // Canonical only ("7", not "+7", "07" or "-0"): then a value that counts has one spelling, on every engine.
    private static bool TryReadInteger(ReadOnlySpan<byte> text, out long number)
    {
        Span<byte> canonical = stackalloc byte[IntegerBytesMax];
        return Utf8Parser.TryParse(text, out number, out var read)
            && read == text.Length
            && Utf8Formatter.TryFormat(number, canonical, out var length)
            && text.SequenceEqual(canonical[..length]);
    }

    private static ReadOnlySpan<byte> Read(
        IBatchState state, in Operation operation, ResultBuffer results, out string? contentType)
    {
        var scratch = results.EmptyScratch();
        contentType = state.CopyValue(operation.Key.Span, scratch);
        return scratch.WrittenSpan;
    }
}

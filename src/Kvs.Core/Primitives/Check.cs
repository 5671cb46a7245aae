using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Kvs.Core.Primitives;

/// <summary>Assertions that stay on in Release: a wrong invariant stops the writer before it writes.</summary>
internal static class Check
{
    /// <summary>Throws when an invariant does not hold.</summary>
    /// <param name="condition">What must be true.</param>
    /// <param name="text">The condition's source text, filled in by the compiler.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void That([DoesNotReturnIf(false)] bool condition, [CallerArgumentExpression(nameof(condition))] string? text = null)
    {
        if (!condition)
        {
            Fail(text);
        }
    }

    [DoesNotReturn]
    private static void Fail(string? text) => throw new KvsException(
        ErrorCode.Internal,
        $"Invariant broken: {text}. This is a bug of KvsTcp; please report it with the log.",
        WriteOutcome.Unknown);
}

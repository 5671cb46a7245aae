namespace Kvs.Core.Primitives;

/// <summary>What is known of error codes. Threading: pure functions.</summary>
internal static class ErrorCodes
{
    /// <summary>
    /// Whether it says what an operation found in the store: an answer, as a condition that does not hold is one, and no
    /// failure of the call.
    /// </summary>
    /// <param name="code">The code.</param>
    internal static bool IsVerdict(ErrorCode code) => code
        is ErrorCode.ConditionFailed or ErrorCode.NotAnInteger or ErrorCode.IntegerOverflow or ErrorCode.NotAFloat;
}

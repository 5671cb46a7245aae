using System.Globalization;

namespace Kvs.TestKit.Histories;

/// <summary>
/// What one key may answer: the specification that histories are judged by. Knows no time, no expiry and no batch
/// that names a key twice. Lenient in one case: a compare-and-set by version that was refused without being told the
/// version it found passes over a key whose version nobody was told.
/// </summary>
internal static class RegisterRules
{
    // States are passed by value: a reference to one would change under the callee's hands when its result goes there.

    /// <summary>Whether a key in this state may give this answer.</summary>
    /// <param name="before">The state.</param>
    /// <param name="action">The operation.</param>
    /// <param name="answer">The answer; <see cref="RegisterAnswer.Silent"/> for a write that takes effect unheard.</param>
    /// <param name="after">The state after it, when it may.</param>
    internal static bool Allows(
        RegisterState before, RegisterAction action, RegisterAnswer answer, out RegisterState after)
    {
        after = before;
        if (action.Verb == RegisterVerb.Get)
        {
            return answer.Value == before.Value && before.TrySee(answer.Version, out after);
        }

        if (answer.Existed is { } existed && existed != before.Exists)
        {
            return false;
        }

        return answer.Applied
            ? MayHold(before, action.Comparison, out after) && IsApplied(after, action, answer, out after)
            : before.TrySee(answer.Version, out after) && MayBeRefused(after, action);
    }

    private static bool MayHold(RegisterState state, Comparison comparison, out RegisterState after)
    {
        after = state;
        return comparison.Kind switch
        {
            ComparisonKind.Absent => !state.Exists,
            ComparisonKind.Present => state.Exists,
            ComparisonKind.Version => state.Exists && state.TrySee(comparison.Version, out after),
            ComparisonKind.Value => state.Value == comparison.Value,
            _ => true,
        };
    }

    private static bool MayFail(RegisterState state, Comparison comparison) => comparison.Kind switch
    {
        ComparisonKind.Version => !state.IsExact || state.Version != comparison.Version,
        _ => !MayHold(state, comparison, out _),
    };

    private static bool IsApplied(
        RegisterState state, RegisterAction action, RegisterAnswer answer, out RegisterState after)
    {
        after = state;
        return action.Verb switch
        {
            RegisterVerb.Set => state.TryWrite(action.Value, answer.Version, out after),
            RegisterVerb.Remove => state.Exists && state.TryWrite(null, answer.Version, out after),
            _ => TryCount(state, action.Delta, out var number)
                && (answer.Value ?? number) == number
                && state.TryWrite(number, answer.Version, out after),
        };
    }

    private static bool MayBeRefused(RegisterState state, RegisterAction action) => action.Verb switch
    {
        RegisterVerb.Remove when !state.Exists => true,
        RegisterVerb.Increment when !TryCount(state, action.Delta, out _) => true,
        _ => MayFail(state, action.Comparison),
    };

    private static bool TryCount(RegisterState state, long delta, out string number)
    {
        number = "";
        if (!long.TryParse(state.Value ?? "0", NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var old))
        {
            return false;
        }

        var sum = unchecked(old + delta);
        number = sum.ToString(CultureInfo.InvariantCulture);
        return (sum > old) == (delta > 0); // false when it went around
    }
}

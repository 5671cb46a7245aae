using Kvs.TestKit.Histories;

namespace Kvs.Crash.Tests.Histories;

/// <summary>The definition of linearizable, word by word: tries every order. For a few operations only.</summary>
internal static class EveryOrder
{
    internal static bool Explains(IReadOnlyList<HistoryOperation> operations, IEnumerable<RegisterState> initialStates) =>
        initialStates.Any(state => Explains(operations, state));

    private static bool Explains(IReadOnlyList<HistoryOperation> left, RegisterState state) =>
        !left.Any(operation => operation.IsAnswered)
        || left.Any(next =>
            !left.Any(other => other.Responded < next.Invoked)
            && RegisterRules.Allows(state, next.Action, next.Answer, out var after)
            && Explains([.. left.Where(other => !ReferenceEquals(other, next))], after));
}

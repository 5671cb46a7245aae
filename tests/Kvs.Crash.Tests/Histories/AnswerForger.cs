using Kvs.Core.Primitives;
using Kvs.TestKit.Histories;

namespace Kvs.Crash.Tests.Histories;

/// <summary>Changes one answer of a good history into one that no order can explain.</summary>
internal static class AnswerForger
{
    /// <summary>The forged histories that this one allows, one of each kind.</summary>
    internal static IEnumerable<(string Kind, List<HistoryOperation> History)> Forge(List<HistoryOperation> history, Random random)
    {
        foreach (var (kind, victim, answer) in Forgeries(history).GroupBy(forgery => forgery.Kind).Select(kind => Pick(kind, random)))
        {
            yield return (kind, [.. history.Select(operation => ReferenceEquals(operation, victim) ? operation with { Answer = answer } : operation)]);
        }
    }

    private static IEnumerable<(string Kind, HistoryOperation Victim, RegisterAnswer Answer)> Forgeries(List<HistoryOperation> history)
    {
        var answered = history.Where(operation => operation.IsAnswered).ToList();
        var sets = answered.Where(operation => operation is { IsAppliedWrite: true, Action: { Verb: RegisterVerb.Set, Value: ['v', ..] } }).ToList();
        foreach (var read in answered.Where(operation => operation.Action.Verb == RegisterVerb.Get))
        {
            yield return ("a value that nobody wrote", read, RegisterAnswer.Read("ghost"));
            foreach (var set in sets.Where(set => sets.Exists(later => later.Invoked > set.Responded && later.Responded < read.Invoked)).TakeLast(3))
            {
                yield return ("a value overwritten before", read, RegisterAnswer.Read(set.Action.Value));
            }
        }

        foreach (var increment in answered.Where(operation => operation is { IsAppliedWrite: true, Action.Verb: RegisterVerb.Increment }))
        {
            yield return ("a sum that nobody can reach", increment, RegisterAnswer.Counted(1_000_000_000));
        }

        var told = sets.Where(set => set.Answer.Version != KvsVersion.None).ToList();
        foreach (var (one, other) in told.Zip(told.Skip(1)))
        {
            yield return ("one version of two writes", one, one.Answer with { Version = other.Answer.Version });
        }
    }

    private static T Pick<T>(IEnumerable<T> items, Random random)
    {
        var all = items.ToList();
        return all[random.Next(all.Count)];
    }
}

using System.Text;

namespace Kvs.TestKit.Histories;

/// <summary>
/// The shortest part of a bad history that is bad by itself, for a person: found by cutting its end, then its
/// beginning, then single operations, as long as no order explains the rest. Every cut only forgets something (what
/// is not answered yet is open; before the beginning any write may be the last that can be), so what remains convicts
/// by itself.
/// </summary>
internal sealed class OffendingWindow
{
    private const int OptionalShownMax = 10;
    private const int BeforeShownMax = 5;
    private const int EndsTriedMax = 40;
    private const int StartsTriedMax = 128;

    private OffendingWindow(Part part)
    {
        InitialStates = part.InitialStates;
        Before = part.Before;
        var byTime = part.Operations.OrderBy(operation => operation.Invoked).ToLookup(operation => operation.IsAnswered);
        Operations = [.. byTime[true]];
        Optional = [.. byTime[false]];
    }

    /// <summary>The states that the key may have been in before the window.</summary>
    internal IReadOnlyList<RegisterState> InitialStates { get; }

    /// <summary>The writes of which one was the last before the window; none for a key that was never written.</summary>
    internal IReadOnlyList<HistoryOperation> Before { get; }

    /// <summary>The operations whose answers contradict each other, in order of time.</summary>
    internal IReadOnlyList<HistoryOperation> Operations { get; }

    /// <summary>Writes that may have happened or not, in order of time: neither helps.</summary>
    internal IReadOnlyList<HistoryOperation> Optional { get; }

    /// <summary>Finds the window of a history that is not linearizable.</summary>
    /// <param name="operations">Its operations: answered ones, and open writes.</param>
    /// <param name="stuckAt">The answer that the search did not get past.</param>
    /// <param name="configurationsMax">Bounds the search for it; when it is reached, the window is longer than it could be.</param>
    internal static OffendingWindow Find(IReadOnlyList<HistoryOperation> operations, long stuckAt, int configurationsMax)
    {
        var budget = new Budget(configurationsMax);
        var ends = operations.Where(operation => operation.IsAnswered).Select(operation => operation.Responded).Distinct().Order().ToList();
        var part = ends.Where(end => end >= stuckAt && stuckAt != LinearizationSearch.NotStuck)
            .Take(EndsTriedMax)
            .Select(end => Shortest(UpTo(operations, end), budget, StartsTriedMax))
            .FirstOrDefault(found => found is not null);
        if (part is null)
        {
            var known = UpTo(operations, FirstImpossible(operations, ends, budget));
            part = Shortest(known, budget, known.Count) ?? Since(known, long.MinValue)!;
        }

        return new OffendingWindow(WithoutTheUnneeded(part, budget));
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine($"No order explains the answers of these {Operations.Count} operations, in order of time:");
        AppendLines(text, Operations);
        text.AppendLine(Before.Count == 0 ? "before them the key was never written" : "before them the last write was one of these:");
        AppendLines(text, Before.TakeLast(BeforeShownMax));
        text.AppendLine(More(Before.Count - BeforeShownMax));
        if (Optional.Count > 0)
        {
            text.AppendLine("and each of these writes may have happened or not:");
            AppendLines(text, Optional.TakeLast(OptionalShownMax));
            text.AppendLine(More(Optional.Count - OptionalShownMax));
        }

        return text.Replace("\n\n", "\n").ToString().TrimEnd();
    }

    private static void AppendLines(StringBuilder text, IEnumerable<HistoryOperation> operations)
    {
        foreach (var operation in operations)
        {
            text.AppendLine($"  {operation}");
        }
    }

    /// <summary>The first answer with which the history is impossible.</summary>
    private static long FirstImpossible(IReadOnlyList<HistoryOperation> operations, List<long> ends, Budget budget)
    {
        var low = 0;
        var high = ends.Count - 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = budget.IsImpossible(Since(UpTo(operations, ends[middle]), long.MinValue)) ? (low, middle) : (middle + 1, high);
        }

        return ends[high];
    }

    /// <summary>The shortest impossible part at the end of a history; null when none is found.</summary>
    private static Part? Shortest(List<HistoryOperation> operations, Budget budget, int startsMax)
    {
        var starts = operations.Select(operation => operation.Invoked).Distinct().OrderDescending().Take(startsMax).ToList();
        var low = 0;
        var high = 0;
        while (!budget.IsImpossible(Since(operations, starts[high])))
        {
            if (high == starts.Count - 1)
            {
                return null;
            }

            low = high + 1;
            high = Math.Min((2 * high) + 1, starts.Count - 1);
        }

        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = budget.IsImpossible(Since(operations, starts[middle])) ? (low, middle) : (middle + 1, high);
        }

        return Since(operations, starts[high]);
    }

    private static string More(int count) => count > 0 ? $" and {count} more" : "";

    /// <summary>What an observer knows at a time: later answers are not there yet.</summary>
    private static List<HistoryOperation> UpTo(IReadOnlyList<HistoryOperation> operations, long end) =>
        [.. operations.Where(operation => operation.Invoked <= end)
            .Select(operation => operation.Responded <= end ? operation : operation.Forgotten())
            .Where(operation => operation.IsAnswered || operation.Action.IsWrite)];

    /// <summary>
    /// The part from a time on. Of what was answered before, the writes that may have been the last tell the state;
    /// what was under way may have happened before or after. Null when a state cannot be told.
    /// </summary>
    private static Part? Since(IReadOnlyList<HistoryOperation> operations, long start)
    {
        var earlier = operations.Where(operation => operation.Responded < start && operation.IsAppliedWrite).ToList();
        var newest = earlier.Select(operation => operation.Invoked).DefaultIfEmpty().Max();
        var before = earlier.Where(operation => operation.Responded >= newest).ToList();
        if (before.Exists(operation => operation.Action.Verb == RegisterVerb.Increment && operation.Answer.Value is null))
        {
            return null;
        }

        var states = before.Count == 0 ? [RegisterState.Missing] : before.Select(StateAfter).Distinct().ToList();
        return new Part(states, before, [.. operations.Where(operation => operation.Responded >= start)
            .Select(operation => operation.Invoked >= start ? operation : operation.Forgotten())
            .Where(operation => operation.IsAnswered || operation.Action.IsWrite)]);
    }

    private static RegisterState StateAfter(HistoryOperation write)
    {
        var value = write.Action.Verb switch
        {
            RegisterVerb.Set => write.Action.Value,
            RegisterVerb.Increment => write.Answer.Value,
            _ => null,
        };
        new RegisterState(value).TryWrite(value, write.Answer.Version, out var state);
        return state;
    }

    private static Part WithoutTheUnneeded(Part part, Budget budget)
    {
        foreach (var operation in part.Operations.Where(operation => operation.IsAnswered).OrderBy(operation => operation.Invoked).ToList())
        {
            var rest = part.Operations.Where(other => !ReferenceEquals(other, operation)).ToList();
            if (operation.IsAppliedWrite)
            {
                rest.Add(operation.Forgotten());
            }

            var smaller = part with { Operations = rest };
            part = budget.IsImpossible(smaller) ? smaller : part;
        }

        return part;
    }

    /// <summary>A part of a history.</summary>
    /// <param name="InitialStates">The states before it.</param>
    /// <param name="Before">The writes that left them.</param>
    /// <param name="Operations">Its operations.</param>
    private sealed record Part(
        IReadOnlyList<RegisterState> InitialStates,
        IReadOnlyList<HistoryOperation> Before,
        IReadOnlyList<HistoryOperation> Operations);

    /// <summary>Tries parts until a bound is reached; then nothing more is cut. One hard part may not use it all.</summary>
    private sealed class Budget(int configurationsMax)
    {
        private readonly int _partMax = Math.Max(configurationsMax / 50, 1);
        private int _left = configurationsMax;

        internal bool IsImpossible(Part? part)
        {
            if (_left <= 0 || part is null)
            {
                return false;
            }

            var search = new LinearizationSearch(part.Operations, part.InitialStates, _partMax);
            var outcome = search.Run();
            _left -= search.Configurations;
            return outcome == HistoryOutcome.NotLinearizable;
        }
    }
}

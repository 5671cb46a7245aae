using System.Text;
using Xunit;

namespace Kvs.TestKit.Histories;

/// <summary>
/// Judges histories: is there, for each key, one order of its operations that explains every answer and keeps the
/// order in which they were called and answered? Keys are judged one by one, which is enough (Herlihy and Wing's
/// locality). The rules of a key: <see cref="RegisterRules"/>.
/// </summary>
internal static class LinearizabilityChecker
{
    /// <summary>Configurations remembered for each key: about 100 MiB. A key of 1,000 operations needs a few thousand.</summary>
    internal const int ConfigurationsMax = 1_000_000;

    /// <summary>Judges a history.</summary>
    /// <param name="history">Operations in any order.</param>
    /// <param name="configurationsMax">The bound for each key.</param>
    internal static HistoryVerdict Check(
        IEnumerable<HistoryOperation> history, int configurationsMax = ConfigurationsMax) =>
        new([.. history
            .GroupBy(operation => operation.Key, StringComparer.Ordinal)
            .OrderBy(key => key.Key, StringComparer.Ordinal)
            .Select(key => CheckKey(key.Key, key, configurationsMax))]);

    /// <summary>Fails the test unless the history is linearizable; a search that gave up fails it too.</summary>
    /// <param name="history">Operations in any order.</param>
    internal static void Require(IEnumerable<HistoryOperation> history)
    {
        var verdict = Check(history);
        Assert.True(verdict.Outcome == HistoryOutcome.Linearizable, verdict.ToString());
    }

    private static KeyVerdict CheckKey(string key, IEnumerable<HistoryOperation> history, int configurationsMax)
    {
        // A read without an answer says nothing; what was surely not applied is not there.
        var operations = history
            .Where(operation => operation.IsAnswered || (operation.Action.IsWrite && operation.Fate == OperationFate.Open))
            .ToList();
        var search = new LinearizationSearch(operations, [RegisterState.Missing], configurationsMax);
        var outcome = search.Run();
        var window = outcome == HistoryOutcome.NotLinearizable ? OffendingWindow.Find(operations, search.StuckAt, configurationsMax) : null;
        return new KeyVerdict(key, outcome, operations.Count, search.Configurations, window);
    }
}

/// <summary>What was found out about one key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Outcome">The outcome.</param>
/// <param name="Operations">How many operations were judged.</param>
/// <param name="Configurations">How many configurations the search met: its cost.</param>
/// <param name="Window">The operations that cannot be explained, when there are such.</param>
internal sealed record KeyVerdict(
    string Key, HistoryOutcome Outcome, int Operations, int Configurations, OffendingWindow? Window)
{
    /// <inheritdoc/>
    public override string ToString() => Outcome switch
    {
        HistoryOutcome.Linearizable => $"key \"{Key}\": linearizable ({Operations} operations)",
        HistoryOutcome.GaveUp =>
            $"key \"{Key}\": GAVE UP after {Configurations} configurations of {Operations} operations. This proves nothing: "
            + "use more keys, fewer clients a key, or more answers that tell versions.",
        _ => $"key \"{Key}\": NOT LINEARIZABLE ({Operations} operations). {Window}",
    };
}

/// <summary>What was found out about a history.</summary>
/// <param name="Keys">Each key's verdict, in order.</param>
internal sealed record HistoryVerdict(IReadOnlyList<KeyVerdict> Keys)
{
    /// <summary>The worst of the keys' outcomes: one impossible key convicts, one undecided key acquits nobody.</summary>
    internal HistoryOutcome Outcome =>
        Keys.Any(key => key.Outcome == HistoryOutcome.NotLinearizable) ? HistoryOutcome.NotLinearizable
        : Keys.Any(key => key.Outcome == HistoryOutcome.GaveUp) ? HistoryOutcome.GaveUp
        : HistoryOutcome.Linearizable;

    /// <summary>The findings, or one line when there is none.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var key in Keys.Where(key => key.Outcome != HistoryOutcome.Linearizable))
        {
            text.Append(key).AppendLine();
        }

        return text.Length > 0 ? text.ToString() : $"linearizable: {Keys.Count} keys, {Keys.Sum(key => key.Operations)} operations";
    }
}

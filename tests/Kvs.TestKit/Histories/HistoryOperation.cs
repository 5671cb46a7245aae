using System.Globalization;

namespace Kvs.TestKit.Histories;

/// <summary>What is known of the effect of an operation.</summary>
internal enum OperationFate
{
    /// <summary>No answer: it may take effect at any time after its invocation, or never.</summary>
    Open,

    /// <summary>Answered: it took effect, or was judged and refused, between invocation and response.</summary>
    Answered,

    /// <summary>Surely without effect, now and for ever (refused before it was judged: overloaded, not the primary).</summary>
    NotApplied,
}

/// <summary>One operation of a history. Times are the caller's, of one clock; an operation retried under one number is one.</summary>
/// <param name="Client">Who asked.</param>
/// <param name="Key">The key.</param>
/// <param name="Action">What was asked.</param>
/// <param name="Invoked">When it was asked, the first time.</param>
internal sealed record HistoryOperation(string Client, string Key, RegisterAction Action, long Invoked)
{
    /// <summary>The response time of an operation without answer.</summary>
    internal const long Never = long.MaxValue;

    /// <summary>When the answer came.</summary>
    internal long Responded { get; init; } = Never;

    /// <summary>What is known of its effect.</summary>
    internal OperationFate Fate { get; init; } = OperationFate.Open;

    /// <summary>The answer.</summary>
    internal RegisterAnswer Answer { get; init; } = RegisterAnswer.Silent;

    /// <summary>Whether the answer must be explained.</summary>
    internal bool IsAnswered => Fate == OperationFate.Answered;

    /// <summary>Whether it was answered and changed the key.</summary>
    internal bool IsAppliedWrite => IsAnswered && Action.IsWrite && Answer.Applied;

    /// <summary>The same operation, of which nothing is known: it may have happened or not.</summary>
    internal HistoryOperation Forgotten() =>
        this with { Fate = OperationFate.Open, Responded = Never, Answer = RegisterAnswer.Silent };

    /// <inheritdoc/>
    public override string ToString()
    {
        var (until, outcome) = Fate switch
        {
            OperationFate.Open => ("?", "unknown"),
            OperationFate.NotApplied => (Number(Responded), "not applied"),
            _ => (Number(Responded), Answer.Describe(Action.Verb)),
        };
        return $"[{Number(Invoked)} .. {until}] {Client}: {Action} -> {outcome}";
    }

    private static string Number(long time) => time.ToString(CultureInfo.InvariantCulture);
}

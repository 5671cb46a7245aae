using System.Globalization;
using Kvs.Core.Primitives;
using Kvs.TestKit.Histories;

namespace Kvs.Crash.Tests.Histories;

/// <summary>
/// Makes histories that are linearizable by construction: a register without concurrency answers one operation after
/// another; around the instant of each lies the interval that its client saw.
/// </summary>
/// <param name="random">The dice.</param>
/// <param name="tellsVersions">Whether answers tell versions, where the product does.</param>
/// <param name="hasFewValues">Whether values come again; else each set has one of its own.</param>
internal sealed class HistoryDice(Random random, bool tellsVersions, bool hasFewValues = false)
{
    private readonly List<KvsVersion> _versions = [];
    private string? _value;
    private ulong _sequence;

    /// <summary>A history of some clients, each of which asks one thing at a time.</summary>
    internal List<HistoryOperation> Roll(int operations, int clients)
    {
        var free = new long[clients];
        var begun = new List<(string Client, long Invoked, long Instant, long Responded, OperationFate Fate)>();
        for (var i = 0; i < operations; i++)
        {
            var client = Array.IndexOf(free, free.Min());
            var invoked = free[client] + random.Next(20);
            var responded = invoked + 1 + random.Next(100);
            var fate = random.Next(100) switch { < 4 => OperationFate.Open, < 7 => OperationFate.NotApplied, _ => OperationFate.Answered };
            var instant = random.NextInt64(invoked, fate == OperationFate.Open ? responded + 300 : responded + 1);
            begun.Add(($"c{client}", invoked, instant, responded, fate));
            free[client] = responded + 1;
        }

        return [.. begun.OrderBy(one => one.Instant).Select(one =>
        {
            var action = RollAction();
            var takesEffect = one.Fate == OperationFate.Answered || (one.Fate == OperationFate.Open && random.Next(2) == 0);
            var answer = takesEffect ? Execute(action) : RegisterAnswer.Silent;
            var operation = new HistoryOperation(one.Client, "k", action, one.Invoked);
            return one.Fate switch
            {
                OperationFate.Open => operation,
                OperationFate.NotApplied => operation with { Fate = one.Fate, Responded = one.Responded },
                _ => operation with { Fate = one.Fate, Responded = one.Responded, Answer = answer },
            };
        })];
    }

    private RegisterAction RollAction() => random.Next(100) switch
    {
        < 45 => RegisterAction.Get,
        < 60 => RegisterAction.Set(Fresh()),
        < 66 => RegisterAction.Set(random.Next(hasFewValues ? 3 : 1000).ToString(CultureInfo.InvariantCulture)),
        < 74 => RegisterAction.CompareAndSet(random.Next(2) == 0 ? _value : "other", Fresh()),
        < 82 when _versions.Count > 0 => RegisterAction.CompareAndSet(_versions[Math.Max(0, _versions.Count - 1 - random.Next(3))], Fresh()),
        < 88 => RegisterAction.Remove,
        _ => RegisterAction.Increment(random.Next(1, hasFewValues ? 3 : 9)),
    };

    private string Fresh() => hasFewValues ? $"v{random.Next(2)}" : $"v{random.NextInt64():x}";

    private RegisterAnswer Execute(RegisterAction action)
    {
        var existed = _value is not null;
        var version = existed ? _versions[^1] : default;
        switch (action.Verb)
        {
            case RegisterVerb.Get:
                return RegisterAnswer.Read(_value, Told(version));
            case RegisterVerb.Set when Holds(action.Comparison, version):
                return RegisterAnswer.Wrote(Told(Write(action.Value)), existed);
            case RegisterVerb.Remove when existed:
                return RegisterAnswer.Wrote(Told(Write(null)), existed);
            case RegisterVerb.Increment when long.TryParse(_value ?? "0", CultureInfo.InvariantCulture, out var old):
                Write((old + action.Delta).ToString(CultureInfo.InvariantCulture));
                return RegisterAnswer.Counted(old + action.Delta);
            default:
                return RegisterAnswer.Refused(Told(version), existed);
        }
    }

    private bool Holds(in Comparison comparison, KvsVersion version) => comparison.Kind switch
    {
        ComparisonKind.Absent => _value is null,
        ComparisonKind.Version => _value is not null && version == comparison.Version,
        ComparisonKind.Value => _value == comparison.Value,
        _ => true,
    };

    private KvsVersion Write(string? value)
    {
        _value = value;
        _sequence += (ulong)random.Next(1, 4); // other keys take sequences too
        _versions.Add(new KvsVersion(1, _sequence));
        return _versions[^1];
    }

    private KvsVersion Told(KvsVersion version) => tellsVersions ? version : KvsVersion.None;
}

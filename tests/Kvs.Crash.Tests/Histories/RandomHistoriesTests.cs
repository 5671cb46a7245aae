using System.Globalization;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Histories;
using Xunit;

namespace Kvs.Crash.Tests.Histories;

public sealed class RandomHistoriesTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_history_of_a_real_register_is_linearizable(bool tellsVersions)
    {
        ForEachSeed(300, random =>
            LinearizabilityChecker.Require(new HistoryDice(random, tellsVersions).Roll(random.Next(1, 200), random.Next(1, 12))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_forged_answer_is_found(bool tellsVersions)
    {
        var kinds = new HashSet<string>();
        ForEachSeed(50, random =>
        {
            var history = new HistoryDice(random, tellsVersions).Roll(random.Next(20, 150), random.Next(2, 10));
            foreach (var (kind, forged) in AnswerForger.Forge(history, random))
            {
                var verdict = LinearizabilityChecker.Check(forged);
                Assert.True(verdict.Outcome == HistoryOutcome.NotLinearizable, $"{kind}: {verdict}");
                kinds.Add(kind);
            }
        });
        Assert.Equal(tellsVersions ? 4 : 3, kinds.Count);
    }

    /// <summary>Small histories, good and bad ones, some absurd, some with one answer changed: the search says what the definition says.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_search_agrees_with_the_definition(bool isAbsurd)
    {
        var good = 0;
        var bad = 0;
        ForEachSeed(20_000, random =>
        {
            var history = isAbsurd ? RollAbsurd(random, random.Next(1, 7)) : RollDoubtful(random, random.Next(2, 9));
            var expected = EveryOrder.Explains(history, [RegisterState.Missing]);
            var search = new LinearizationSearch(history, [RegisterState.Missing], int.MaxValue);
            Assert.True(expected == (search.Run() == HistoryOutcome.Linearizable), Story(expected, history));
            _ = expected ? good++ : bad++;
        });
        Assert.True(good > 2000 && bad > 2000, $"{good} good, {bad} bad: the dice are loaded");
    }

    [Fact]
    public void A_window_is_bad_by_itself_and_each_of_its_operations_is_needed()
    {
        var shortened = 0;
        ForEachSeed(3000, random =>
        {
            var history = RollDoubtful(random, random.Next(2, 9));
            var search = new LinearizationSearch(history, [RegisterState.Missing], int.MaxValue);
            if (search.Run() == HistoryOutcome.Linearizable)
            {
                return;
            }

            var window = OffendingWindow.Find(history, search.StuckAt, configurationsMax: 100_000);
            Assert.False(Explains(window, without: null), Story(false, history));
            foreach (var operation in window.Operations)
            {
                Assert.True(Explains(window, operation), $"{operation} is not needed in\n{Story(false, history)}");
            }

            shortened += window.Operations.Count < history.Count(operation => operation.IsAnswered) ? 1 : 0;
        });
        Assert.True(shortened > 300, $"{shortened} windows were shorter than their history");
    }

    /// <summary>The cost is counted in configurations, not in time: they take a few microseconds each.</summary>
    [Theory]
    [InlineData(true, 1000, 20)]
    [InlineData(false, 300, 8)]
    public void Many_operations_of_many_clients_on_one_key_are_cheap(bool tellsVersions, int operations, int clients)
    {
        ForEachSeed(2, random =>
        {
            var history = new HistoryDice(random, tellsVersions).Roll(operations, clients);
            var good = LinearizabilityChecker.Check(history);
            Assert.Equal(HistoryOutcome.Linearizable, good.Outcome);
            Assert.InRange(good.Keys[0].Configurations, 1, 20_000);
            foreach (var (kind, forged) in AnswerForger.Forge(history, random))
            {
                var bad = LinearizabilityChecker.Check(forged);
                Assert.True(bad.Outcome == HistoryOutcome.NotLinearizable, kind);
            }
        });
    }

    private static bool Explains(OffendingWindow window, HistoryOperation? without)
    {
        var operations = window.Operations.Where(operation => !ReferenceEquals(operation, without)).Concat(window.Optional);
        var forgotten = without is { IsAppliedWrite: true } ? [without.Forgotten()] : Array.Empty<HistoryOperation>();
        return EveryOrder.Explains([.. operations, .. forgotten], window.InitialStates);
    }

    private static List<HistoryOperation> RollAbsurd(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(i => RollAnything(random, $"c{i}"))];

    /// <summary>What a register answered, but for one answer, which another operation of the same kind was given.</summary>
    private static List<HistoryOperation> RollDoubtful(Random random, int count)
    {
        var history = new HistoryDice(random, tellsVersions: random.Next(2) == 0, hasFewValues: true).Roll(count, random.Next(2, 6))
            .Where(operation => operation.IsAnswered || (operation.Fate == OperationFate.Open && operation.Action.IsWrite))
            .ToList();
        var victim = random.Next(Math.Max(history.Count, 1));
        var likes = history.Where(other => other.IsAnswered && other.Action.Verb == history[victim].Action.Verb).ToList();
        if (likes.Count > 0 && history[victim].IsAnswered)
        {
            history[victim] = history[victim] with { Answer = likes[random.Next(likes.Count)].Answer };
        }

        return history;
    }

    private static HistoryOperation RollAnything(Random random, string client)
    {
        string[] values = ["a", "b", "1", "2"];
        var value = values[random.Next(4)];
        var version = random.Next(2) == 0 ? default : new KvsVersion(1, (ulong)random.Next(1, 4));
        var comparison = random.Next(8) switch
        {
            0 => new Comparison(ComparisonKind.Absent),
            1 => new Comparison(ComparisonKind.Present),
            2 => new Comparison(ComparisonKind.Version, new KvsVersion(1, (ulong)random.Next(1, 4))),
            3 => new Comparison(ComparisonKind.Value, Value: values[random.Next(4)]),
            _ => default,
        };
        var action = random.Next(6) switch
        {
            0 or 1 => RegisterAction.Get,
            2 or 3 => RegisterAction.Set(value, comparison),
            4 => RegisterAction.Remove with { Comparison = comparison },
            _ => RegisterAction.Increment(random.Next(1, 3)),
        };
        var invoked = random.Next(12);
        var operation = new HistoryOperation(client, "k", action, invoked);
        if (action.IsWrite && random.Next(5) == 0)
        {
            return operation;
        }

        var answer = action.Verb switch
        {
            RegisterVerb.Get => random.Next(4) == 0 ? RegisterAnswer.Read(null) : RegisterAnswer.Read(value, version),
            _ when random.Next(4) == 0 => RegisterAnswer.Refused(version),
            RegisterVerb.Increment => RegisterAnswer.Counted(random.Next(1, 5), version),
            _ => RegisterAnswer.Wrote(version, random.Next(3) switch { 0 => true, 1 => false, _ => null }),
        };
        return operation with { Fate = OperationFate.Answered, Responded = invoked + random.Next(8), Answer = answer };
    }

    private static string Story(bool expected, List<HistoryOperation> history) =>
        $"expected {(expected ? "good" : "bad")}:\n{string.Join('\n', history)}";

    private static void ForEachSeed(int rounds, Action<Random> round)
    {
        TestSeed.Run(seed =>
        {
            for (var i = 0; i < rounds; i++)
            {
                try
                {
                    round(new Random(unchecked(seed + i)));
                }
                catch (Exception failure)
                {
                    throw new InvalidOperationException(
                        string.Create(CultureInfo.InvariantCulture, $"Round {i}: {failure.Message}"), failure);
                }
            }
        });
    }
}

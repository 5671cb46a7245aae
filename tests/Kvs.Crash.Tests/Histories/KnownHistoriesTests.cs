using Kvs.Core.Primitives;
using Kvs.TestKit.Histories;
using Xunit;
using static Kvs.Crash.Tests.Histories.Timeline;
using static Kvs.TestKit.Histories.RegisterAction;
using static Kvs.TestKit.Histories.RegisterAnswer;

namespace Kvs.Crash.Tests.Histories;

/// <summary>A checker that convicts nobody proves nothing: here are the crimes, each beside what looks alike and is none.</summary>
public sealed class KnownHistoriesTests
{
    private static readonly KvsVersion V1 = new(1, 1);
    private static readonly KvsVersion V2 = new(1, 2);
    private static readonly KvsVersion V3 = new(1, 3);

    [Fact]
    public void A_read_beside_a_write_may_see_the_old_or_the_new_value()
    {
        Good(
            Told("a", 0, 10, Set("old"), Wrote()),
            Told("a", 20, 50, Set("new"), Wrote()),
            Told("b", 30, 35, Get, Read("old")),
            Told("b", 36, 40, Get, Read("new")));
    }

    [Fact]
    public void A_stale_read_is_bad()
    {
        Bad("""
            before: [20 .. 30] a: set "new" -> applied
            [31 .. 40] b: get -> "old"
            """,
            Told("a", 0, 10, Set("old"), Wrote()),
            Told("c", 5, 60, Get, Read("new")),
            Told("a", 20, 30, Set("new"), Wrote()),
            Told("b", 31, 40, Get, Read("old")));
    }

    [Fact]
    public void Two_readers_may_not_see_a_write_come_and_go()
    {
        Bad("""
            before: [0 .. 1] a: set "old" -> applied
            [20 .. 25] b: get -> "new"
            [26 .. 30] c: get -> "old"
            """,
            Told("a", 0, 1, Set("old"), Wrote()),
            Told("a", 10, 90, Set("new"), Wrote()),
            Told("b", 20, 25, Get, Read("new")),
            Told("c", 26, 30, Get, Read("old")));
    }

    [Fact]
    public void A_lost_write_is_bad()
    {
        Bad("""
            before: [0 .. 10] a: set "x" -> applied
            [20 .. 30] b: get -> missing
            """,
            Told("a", 0, 10, Set("x"), Wrote()),
            Told("b", 20, 30, Get, Read(null)));
    }

    [Fact]
    public void A_value_that_nobody_wrote_is_bad()
    {
        Bad("""
            before: [0 .. 10] a: set "x" -> applied
            [20 .. 30] b: get -> "ghost"
            """,
            Told("a", 0, 10, Set("x"), Wrote()),
            Told("b", 12, 18, Get, Read("x")),
            Told("b", 20, 30, Get, Read("ghost")));
    }

    [Fact]
    public void An_increment_that_was_applied_twice_is_bad()
    {
        Good(Unknown("a", 0, Increment()), Told("b", 10, 20, Get, Read("1")), Told("b", 21, 30, Get, Read("1")));
        Bad("""
            before: [0 .. 50] a: increment by 1 -> "1"
            [60 .. 70] b: get -> "2"
            """,
            Told("a", 0, 50, Increment(), Counted(1)),
            Told("b", 60, 70, Get, Read("2")));
        Bad("""
            [10 .. 20] b: get -> "2"
            """,
            Unknown("a", 0, Increment()),
            Told("b", 10, 20, Get, Read("2")));
    }

    [Fact]
    public void One_version_is_compared_and_set_by_one_client_only()
    {
        HistoryOperation[] begin = [Told("a", 0, 10, Set("x"), Wrote(V1))];
        Good([.. begin,
            Told("b", 20, 40, CompareAndSet(V1, "b"), Wrote(V2)),
            Told("c", 20, 40, CompareAndSet(V1, "c"), Refused(V2, existed: true))]);
        Bad("""
            before: [0 .. 10] a: set "x" -> applied, version 1-1
            [20 .. 40] b: set "b" if version 1-1 -> applied, version 1-2
            [20 .. 40] c: set "c" if version 1-1 -> applied, version 1-3
            """,
            [.. begin,
            Told("b", 20, 40, CompareAndSet(V1, "b"), Wrote(V2)),
            Told("c", 20, 40, CompareAndSet(V1, "c"), Wrote(V3))]);
    }

    [Fact]
    public void One_value_is_compared_and_set_by_one_client_only()
    {
        Bad("""
            before: [0 .. 10] a: set "x" -> applied
            [20 .. 40] b: set "b" if "x" -> applied
            [20 .. 40] c: set "c" if "x" -> applied
            """,
            Told("a", 0, 10, Set("x"), Wrote()),
            Told("b", 20, 40, CompareAndSet("x", "b"), Wrote()),
            Told("c", 20, 40, CompareAndSet("x", "c"), Wrote()));
    }

    [Fact]
    public void Only_one_client_finds_a_key_absent()
    {
        Bad("""
            [0 .. 40] b: set "b" if absent -> applied
            [0 .. 40] c: set "c" if absent -> applied
            """,
            Told("b", 0, 40, CompareAndSet(null, "b"), Wrote()),
            Told("c", 0, 40, CompareAndSet(null, "c"), Wrote()));
    }

    [Fact]
    public void A_comparison_that_held_may_not_be_refused()
    {
        Bad("""
            before: [0 .. 10] a: set "x" -> applied, version 1-1
            [20 .. 40] b: set "b" if version 1-1 -> refused, version 1-1
            """,
            Told("a", 0, 10, Set("x"), Wrote(V1)),
            Told("b", 20, 40, CompareAndSet(V1, "b"), Refused(V1)));
    }

    [Fact]
    public void An_unknown_write_takes_effect_late_or_never()
    {
        Good(
            Told("a", 0, 1, Set("x"), Wrote()),
            Unknown("b", 2, Set("late")),
            Told("a", 10, 20, Get, Read("x")),
            Told("a", 30, 40, Set("y"), Wrote()),
            Told("a", 50, 60, Get, Read("late")));
        Good(Unknown("b", 2, Set("late")), Told("a", 10, 20, Get, Read(null)));
    }

    [Fact]
    public void An_unknown_write_that_was_seen_is_there_and_only_once()
    {
        Bad("""
            before: [0 .. 1] a: set "x" -> applied
            [10 .. 20] a: get -> "late"
            [30 .. 40] a: get -> "x"
            """,
            Told("a", 0, 1, Set("x"), Wrote()),
            Unknown("b", 2, Set("late")),
            Told("a", 10, 20, Get, Read("late")),
            Told("a", 30, 40, Get, Read("x")));
        Bad("""
            [10 .. 20] a: get -> "late"
            [30 .. 40] a: set "y" -> applied
            [50 .. 60] a: get -> "late"
            """,
            Unknown("b", 2, Set("late")),
            Told("a", 10, 20, Get, Read("late")),
            Told("a", 30, 40, Set("y"), Wrote()),
            Told("a", 50, 60, Get, Read("late")));
    }

    [Fact]
    public void A_write_that_was_not_applied_is_never_seen()
    {
        Bad("""
            [20 .. 30] b: get -> "x"
            """,
            NotApplied("a", 0, 10, Set("x")),
            Told("b", 20, 30, Get, Read("x")));
    }

    [Fact]
    public void A_value_is_not_read_before_it_is_written()
    {
        Bad("""
            [0 .. 10] b: get -> "x"
            """,
            Told("b", 0, 10, Get, Read("x")),
            Told("a", 11, 20, Set("x"), Wrote()));
    }

    [Fact]
    public void Versions_only_grow()
    {
        Bad("""
            before: [0 .. 10] a: set "x" -> applied, version 1-2
            [11 .. 20] a: set "y" -> applied, version 1-1
            """,
            Told("a", 0, 10, Set("x"), Wrote(V2)),
            Told("a", 11, 20, Set("y"), Wrote(V1)));
    }

    [Fact]
    public void A_removal_finds_what_is_there()
    {
        Good(
            Told("a", 0, 10, Set("x"), Wrote()),
            Told("a", 11, 30, Remove, Wrote(existed: true)),
            Told("b", 11, 30, Remove, Refused(existed: false)));
        Bad("""
            before: [0 .. 10] a: set "x" -> applied
            [11 .. 30] a: remove -> applied, was there
            [11 .. 30] b: remove -> applied, was there
            """,
            Told("a", 0, 10, Set("x"), Wrote()),
            Told("a", 11, 30, Remove, Wrote(existed: true)),
            Told("b", 11, 30, Remove, Wrote(existed: true)));
    }

    /// <summary>The set of "x" came before that of "y", whose end lies before the window of the two last reads: it is no evidence there.</summary>
    [Fact]
    public void What_was_under_way_when_a_window_begins_is_no_evidence()
    {
        Bad("""
            [2 .. 4] d: get -> "u", version 1-3
            [80 .. 90] d: get -> "y", version 1-2
            """,
            Unknown("c", 0, Set("u")),
            Told("a", 1, 50, Set("x"), Wrote()),
            Told("d", 2, 4, Get, Read("u", V3)),
            Told("b", 5, 10, Set("y"), Wrote()),
            Told("d", 40, 45, Get, Read("y")),
            Told("d", 60, 70, Get, Read("y")),
            Told("d", 80, 90, Get, Read("y", V2)));
    }

    [Fact]
    public void Keys_are_judged_one_by_one()
    {
        var history = new[]
        {
            Told("a", 0, 10, Set("x"), Wrote(), key: "good"),
            Told("a", 20, 30, Get, Read("x"), key: "good"),
            Told("a", 40, 50, Get, Read("x"), key: "bad"),
        };
        var verdict = LinearizabilityChecker.Check(history);
        Assert.Equal(
            [("bad", HistoryOutcome.NotLinearizable), ("good", HistoryOutcome.Linearizable)],
            verdict.Keys.Select(key => (key.Key, key.Outcome)));
        Assert.Equal(HistoryOutcome.NotLinearizable, verdict.Outcome);
    }

    [Fact]
    public void A_search_that_gives_up_fails_the_test()
    {
        var history = Enumerable.Range(0, 30).Select(i => Told($"c{i}", 0, 100, Increment(1L << i), Counted(1L << i))).ToList();
        var verdict = LinearizabilityChecker.Check(history.Select(operation => operation with { Answer = Wrote() })
            .Append(Told("z", 200, 300, Get, Read("1"))), configurationsMax: 1000);
        Assert.Equal(HistoryOutcome.GaveUp, verdict.Outcome);
        Assert.Contains("GAVE UP after 1001 configurations", verdict.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Requiring_fails_with_the_report()
    {
        var failure = Assert.ThrowsAny<Exception>(() =>
            LinearizabilityChecker.Require(
                [Told("a", 0, 10, Set("x"), Wrote()), Unknown("c", 5, Set("y")), Told("b", 20, 30, Get, Read(null))]));
        Assert.Contains(
            """
            key "k": NOT LINEARIZABLE (3 operations). No order explains the answers of these 1 operations, in order of time:
              [20 .. 30] b: get -> missing
            before them the last write was one of these:
              [0 .. 10] a: set "x" -> applied
            and each of these writes may have happened or not:
              [5 .. ?] c: set "y" -> unknown
            """,
            failure.Message.ReplaceLineEndings("\n"), StringComparison.Ordinal);
    }

    private static void Good(params HistoryOperation[] history) => LinearizabilityChecker.Require(history);

    private static void Bad(string window, params HistoryOperation[] history)
    {
        var verdict = LinearizabilityChecker.Check(history);
        Assert.Equal(HistoryOutcome.NotLinearizable, verdict.Outcome);
        var found = Assert.Single(verdict.Keys).Window!;
        Assert.Equal(window, string.Join('\n', found.Before.Select(write => $"before: {write}").Concat(found.Operations.Select(one => $"{one}"))));
    }
}

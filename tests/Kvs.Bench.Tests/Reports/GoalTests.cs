using Kvs.Bench.Figures;
using Kvs.Bench.Reports;
using Xunit;

namespace Kvs.Bench.Tests.Reports;

/// <summary>Ratios are taken within a round, before the median.</summary>
public sealed class GoalTests
{
    [Fact]
    public void A_ratio_is_that_of_the_same_round()
    {
        CellResult[] results = [Result("a", 1, 10), Result("b", 1, 5), Result("a", 2, 100), Result("b", 2, 200), Result("a", 3, 9)];

        Assert.Equal(new Spread(1.25, 0.5, 2), Goal.Ratio("cell", "a", "b", 1).Measured(results));
    }

    [Fact]
    public void What_was_not_measured_has_no_figure() => Assert.Null(Goal.Ratio("cell", "a", "b", 1).Measured([Result("a", 1, 10)]));

    private static CellResult Result(string side, int round, double rate) =>
        new() { Cell = "cell", Side = side, Durability = "", Round = round, Rate = rate, P50 = 1, P99 = 1, Max = 1, SyncP50 = 1 };
}

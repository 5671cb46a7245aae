using Kvs.Bench.Figures;
using Xunit;

namespace Kvs.Bench.Tests.Figures;

/// <summary>Medians with what they lie between.</summary>
public sealed class SpreadTests
{
    [Fact]
    public void An_odd_number_of_rounds_has_a_middle_one() => Assert.Equal(new Spread(2, 1, 9), Spread.Of([9, 1, 2]));

    [Fact]
    public void An_even_number_has_a_middle_between_two() => Assert.Equal(new Spread(2.5, 1, 9), Spread.Of([9, 1, 2, 3]));

    [Fact]
    public void The_text_names_all_three() => Assert.Equal("2.50 (1.00..9.00)", new Spread(2.5, 1, 9).Text("F2"));
}

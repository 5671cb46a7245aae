using Kvs.Bench.Figures;
using Xunit;

namespace Kvs.Bench.Tests.Figures;

/// <summary>What the figures of all reports rest on.</summary>
public sealed class LatencyHistogramTests
{
    [Theory]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(0.99)]
    [InlineData(0.999)]
    public void A_quantile_is_at_most_one_bucket_above_the_true_one(double quantile)
    {
        var random = new Random(1);
        var latencies = Enumerable.Range(0, 100_000).Select(_ => (long)Math.Exp(random.NextDouble() * 20)).ToList();
        var histogram = new LatencyHistogram();
        latencies.ForEach(histogram.Record);
        latencies.Sort();

        var exact = latencies[(int)Math.Ceiling(quantile * latencies.Count) - 1] / 1000.0;

        Assert.InRange(histogram.Micros(quantile), exact, exact * (1 + (1.0 / 32)));
    }

    [Fact]
    public void The_longest_is_exact()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(5);
        histogram.Record(1_234_567);

        Assert.Equal(1234.567, histogram.Micros(1));
    }

    [Fact]
    public void Two_are_merged()
    {
        var (one, other) = (new LatencyHistogram(), new LatencyHistogram());
        one.Record(1000);
        other.Record(9000);

        one.Add(other);

        Assert.Equal((2, 9.0), (one.Count, one.Micros(1)));
    }
}

using Kvs.Micro;
using Xunit;

namespace Kvs.Bench.Tests.Micro;

/// <summary>When a hot part has become worse.</summary>
public sealed class BaselineTests
{
    private static readonly Dictionary<string, Part> _stored = new() { ["Part"] = new Part(2.0, 16) };

    [Theory]
    [InlineData(2.6, 16, 0)]
    [InlineData(2.61, 16, 1)]
    [InlineData(0.1, 16, 0)]
    [InlineData(0.1, 16.024, 1)]
    [InlineData(0.1, 0, 0)]
    public void More_bytes_or_much_more_time_are_found(double ratio, double bytes, int findings) =>
        Assert.Equal(findings, Baseline.Findings(_stored, new Dictionary<string, Part> { ["Part"] = new Part(ratio, bytes) }).Count());

    [Fact]
    public void A_part_that_allocated_nothing_may_not_begin_to() =>
        Assert.Single(Baseline.Findings(
            new Dictionary<string, Part> { ["Part"] = new Part(1, 0) }, new Dictionary<string, Part> { ["Part"] = new Part(1, 0.024) }));

    [Fact]
    public void A_part_without_baseline_and_a_baseline_without_part_are_found() =>
        Assert.Equal(2, Baseline.Findings(_stored, new Dictionary<string, Part> { ["Other"] = new Part(1, 0) }).Count());

    [Fact]
    public void The_stored_baseline_names_every_part() =>
        Assert.Equal(
            typeof(HotParts).GetMethods().Where(static method => method.IsDefined(typeof(BenchmarkDotNet.Attributes.BenchmarkAttribute), false))
                .Select(static method => method.Name).Order(StringComparer.Ordinal),
            Baseline.Read().Keys.Order(StringComparer.Ordinal));
}

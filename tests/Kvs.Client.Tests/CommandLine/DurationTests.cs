using Kvs.Client.Output;
using Xunit;

namespace Kvs.Client.Tests.CommandLine;

/// <summary>Durations as they are written on the command line.</summary>
public sealed class DurationTests
{
    [Theory]
    [InlineData("1ms", 1)]
    [InlineData("500ms", 500)]
    [InlineData("30s", 30_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("5m", 300_000)]
    [InlineData("2h", 7_200_000)]
    [InlineData("1d", 86_400_000)]
    [InlineData("36500d", 3_153_600_000_000)]
    public void These_are_durations(string text, long millis)
    {
        Assert.True(Durations.TryParse(text, out var duration));
        Assert.Equal(millis, (long)duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("30")]
    [InlineData("-1s")]
    [InlineData("0s")]
    [InlineData("0.4ms")]
    [InlineData("1 s")]
    [InlineData("1S")]
    [InlineData("1s5")]
    [InlineData("1.2.3s")]
    [InlineData("1e3s")]
    [InlineData("1w")]
    [InlineData("36501d")]
    [InlineData("99999999999999999999999999d")]
    public void These_are_none(string text) => Assert.False(Durations.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0ms")]
    [InlineData(999, "999ms")]
    [InlineData(1_000, "1s")]
    [InlineData(29_500, "29.5s")]
    [InlineData(29_999, "29.999s")]
    [InlineData(86_400_000, "86400s")]
    public void What_is_printed_can_be_given_back(long millis, string text)
    {
        Assert.Equal(text, Durations.Format(TimeSpan.FromMilliseconds(millis)));
        Assert.Equal(millis > 0, Durations.TryParse(text, out var duration));
        Assert.Equal(millis, (long)duration.TotalMilliseconds);
    }
}

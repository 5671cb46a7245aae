using Kvs.Server.Doors.Grpc.Wire;
using Xunit;

namespace Kvs.Server.Tests.Doors.Grpc;

/// <summary>The header grpc-timeout.</summary>
public sealed class GrpcTimeoutTests
{
    [Theory]
    [InlineData("1H", 3_600_000_000)]
    [InlineData("2M", 120_000_000)]
    [InlineData("3S", 3_000_000)]
    [InlineData("4m", 4_000)]
    [InlineData("5u", 5)]
    [InlineData("99999999S", 99_999_999_000_000)]
    [InlineData("0m", 0)]
    public void A_number_with_a_unit_is_a_time(string text, long micros)
    {
        Assert.True(GrpcTimeout.TryParse(text, out var timeout));
        Assert.Equal(TimeSpan.FromMicroseconds(micros), timeout);
    }

    [Theory]
    [InlineData("1n", 1)]
    [InlineData("101n", 2)]
    public void Nanoseconds_are_rounded_up_to_the_clocks_ticks(string text, long ticks)
    {
        Assert.True(GrpcTimeout.TryParse(text, out var timeout));
        Assert.Equal(ticks, timeout.Ticks);
    }

    [Theory]
    [InlineData("")]
    [InlineData("S")]
    [InlineData("1")]
    [InlineData("1s")]
    [InlineData("-1S")]
    [InlineData("+1S")]
    [InlineData("1.5S")]
    [InlineData(" 1S")]
    [InlineData("123456789S")]
    [InlineData("٣S")]
    public void Anything_else_is_malformed(string text) => Assert.False(GrpcTimeout.TryParse(text, out _));
}

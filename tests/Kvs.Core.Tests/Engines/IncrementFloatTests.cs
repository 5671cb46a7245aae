using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Core.Tests.Engines;

public sealed class IncrementFloatTests : ApplierTestBase
{
    [Theory]
    [InlineData(null, "1.5", "1.5")]
    [InlineData("10.50", "0.1", "10.6")]
    [InlineData("10.6", "-5", "5.6")]
    [InlineData("5.0e3", "2.0e2", "5200")]
    [InlineData("3.0E3", "1e-3", "3000.001")]
    [InlineData("0.1", "0.2", "0.3")]
    [InlineData("3.0", "1.1", "4.1")]
    [InlineData("100", "0", "100")]
    [InlineData("1", "-1.000", "0")]
    [InlineData("-0", "0", "0")]
    [InlineData("-0.0", "-0", "0")]
    [InlineData("-0.5", "0.25", "-0.25")]
    [InlineData("+1", "+.5", "1.5")]
    [InlineData("007", "5.", "12")]
    [InlineData("17179869184", "1.5", "17179869185.5")]
    [InlineData("1e-400", "1", "1")]
    [InlineData("0.0000000000000000000000000001", "0", "0.0000000000000000000000000001")]
    [InlineData("-0.0000000000000000000000000001", "0", "-0.0000000000000000000000000001")]
    [InlineData("79228162514264337593543950334", "1", "79228162514264337593543950335")]
    [InlineData("79228162514264337593543950335", "0.1", "79228162514264337593543950335")]
    [InlineData("-79228162514264337593543950335", "79228162514264337593543950335", "0")]
    public void A_sum_is_exact_and_has_no_exponent_and_no_zeros_at_the_end(string? value, string by, string expected)
    {
        if (value is not null)
        {
            Apply(new KvsBatch().Set("n", value, new SetOptions { TimeToLive = TimeSpan.FromSeconds(1) }));
        }

        var request = Apply(new KvsBatch().IncrementFloat("n", by));

        Assert.Equal((ErrorCode.None, value is not null), (request.Code, request.Results[0].Existed));
        Assert.Equal((expected, expected), (ValueOf(request.Results[0]), State.ValueOf("n")));
        Assert.True(value is null || State.InfoOf("n").ExpiresAtMillis == State.LogTimeMillis + 1000);
    }

    [Theory]
    [InlineData("", "1")]
    [InlineData("x", "1")]
    [InlineData(" 1", "1")]
    [InlineData("1 ", "1")]
    [InlineData("1\0", "1")]
    [InlineData("1,000", "1")]
    [InlineData("0x10", "1")]
    [InlineData("1e", "1")]
    [InlineData("--1", "1")]
    [InlineData("(1)", "1")]
    [InlineData("inf", "1")]
    [InlineData("NaN", "1")]
    [InlineData("1", "")]
    [InlineData("1", "x")]
    [InlineData("1", "+inf")]
    [InlineData("1", "Infinity")]
    [InlineData("1", "nan")]
    [InlineData("1e29", "1")]
    [InlineData("1", "1e400")]
    [InlineData("79228162514264337593543950335", "1")]
    [InlineData("79228162514264337593543950335", "0.5")]
    [InlineData("-79228162514264337593543950335", "-1")]
    public void What_is_no_number_of_the_range_is_refused_and_stays(string value, string by)
    {
        Apply(new KvsBatch().Set("n", value));
        var request = Apply(new KvsBatch().IncrementFloat("n", by));

        Assert.Equal((ErrorCode.NotAFloat, 0), (request.Code, request.FailedIndex));
        Assert.Equal(value, State.ValueOf("n"));
    }

    [Fact]
    public void A_long_text_is_no_number_however_many_zeros_it_has()
    {
        Apply(new KvsBatch().Set("n", "1." + new string('0', 126)).Set("long", "1." + new string('0', 127)));

        Assert.Equal("2", ValueOf(Apply(new KvsBatch().IncrementFloat("n", "1")).Results[0]));
        Assert.Equal(ErrorCode.NotAFloat, Apply(new KvsBatch().IncrementFloat("long", "1")).Code);
        Assert.Equal(ErrorCode.NotAFloat, Apply(new KvsBatch().IncrementFloat("n", "1." + new string('0', 127))).Code);
    }
}

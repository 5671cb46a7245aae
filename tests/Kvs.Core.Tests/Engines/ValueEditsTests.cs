using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Core.Tests.Engines;

public sealed class ValueEditsTests : ApplierTestBase
{
    private static readonly SetOptions InASecond = new() { TimeToLive = TimeSpan.FromSeconds(1) };

    [Fact]
    public void An_append_goes_behind_the_value_keeps_the_expiry_and_gives_the_length()
    {
        Assert.Equal(2, Apply(new KvsBatch().Append("k", "ab")).Results[0].Number);
        Apply(new KvsBatch().Expire("k", TimeSpan.FromSeconds(1)));
        var second = Apply(new KvsBatch().Append("k", "").Append("k", "cde")).Results;

        Assert.Equal([(true, 2L), (true, 5L)], second.Select(result => (result.Existed, result.Number)));
        Assert.Equal(("abcde", State.LogTimeMillis + 1000), (State.ValueOf("k"), State.InfoOf("k").ExpiresAtMillis));
    }

    [Fact]
    public void An_append_of_nothing_to_nothing_makes_an_empty_value()
    {
        var result = Apply(new KvsBatch().Append("k", "")).Results[0];

        Assert.Equal((false, 0L, ""), (result.Existed, result.Number, State.ValueOf("k")));
    }

    [Theory]
    [InlineData("abc", 0, "X", "Xbc")]
    [InlineData("abc", 1, "XY", "aXY")]
    [InlineData("abc", 2, "XY", "abXY")]
    [InlineData("abc", 3, "X", "abcX")]
    [InlineData("abc", 5, "X", "abc\0\0X")]
    [InlineData("", 0, "X", "X")]
    [InlineData(null, 2, "X", "\0\0X")]
    [InlineData("abc", 9, "", "abc")]
    [InlineData(null, 9, "", null)]
    public void A_set_range_overwrites_and_fills_with_zeros(string? value, int offset, string bytes, string? expected)
    {
        if (value is not null)
        {
            Apply(new KvsBatch().Set("k", value, InASecond));
        }

        var result = Apply(new KvsBatch().SetRange("k", offset, bytes)).Results[0];

        Assert.Equal((value is not null, expected?.Length ?? 0), (result.Existed, result.Number));
        Assert.Equal(expected, State.ValueOf("k"));
        Assert.True(value is null || State.InfoOf("k").ExpiresAtMillis == State.LogTimeMillis + 1000);
    }

    [Fact]
    public void Zeros_are_written_over_what_a_longer_value_has_left_behind()
    {
        Apply(new KvsBatch().Set("long", new string('x', 100)).Append("long", "y"));
        Apply(new KvsBatch().SetRange("k", 50, "end"));

        Assert.Equal(new string('\0', 50) + "end", State.ValueOf("k"));
    }

    [Fact]
    public void A_set_range_without_bytes_changes_nothing()
    {
        Apply(new KvsBatch().Set("k", "abc"));

        Assert.False(Changes([Operation.SetRange("k", 1, "")]));
    }

    [Theory]
    [InlineData(10, ErrorCode.None, 1000)]
    [InlineData(11, ErrorCode.ValueTooLarge, 990)]
    public void A_value_grows_up_to_the_limit_and_not_beyond(int bytes, ErrorCode expected, int length)
    {
        Apply(new KvsBatch().Set("k", new string('x', 990)));
        var request = Apply(new KvsBatch().Append("k", new string('y', bytes)));

        Assert.Equal((expected, length), (request.Code, State.InfoOf("k").ValueLength));
    }

    [Theory]
    [InlineData(999, ErrorCode.None)]
    [InlineData(1000, ErrorCode.ValueTooLarge)]
    [InlineData(int.MaxValue, ErrorCode.ValueTooLarge)]
    [InlineData(long.MaxValue, ErrorCode.ValueTooLarge)]
    public void A_set_range_beyond_the_limit_is_refused_and_takes_no_memory(long offset, ErrorCode expected)
    {
        var request = Apply([new Operation { Kind = OperationKind.SetRange, Key = Key("k"), Value = Key("x"), Offset = offset }]);

        Assert.Equal((expected, expected == ErrorCode.None), (request.Code, State.ValueOf("k") is not null));
        Assert.Equal(expected != ErrorCode.None, request.IsRefusedByState);
    }

    [Fact]
    public void A_copy_takes_value_and_expiry_along()
    {
        Apply(new KvsBatch().Set("a", "1", InASecond));
        var request = Apply(new KvsBatch().Copy("a", "b"));

        Assert.True(request.Results[0].Existed);
        Assert.Equal(("1", "1"), (State.ValueOf("a"), State.ValueOf("b")));
        Assert.Equal(State.LogTimeMillis + 1000, State.InfoOf("b").ExpiresAtMillis);
        Assert.True(State.InfoOf("b").Version > State.InfoOf("a").Version);
    }

    [Fact]
    public void A_copy_of_a_missing_key_does_nothing_even_where_its_target_is_there()
    {
        Apply(new KvsBatch().Set("b", "2"));
        var copy = new KvsBatch().Copy("a", "b").Copy("a", "b", replace: true);

        Assert.All(Apply(copy).Results, result => Assert.Equal((false, ErrorCode.None), (result.Existed, result.Code)));
        Assert.False(Changes([.. copy.Operations]));
        Assert.Equal("2", State.ValueOf("b"));
    }

    [Fact]
    public void A_copy_overwrites_only_when_it_is_to_replace_and_an_expired_target_is_none()
    {
        Apply(new KvsBatch().Set("a", "1").Set("b", "2", InASecond));

        Assert.Equal(ErrorCode.ConditionFailed, Apply(new KvsBatch().Copy("a", "b")).Code);
        Assert.Equal("2", State.ValueOf("b"));
        Apply(new KvsBatch().Copy("a", "b", replace: true));
        Assert.Equal(("1", 0), (State.ValueOf("b"), State.InfoOf("b").ExpiresAtMillis));

        Apply(new KvsBatch().Set("b", "2", InASecond));
        State.LogTimeMillis += 1000;
        Assert.Equal(ErrorCode.None, Apply(new KvsBatch().Copy("a", "b")).Code);
        Assert.Equal("1", State.ValueOf("b"));
    }

    [Fact]
    public void A_rename_is_a_copy_and_a_remove_and_happens_wholly_or_not_at_all()
    {
        Apply(new KvsBatch().Set("a", "1", InASecond).Set("taken", "2"));

        Assert.Equal(ErrorCode.ConditionFailed, Apply(new KvsBatch().Remove("a").Set("a", "0").Copy("a", "taken")).Code);
        Assert.Equal(("1", "2"), (State.ValueOf("a"), State.ValueOf("taken")));

        Assert.Equal([true, true], Apply(new KvsBatch().Copy("a", "b").Remove("a")).Results.Select(result => result.Existed));
        Assert.Equal((null, "1"), (State.ValueOf("a"), State.ValueOf("b")));
        Assert.Equal(State.LogTimeMillis + 1000, State.InfoOf("b").ExpiresAtMillis);
    }
}

using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Core.Tests.Engines;

public sealed class OperationApplierTests : ApplierTestBase
{
    [Fact]
    public void A_failed_condition_rolls_everything_back_and_names_index_and_version()
    {
        Apply(new KvsBatch().Set("a", "old"));
        var version = State.InfoOf("a").Version;

        var request = Apply(new KvsBatch()
            .Set("a", "new")
            .Set("b", "new")
            .Check("a", KvsCondition.Absent));

        Assert.Equal((ErrorCode.ConditionFailed, WriteOutcome.NotApplied), (request.Code, request.Outcome));
        Assert.Equal((2, version), (request.FailedIndex, request.FailedVersion));
        Assert.Empty(request.Results);
        Assert.Equal(("old", null), (State.ValueOf("a"), State.ValueOf("b")));
    }

    [Fact]
    public void A_condition_sees_the_operations_before_it()
    {
        var request = Apply(new KvsBatch()
            .Check("k", KvsCondition.Absent)
            .Set("k", "1")
            .Check("k", KvsCondition.Present)
            .Remove("k")
            .Check("k", KvsCondition.Absent));

        Assert.Equal(ErrorCode.None, request.Code);
        Assert.Equal(0, State.Count);
    }

    [Fact]
    public void No_version_matches_no_key_not_even_a_missing_one()
    {
        var request = Apply(new KvsBatch().Check("missing", KvsCondition.IfVersion(KvsVersion.None)));

        Assert.Equal(ErrorCode.ConditionFailed, request.Code);
        Assert.Equal(KvsVersion.None, request.FailedVersion);
    }

    [Fact]
    public void A_set_clears_the_expiry_unless_it_keeps_it()
    {
        Apply(new KvsBatch().Set("k", "1", new SetOptions { TimeToLive = TimeSpan.FromSeconds(1) }));
        Apply(new KvsBatch().Set("k", "2", new SetOptions { KeepTimeToLive = true }));
        Assert.Equal(State.LogTimeMillis + 1000, State.InfoOf("k").ExpiresAtMillis);

        Apply(new KvsBatch().Set("k", "3"));
        Assert.Equal(0, State.InfoOf("k").ExpiresAtMillis);
    }

    [Fact]
    public void A_time_to_live_beyond_all_time_is_the_end_of_time()
    {
        Apply(new KvsBatch().Set("k", "1", new SetOptions { TimeToLive = TimeSpan.MaxValue }));
        Apply([new Operation { Kind = OperationKind.Expire, Key = Key("k"), Expiry = ExpiryKind.In, ExpiryMillis = long.MaxValue }]);

        Assert.Equal(long.MaxValue, State.InfoOf("k").ExpiresAtMillis);
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(1)]
    [InlineData(0)]
    [InlineData(-5)]
    public void A_set_that_expires_at_or_before_now_removes_the_key(long at)
    {
        Apply(new KvsBatch().Set("k", "1"));
        var set = new Operation { Kind = OperationKind.Set, Key = Key("k"), Value = Key("2"), Expiry = ExpiryKind.At, ExpiryMillis = at };

        Assert.True(Apply([set]).Results[0].Existed);
        Assert.Null(State.ValueOf("k"));
        Assert.False(Changes([set]));
    }

    [Fact]
    public void Expire_in_the_past_removes_and_on_a_missing_key_does_nothing()
    {
        Apply(new KvsBatch().Set("k", "1"));
        var past = new Operation { Kind = OperationKind.Expire, Key = Key("k"), Expiry = ExpiryKind.At, ExpiryMillis = 999 };

        var first = Apply([past]).Results[0];
        Assert.Equal((true, 1L), (first.Existed, first.Number));
        Assert.Null(State.ValueOf("k"));
        var again = Apply([past]).Results[0];
        Assert.Equal((false, 0L), (again.Existed, again.Number));
    }

    [Fact]
    public void Expire_and_persist_make_a_new_version_and_say_whether_they_changed_something()
    {
        Apply(new KvsBatch().Set("k", "1"));
        var first = State.InfoOf("k").Version;

        Assert.Equal(1, Apply(new KvsBatch().Expire("k", TimeSpan.FromSeconds(9))).Results[0].Number);
        var second = State.InfoOf("k").Version;
        Assert.Equal(1, Apply(new KvsBatch().Persist("k")).Results[0].Number);
        var third = State.InfoOf("k").Version;
        Assert.Equal(0, Apply(new KvsBatch().Persist("k")).Results[0].Number);

        Assert.True(first < second && second < third);
        Assert.Equal((third, "1"), (State.InfoOf("k").Version, State.ValueOf("k")));
    }

    [Fact]
    public void Increments_count_from_zero_keep_the_expiry_and_give_the_new_value()
    {
        Assert.Equal(5, Apply(new KvsBatch().Increment("n", 5)).Results[0].Number);
        Apply(new KvsBatch().Expire("n", TimeSpan.FromSeconds(1)));
        Assert.Equal(-2, Apply(new KvsBatch().Increment("n", -7)).Results[0].Number);

        Assert.Equal(("-2", State.LogTimeMillis + 1000), (State.ValueOf("n"), State.InfoOf("n").ExpiresAtMillis));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("+1")]
    [InlineData("01")]
    [InlineData("-0")]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("0x1")]
    [InlineData("9223372036854775808")]
    [InlineData("-9223372036854775809")]
    [InlineData("100000000000000000000000")]
    public void Only_canonical_integers_count(string value)
    {
        Apply(new KvsBatch().Set("n", value));
        var request = Apply(new KvsBatch().Increment("n"));

        Assert.Equal(ErrorCode.NotAnInteger, request.Code);
        Assert.Equal((0, value), (request.FailedIndex, State.ValueOf("n")));
    }

    [Theory]
    [InlineData(long.MaxValue, 1, true)]
    [InlineData(long.MinValue, -1, true)]
    [InlineData(long.MaxValue, long.MaxValue, true)]
    [InlineData(long.MinValue, long.MinValue, true)]
    [InlineData(long.MaxValue - 1, 1, false)]
    [InlineData(long.MinValue + 1, -1, false)]
    [InlineData(long.MinValue, long.MaxValue, false)]
    [InlineData(-1, long.MinValue + 1, false)]
    public void An_increment_never_wraps(long value, long by, bool overflows)
    {
        Apply(new KvsBatch().Set("n", value.ToString()));
        var request = Apply(new KvsBatch().Increment("n", by));

        Assert.Equal(overflows ? ErrorCode.IntegerOverflow : ErrorCode.None, request.Code);
        Assert.Equal((overflows ? value : value + by).ToString(), State.ValueOf("n"));
    }

    [Fact]
    public void Previous_values_and_reads_come_in_order()
    {
        Apply(new KvsBatch().Set("k", "one"));
        var request = Apply([
            new Operation { Kind = OperationKind.Get, Key = Key("k") },
            Operation.Set("k", "", new SetOptions { ReturnPrevious = true }),
            new Operation { Kind = OperationKind.Get, Key = Key("k") },
            new Operation { Kind = OperationKind.Stat, Key = Key("k") },
            Operation.Remove("k", new RemoveOptions { ReturnPrevious = true }),
            Operation.Remove("k", new RemoveOptions { ReturnPrevious = true })]);

        Assert.Equal(["one", "one", "", null, "", null], request.Results.Select(ValueOf));
        Assert.Equal([true, true, true, true, true, false], request.Results.Select(result => result.Existed));
    }

    [Fact]
    public void A_batch_that_only_reads_or_finds_nothing_to_do_changes_nothing()
    {
        Apply(new KvsBatch().Set("k", "1"));

        Assert.False(Changes([
            new Operation { Kind = OperationKind.Get, Key = Key("k") },
            new Operation { Kind = OperationKind.Stat, Key = Key("k") },
            new Operation { Kind = OperationKind.Check, Key = Key("k"), Condition = KvsCondition.Present },
            new Operation { Kind = OperationKind.Persist, Key = Key("k") },
            new Operation { Kind = OperationKind.Remove, Key = Key("missing") }]));
    }

    [Fact]
    public void A_remove_of_a_missing_key_fails_only_on_its_condition()
    {
        Assert.False(Apply(new KvsBatch().Remove("k")).Results[0].Existed);
        Assert.Equal(
            ErrorCode.ConditionFailed,
            Apply(new KvsBatch().Remove("k", new RemoveOptions { Condition = KvsCondition.Present })).Code);
    }
}

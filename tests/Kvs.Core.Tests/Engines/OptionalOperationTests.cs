using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Core.Tests.Engines;

public sealed class OptionalOperationTests : ApplierTestBase
{
    [Fact]
    public void What_fails_changes_nothing_says_why_and_stops_nothing()
    {
        State.ValueBytesMax = 10;
        Apply(new KvsBatch().Set("text", "x").Set("full", long.MaxValue.ToString()));
        var request = Apply([.. new KvsBatch()
            .Set("a", "1", new SetOptions { Condition = KvsCondition.Present })
            .Increment("text")
            .Increment("full")
            .IncrementFloat("text", "1")
            .Append("text", "0123456789")
            .SetRange("text", 10, "0")
            .Copy("text", "full")
            .Set("last", "1")
            .Operations.Select(operation => operation with { IsOptional = true })]);

        Assert.Equal(ErrorCode.None, request.Code);
        Assert.Equal(
            [
                ErrorCode.ConditionFailed, ErrorCode.NotAnInteger, ErrorCode.IntegerOverflow, ErrorCode.NotAFloat,
                ErrorCode.ValueTooLarge, ErrorCode.ValueTooLarge, ErrorCode.ConditionFailed, ErrorCode.None,
            ],
            request.Results.Select(result => result.Code));
        Assert.Equal((null, "x", "1"), (State.ValueOf("a"), State.ValueOf("text"), State.ValueOf("last")));
    }

    [Fact]
    public void A_batch_of_failures_alone_changes_nothing()
    {
        Apply(new KvsBatch().Set("text", "x"));

        Assert.False(Changes([new Operation { Kind = OperationKind.Increment, Key = Key("text"), Delta = 1, IsOptional = true }]));
    }

    [Fact]
    public void A_failed_condition_gives_the_previous_value_where_it_was_asked_for()
    {
        Apply(new KvsBatch().Set("k", "old"));
        var version = State.InfoOf("k").Version;
        var set = Operation.Set("k", "new", new SetOptions { Condition = KvsCondition.Absent, ReturnPrevious = true });
        var result = Apply([set with { IsOptional = true }]).Results[0];

        Assert.Equal((ErrorCode.ConditionFailed, version, "old"), (result.Code, result.Version, ValueOf(result)));
        Assert.Equal("old", State.ValueOf("k"));
    }

    [Fact]
    public void A_strict_operation_among_them_still_takes_everything_back()
    {
        Apply(new KvsBatch().Set("watched", "1"));
        var request = Apply([
            Operation.Set("a", "1", null) with { IsOptional = true },
            new Operation { Kind = OperationKind.Check, Key = Key("watched"), Condition = KvsCondition.Absent },
        ]);

        Assert.Equal((ErrorCode.ConditionFailed, 1), (request.Code, request.FailedIndex));
        Assert.Null(State.ValueOf("a"));
    }
}

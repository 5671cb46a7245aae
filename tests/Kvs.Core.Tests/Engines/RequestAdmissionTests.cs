using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Xunit;

namespace Kvs.Core.Tests.Engines;

public sealed class RequestAdmissionTests
{
    private static readonly WriteLimits Small = new(ValueBytesMax: 100, BatchBytesMax: 150);

    [Theory]
    [InlineData(Limits.KeyBytesMax, 0, ErrorCode.BatchTooLarge)]
    [InlineData(Limits.KeyBytesMax + 1, 0, ErrorCode.KeyTooLarge)]
    [InlineData(50, 100, ErrorCode.None)]
    [InlineData(51, 100, ErrorCode.BatchTooLarge)]
    [InlineData(0, 101, ErrorCode.ValueTooLarge)]
    public void Sizes_are_refused_one_byte_beyond_the_limit(int keyBytes, int valueBytes, ErrorCode expected)
    {
        var request = Of(Operation.Set(new byte[keyBytes], new KvsValue(new byte[valueBytes]), null));

        Assert.Equal(expected == ErrorCode.None, RequestAdmission.TryAdmit(request, Small, out var bytes));
        Assert.Equal(expected, request.Code);
        Assert.True(expected != ErrorCode.None || bytes == keyBytes + valueBytes);
        Assert.True(expected == ErrorCode.None || request.Outcome == WriteOutcome.NotApplied);
    }

    [Fact]
    public void The_target_of_a_copy_is_a_key()
    {
        var request = Of(new Operation { Kind = OperationKind.Copy, Key = "k"u8.ToArray(), Value = new byte[Limits.KeyBytesMax + 1] });
        Assert.False(RequestAdmission.TryAdmit(request, WriteLimits.Default, out _));
        Assert.Equal(ErrorCode.KeyTooLarge, request.Code);

        request = Of(new Operation { Kind = OperationKind.Copy, Key = "k"u8.ToArray(), Value = new byte[101] });
        Assert.True(RequestAdmission.TryAdmit(request, Small, out _));
    }

    [Fact]
    public void One_operation_too_many_is_refused()
    {
        var request = Of([.. Enumerable.Repeat(Operation.Remove("", null), Limits.BatchOperationsMax)]);
        Assert.True(RequestAdmission.TryAdmit(request, Small, out _));

        request.Operations.Add(Operation.Remove("", null));
        Assert.False(RequestAdmission.TryAdmit(request, Small, out _));
        Assert.Equal(ErrorCode.BatchTooLarge, request.Code);
    }

    [Fact]
    public void The_operation_that_is_too_large_is_named()
    {
        var request = Of(Operation.Set("k", "v", null), Operation.Set("k", new KvsValue(new byte[101]), null));

        Assert.False(RequestAdmission.TryAdmit(request, Small, out _));
        Assert.Equal(1, request.FailedIndex);
    }

    [Fact]
    public void Operations_without_meaning_are_refused()
    {
        Operation[] meaningless = [
            new() { Kind = OperationKind.None },
            new() { Kind = OperationKind.Copy + 1 },
            new() { Kind = OperationKind.SetRange, Offset = -1 },
            new() { Kind = OperationKind.Set, ContentType = "" },
            new() { Kind = OperationKind.Set, ContentType = "a\u007F" },
            new() { Kind = OperationKind.Set, ContentType = new string('t', Limits.ContentTypeBytesMax + 1) },
            new() { Kind = OperationKind.Copy, Key = "k"u8.ToArray(), Value = "k"u8.ToArray() },
            new() { Kind = OperationKind.Check, Condition = new KvsCondition((ConditionKind)4) },
            new() { Kind = OperationKind.Check, Condition = new KvsCondition((ConditionKind)(-1)) },
            new() { Kind = OperationKind.Set, Expiry = (ExpiryKind)4 },
            new() { Kind = OperationKind.Set, Expiry = ExpiryKind.In, ExpiryMillis = 0 },
            new() { Kind = OperationKind.Expire },
            new() { Kind = OperationKind.Expire, Expiry = ExpiryKind.Keep },
            new() { Kind = OperationKind.Expire, Expiry = ExpiryKind.In, ExpiryMillis = -1 }];

        Assert.All(meaningless, operation =>
        {
            var request = Of(operation);
            Assert.False(RequestAdmission.TryAdmit(request, Small, out _));
            Assert.Equal(ErrorCode.InvalidArgument, request.Code);
        });
    }

    [Fact]
    public void A_request_is_in_time_until_its_deadline_has_passed()
    {
        var request = Of(Operation.Remove("k", null));
        request.Deadline = 10;

        Assert.True(RequestAdmission.IsInTime(request, 10));
        Assert.False(RequestAdmission.IsInTime(request, 11));
        Assert.Equal((ErrorCode.DeadlineExceeded, WriteOutcome.NotApplied), (request.Code, request.Outcome));
    }

    private static WriteRequest Of(params Operation[] operations)
    {
        var request = new WriteRequest();
        request.Operations.AddRange(operations);
        return request;
    }
}

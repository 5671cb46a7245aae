using System.Text;
using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Batches;
using Xunit;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>The reader of batches: what it takes, what it refuses and why.</summary>
public sealed class BatchReaderTests
{
    /// <summary>A body, and a part of what is said of it.</summary>
    [Theory]
    [InlineData("", "is no JSON")]
    [InlineData("null", "is an object")]
    [InlineData("{", "is no JSON")]
    [InlineData("{}", "neither conditions nor operations")]
    [InlineData("{\"operations\":{}}", "operations is a list")]
    [InlineData("{\"operations\":[1]}", "a list of objects")]
    [InlineData("{\"operation\":[]}", "a word other than conditions and operations")]
    [InlineData("{\"operations\":[],\"operations\":[]}", "twice")]
    [InlineData("{\"operations\":[{\"op\":\"get\",\"key\":\"a\"}],}", "is no JSON")]
    [InlineData("{\"operations\":[{\"op\":\"get\"}]}", "Operation 0: it has no key")]
    [InlineData("{\"operations\":[{\"key\":\"a\"}]}", "it has no op")]
    [InlineData("{\"operations\":[{\"op\":\"get\",\"key\":\"a\"},{\"op\":\"dance\",\"key\":\"a\"}]}", "Operation 1: op is set")]
    [InlineData("{\"operations\":[{\"op\":\"get\",\"op\":\"get\",\"key\":\"a\"}]}", "a word twice")]
    [InlineData("{\"operations\":[{\"op\":\"get\",\"key\":\"a\",\"value\":\"x\"}]}", "get takes no value")]
    [InlineData("{\"operations\":[{\"op\":\"set\",\"key\":\"a\"}]}", "set needs value")]
    [InlineData("{\"operations\":[{\"op\":\"remove\",\"key\":\"a\",\"ttl\":\"1s\"}]}", "remove takes no ttl")]
    [InlineData("{\"operations\":[{\"op\":\"remove\",\"key\":\"a\",\"content_type\":\"text/plain\"}]}", "remove takes no content_type")]
    [InlineData("{\"operations\":[{\"op\":\"set\",\"key\":\"a\",\"value\":\"\",\"content_type\":\"\"}]}", "1 to 255 characters")]
    [InlineData("{\"operations\":[{\"op\":\"set\",\"key\":\"a\",\"value\":\"\",\"content_type\":\"t\\n\"}]}", "1 to 255 characters")]
    [InlineData("{\"operations\":[{\"op\":\"expire\",\"key\":\"a\"}]}", "expire needs ttl")]
    [InlineData("{\"operations\":[{\"op\":\"expire\",\"key\":\"a\",\"ttl\":\"soon\"}]}", "ttl is a number with")]
    [InlineData("{\"operations\":[{\"op\":\"expire\",\"key\":\"a\",\"ttl\":5}]}", "op, version, content_type and ttl are texts")]
    [InlineData("{\"operations\":[{\"op\":\"get\",\"key\":\"a\",\"by\":1}]}", "get takes no by")]
    [InlineData("{\"operations\":[{\"op\":\"increment\",\"key\":\"a\",\"by\":1.5}]}", "by is a whole number")]
    [InlineData("{\"operations\":[{\"op\":\"increment\",\"key\":\"a\",\"by\":9223372036854775808}]}", "by is a whole number")]
    [InlineData("{\"operations\":[{\"op\":\"increment\",\"key\":\"a\",\"by\":\"1\"}]}", "by is a whole number")]
    [InlineData("{\"operations\":[{\"op\":\"increment_float\",\"key\":\"a\"}]}", "increment_float needs by")]
    [InlineData("{\"operations\":[{\"op\":\"increment_float\",\"key\":\"a\",\"by\":true}]}", "by is a number")]
    [InlineData("{\"operations\":[{\"op\":\"append\",\"key\":\"a\"}]}", "append needs value")]
    [InlineData("{\"operations\":[{\"op\":\"append\",\"key\":\"a\",\"value\":\"\",\"offset\":1}]}", "append takes no offset")]
    [InlineData("{\"operations\":[{\"op\":\"set_range\",\"key\":\"a\",\"value\":\"x\"}]}", "set_range needs offset")]
    [InlineData("{\"operations\":[{\"op\":\"set_range\",\"key\":\"a\",\"value\":\"x\",\"offset\":-1}]}", "offset is a whole number from 0 on")]
    [InlineData("{\"operations\":[{\"op\":\"set_range\",\"key\":\"a\",\"value\":\"x\",\"offset\":0.5}]}", "offset is a whole number from 0 on")]
    [InlineData("{\"operations\":[{\"op\":\"copy\",\"key\":\"a\"}]}", "copy needs to")]
    [InlineData("{\"operations\":[{\"op\":\"copy\",\"key\":\"a\",\"to\":1}]}", "to is a text")]
    [InlineData("{\"operations\":[{\"op\":\"copy\",\"key\":\"a\",\"to\":\"b\",\"replace\":false}]}", "are true, or not there")]
    [InlineData("{\"conditions\":[{\"key\":\"a\",\"replace\":true}]}", "other than key, version")]
    [InlineData("{\"conditions\":[{\"key\":\"a\",\"absent\":true,\"optional\":true}]}", "other than key, version")]
    [InlineData("{\"operations\":[{\"op\":\"remove\",\"key\":\"a\",\"optional\":1}]}", "are true, or not there")]
    [InlineData("{\"operations\":[{\"op\":\"get\",\"key\":\"a\",\"present\":true}]}", "get takes no present")]
    [InlineData("{\"operations\":[{\"op\":\"remove\",\"key\":\"a\",\"present\":true,\"absent\":true}]}", "it has one of")]
    [InlineData("{\"operations\":[{\"op\":\"get\",\"key\":7}]}", "key is a text")]
    [InlineData("{\"operations\":[{\"op\":\"get\",\"key\":{\"b64\":\"!\"}}]}", "key is a text")]
    [InlineData("{\"operations\":[{\"op\":\"get\",\"key\":{\"b64\":\"AA==\",\"x\":1}}]}", "key is a text")]
    [InlineData("{\"operations\":[{\"op\":\"get\",\"key\":{}}]}", "key is a text")]
    [InlineData("{\"operations\":[{\"op\":\"get\",\"key\":\"\\ud800\"}]}", "is no Unicode")]
    [InlineData("{\"conditions\":[{\"key\":\"a\"}]}", "Condition 0: it has one of")]
    [InlineData("{\"conditions\":[{\"key\":\"a\",\"absent\":true,\"present\":true}]}", "it has one of")]
    [InlineData("{\"conditions\":[{\"key\":\"a\",\"absent\":false}]}", "are true, or not there")]
    [InlineData("{\"conditions\":[{\"key\":\"a\",\"version\":\"new\"}]}", "version is one that")]
    [InlineData("{\"conditions\":[{\"key\":\"a\",\"op\":\"get\"}]}", "other than key, version")]
    [InlineData("{\"conditions\":[{\"absent\":true}]}", "it has no key")]
    public void What_has_no_meaning_is_refused_with_its_place(string body, string said)
    {
        var code = BatchReader.TryRead(Encoding.UTF8.GetBytes(body), NewWrite(), out _, out var fault);
        Assert.Equal(ErrorCode.InvalidArgument, code);
        Assert.Contains(said, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_utf_8_are_refused() =>
        Assert.Equal(ErrorCode.InvalidArgument, BatchReader.TryRead(
            (byte[])[.. "{\"operations\":[{\"op\":\"get\",\"key\":\""u8, 0xFF, .. "\"}]}"u8], NewWrite(), out _, out _));

    [Fact]
    public void More_operations_than_a_batch_may_have_are_refused_when_the_first_too_many_is_seen()
    {
        var many = string.Join(',', Enumerable.Repeat("""{"op":"get","key":"a"}""", Limits.BatchOperationsMax + 1));
        var code = BatchReader.TryRead(
            Encoding.UTF8.GetBytes($$"""{"operations":[{{many}}, not even JSON"""), NewWrite(), out _, out _);
        Assert.Equal(ErrorCode.BatchTooLarge, code);
    }

    [Fact]
    public void Conditions_come_before_operations_wherever_they_stand()
    {
        var write = NewWrite();
        var code = BatchReader.TryRead(
            """{"operations":[{"op":"get","key":"b"}],"conditions":[{"key":"a","present":true}]}"""u8.ToArray(), write, out var conditions, out _);
        Assert.Equal((ErrorCode.None, 1), (code, conditions));
        Assert.Equal([OperationKind.Check, OperationKind.Get], write.Request.Operations.Select(operation => operation.Kind));
    }

    private static PendingWrite NewWrite() => new(Durability.Default);
}

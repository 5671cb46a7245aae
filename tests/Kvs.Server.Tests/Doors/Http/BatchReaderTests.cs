using System.Globalization;
using System.Text;
using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Batches;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>The reader of batches: what it takes, what it refuses and why, and that no bytes make it throw.</summary>
public sealed class BatchReaderTests
{
    private const int InputsDefault = 200_000;

    private static readonly string[] s_samples =
    [
        """{"operations":[{"op":"set","key":"a","value":"b"}]}""",
        """{"conditions":[{"key":"a","version":"1-2f"},{"key":{"b64":"AP8="},"absent":true}],"operations":[]}""",
        """{"operations":[{"op":"set","key":"\u00fc\ud83d\ude00","value":{"b64":"AAEC"},"ttl":"30s"},{"op":"get","key":""}]}""",
        """{"operations":[{"op":"increment","key":"n","by":-5},{"op":"expire","key":"n","ttl":"5m"},{"op":"persist","key":"n"}]}""",
        """{"conditions":[{"key":"k","present":true}],"operations":[{"key":"k","op":"remove"}]}""",
    ];

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
    [InlineData("{\"operations\":[{\"op\":\"get\",\"key\":\"a\",\"value\":\"x\"}]}", "value belongs to set")]
    [InlineData("{\"operations\":[{\"op\":\"set\",\"key\":\"a\"}]}", "value belongs to set")]
    [InlineData("{\"operations\":[{\"op\":\"remove\",\"key\":\"a\",\"ttl\":\"1s\"}]}", "ttl belongs to")]
    [InlineData("{\"operations\":[{\"op\":\"expire\",\"key\":\"a\"}]}", "expire needs a ttl")]
    [InlineData("{\"operations\":[{\"op\":\"expire\",\"key\":\"a\",\"ttl\":\"soon\"}]}", "ttl is a number with")]
    [InlineData("{\"operations\":[{\"op\":\"expire\",\"key\":\"a\",\"ttl\":5}]}", "op, version and ttl are texts")]
    [InlineData("{\"operations\":[{\"op\":\"get\",\"key\":\"a\",\"by\":1}]}", "by belongs to increment")]
    [InlineData("{\"operations\":[{\"op\":\"increment\",\"key\":\"a\",\"by\":1.5}]}", "by is a whole number")]
    [InlineData("{\"operations\":[{\"op\":\"increment\",\"key\":\"a\",\"by\":9223372036854775808}]}", "by is a whole number")]
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

    [Fact]
    public void No_bytes_make_the_reader_throw_and_some_are_taken() => TestSeed.Run(seed =>
    {
        var inputs = Environment.GetEnvironmentVariable("KVS_FUZZ_INPUTS") is { Length: > 0 } text
            ? long.Parse(text, CultureInfo.InvariantCulture)
            : InputsDefault;
        var random = new Random(seed);
        var samples = s_samples.Select(Encoding.UTF8.GetBytes).ToArray();
        var taken = 0L;
        for (var i = 0L; i < inputs; i++)
        {
            var input = Mutate(random, samples);
            var write = NewWrite();
            if (BatchReader.TryRead(input, write, out var conditions, out _) == ErrorCode.None)
            {
                taken++;
                Assert.InRange(conditions, 0, write.Request.Operations.Count);
                Assert.True(write.Bytes <= input.Length, Encoding.UTF8.GetString(input));
            }
        }

        // A fuzzer whose inputs are all refused at the door tests nothing behind it.
        Assert.InRange(taken, inputs / 100, inputs - 1);
    });

    private static PendingWrite NewWrite() => new(Durability.Default);

    private static byte[] Mutate(Random random, byte[][] samples)
    {
        var bytes = samples[random.Next(samples.Length)].ToList();
        for (var changes = random.Next(4) == 0 ? random.Next(2, 5) : 1; changes > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)(random.Next(2) == 0 ? random.Next(256) : random.Next('0', 'z'));
                    break;
                case 1:
                    bytes.Insert(at, (byte)"{}[]\",:\\u0\0 tb9-"[random.Next(16)]);
                    break;
                case 2 when bytes.Count > 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at - 1));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, random.Next(1, 40))));
                    break;
                default:
                    var other = samples[random.Next(samples.Length)];
                    var from = random.Next(other.Length);
                    bytes.InsertRange(at, other[from..random.Next(from, other.Length)]);
                    break;
            }
        }

        return [.. bytes];
    }
}

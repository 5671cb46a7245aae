using System.Text;
using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Batches;
using Kvs.TestKit;
using Kvs.TestKit.Fuzz;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Server.Tests.Doors.Http;

/// <summary>Whatever an HTTP client sends as a batch: operations, or a refusal with its reason.</summary>
public sealed class BatchFuzzTests(ITestOutputHelper output)
{
    private const int InputsOfARound = 200_000;

    private static readonly string[] s_samples =
    [
        """{"operations":[{"op":"set","key":"a","value":"b","content_type":"text/plain"}]}""",
        """{"conditions":[{"key":"a","version":"1-2f"},{"key":{"b64":"AP8="},"absent":true}],"operations":[]}""",
        """{"operations":[{"op":"set","key":"\u00fc\ud83d\ude00","value":{"b64":"AAEC"},"ttl":"30s"},{"op":"get","key":""}]}""",
        """{"operations":[{"op":"increment","key":"n","by":-5},{"op":"expire","key":"n","ttl":"5m"},{"op":"persist","key":"n"}]}""",
        """{"operations":[{"op":"append","key":"k","value":"x"},{"op":"set_range","key":"k","offset":7,"value":{"b64":"AAEC"}}]}""",
        """{"operations":[{"op":"increment_float","key":"n","by":-0.5e1},{"op":"increment_float","key":"n","by":"\u0031.5"}]}""",
        """{"operations":[{"op":"copy","key":"k","to":{"b64":"AP8="},"replace":true},{"op":"remove","key":"k"}]}""",
        """{"conditions":[{"key":"k","present":true}],"operations":[{"key":"k","op":"remove"}]}""",
    ];

    private static readonly FuzzTarget s_batches = new(
        "http-batch", [.. s_samples.Select(Encoding.UTF8.GetBytes)], static bytes => bytes, Read);

    [Fact]
    public void No_bytes_make_the_reader_throw_and_some_are_taken() =>
        FuzzRounds.RunOne(s_batches, TestSeed.For(), InputsOfARound);

    [EndlessFact]
    public void Rounds_until_the_time_is_over() => FuzzRounds.RunUntilOver([s_batches], InputsOfARound, output.WriteLine);

    private static bool Read(byte[] input)
    {
        var write = new PendingWrite(Durability.Default);
        var code = BatchReader.TryRead(input, write, out var conditions, out var fault);
        if (code != ErrorCode.None)
        {
            Assert.False(string.IsNullOrEmpty(fault));
            return false;
        }

        Assert.InRange(conditions, 0, write.Request.Operations.Count);
        Assert.True(write.Bytes <= input.Length);
        return true;
    }
}

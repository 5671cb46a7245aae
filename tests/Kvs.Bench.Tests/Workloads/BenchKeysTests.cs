using System.Text;
using Kvs.Bench.Workloads;
using Xunit;

namespace Kvs.Bench.Tests.Workloads;

/// <summary>Keys and values of the bench.</summary>
public sealed class BenchKeysTests
{
    [Fact]
    public void Keys_differ() => Assert.Equal(10_000, Enumerable.Range(0, 10_000).Select(i => Text(BenchKeys.Key(i))).Distinct().Count());

    [Fact]
    public void Numbered_keys_are_those_of_redis_benchmark()
    {
        var key = new byte[BenchKeys.Bytes];

        BenchKeys.Numbered(1234, key);

        Assert.Equal("key:000000001234", Text(key));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(100)]
    public void A_value_is_of_its_key_alone(int length)
    {
        var value = new BenchValue(length);
        var bytes = value.Bytes.ToArray();
        BenchKeys.Key(7).AsSpan(0, value.KeyBytes).CopyTo(bytes);

        Assert.True(value.IsOf(bytes, BenchKeys.Key(7)));
        Assert.False(value.IsOf(bytes, BenchKeys.Key(8)));
        Assert.False(value.IsOf(bytes.AsSpan(1), BenchKeys.Key(7)));
    }

    [Fact]
    public void Random_numbers_stay_below_their_bound_and_reach_all_of_it()
    {
        var random = new BenchRandom(1);
        var seen = new bool[10];
        for (var i = 0; i < 1000; i++)
        {
            seen[random.Below(seen.Length)] = true;
        }

        Assert.All(seen, Assert.True);
    }

    private static string Text(byte[] bytes) => Encoding.ASCII.GetString(bytes);
}

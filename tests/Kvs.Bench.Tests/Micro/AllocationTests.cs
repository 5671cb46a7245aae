using System.Reflection;
using BenchmarkDotNet.Attributes;
using Kvs.Micro;
using Xunit;

namespace Kvs.Bench.Tests.Micro;

/// <summary>What the hot parts allocate: counted to the byte, and no more than the baseline says. No times are judged here.</summary>
public sealed class AllocationTests
{
    private static readonly int _objectBytes = 3 * IntPtr.Size; // header, type, one field at least

    public static TheoryData<string> Parts =>
        [.. Methods.Select(static method => method.Name)];

    private static IEnumerable<MethodInfo> Methods =>
        typeof(HotParts).GetMethods().Where(static method => method.IsDefined(typeof(BenchmarkAttribute), false));

    [Fact]
    public void One_object_a_call_is_its_bytes()
    {
        object? last = null;

        Assert.Equal(_objectBytes, Allocations.Of(() => last = new object()));
        Assert.NotNull(last);
    }

    [Fact]
    public void One_object_in_a_hundred_calls_is_not_nothing()
    {
        var (calls, last) = (0, (object?)null);

        Assert.Equal(_objectBytes / 100.0, Allocations.Of(() => last = ++calls % 100 == 0 ? new object() : last));
    }

    [Fact]
    public void What_allocates_nothing_is_nothing()
    {
        var calls = 0;

        Assert.Equal(0, Allocations.Of(() => calls++));
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_hot_part_allocates_no_more_than_its_baseline(string name)
    {
        using var allocations = new Allocations();
        var bytes = allocations.Of(Methods.Single(method => method.Name == name));
        var stored = Baseline.Read()[name];

        Assert.Empty(Baseline.Findings(
            new Dictionary<string, Part> { [name] = stored }, new Dictionary<string, Part> { [name] = stored with { Bytes = bytes } }));
    }
}

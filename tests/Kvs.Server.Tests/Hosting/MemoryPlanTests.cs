using Kvs.Core.Primitives;
using Kvs.Server.Configuration;
using Kvs.Server.Hosting;
using Xunit;

namespace Kvs.Server.Tests.Hosting;

/// <summary>How the memory of a server is divided, and what does not fit.</summary>
public sealed class MemoryPlanTests
{
    private const long MiB = 1024 * 1024;

    [Theory]
    [InlineData(192)]
    [InlineData(256)]
    [InlineData(500)]
    [InlineData(1024)]
    [InlineData(4096)]
    [InlineData(65536)]
    public void The_parts_add_up_to_the_limit_and_keys_have_some_of_it(long limit)
    {
        var options = MemoryPlan.Fit(new ServerOptions(), limit * MiB);
        var plan = options.Memory;
        Assert.Equal(limit * MiB, MemoryPlan.RuntimeBytes + plan.HeapBytes + plan.KeyBytes);
        Assert.InRange(plan.KeyBytes, limit * MiB / 8, limit * MiB);

        // What may be in flight at once, each at its limit, is on the heap.
        var inFlight = (2 * Math.Max(options.QueuedBytesMax, options.BatchBytesMax)) + Math.Max(options.ReceiveBytesMax, options.FrameBytesMax)
            + Math.Max(options.AnswerBytesMax, options.FrameBytesMax) + (options.ConnectionsMax * 20L * 1024)
            + (2 * plan.Requests.BytesMax);
        Assert.InRange(inFlight, 1, plan.HeapBytes * 4 / 5);
        Assert.True(options.ValueBytesMax < options.BatchBytesMax && options.BatchBytesMax < options.FrameBytesMax);
    }

    [Fact]
    public void Where_there_is_enough_memory_nothing_shrinks()
    {
        var standard = new ServerOptions();
        var options = MemoryPlan.Fit(standard, 32L * 1024 * MiB);
        Assert.Equal(standard with { Memory = options.Memory }, options);
    }

    [Fact]
    public void What_is_set_stays_and_is_refused_where_it_does_not_fit()
    {
        var given = new ServerOptions { ConnectionsMax = 9_000, Given = new HashSet<string> { "connections-max" } };
        Assert.Equal(9_000, MemoryPlan.Fit(given, 500 * MiB).ConnectionsMax);
        Assert.NotEqual(9_000, MemoryPlan.Fit(given with { Given = new HashSet<string>() }, 500 * MiB).ConnectionsMax);

        var refused = Assert.Throws<KvsConfigurationException>(() => MemoryPlan.Fit(given, 192 * MiB));
        Assert.Contains("connections-max", refused.Message, StringComparison.Ordinal);
        Assert.Contains("memory-limit", refused.Message, StringComparison.Ordinal);
        Assert.Throws<KvsConfigurationException>(() => MemoryPlan.Fit(new ServerOptions(), 191 * MiB));
    }

    [Theory]
    [InlineData("Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096                 files     \n", 1024L)]
    [InlineData("Max open files            unlimited            unlimited            files     \n", null)]
    [InlineData("", null)]
    public void The_limit_of_open_files_is_the_one_that_holds(string text, long? limit) =>
        Assert.Equal(limit, DescriptorLimit.Parse(text));
}

using Kvs.Core.Buffers;
using Xunit;

namespace Kvs.Core.Tests.Buffers;

/// <summary>The budget that sessions share.</summary>
public sealed class ByteBudgetTests
{
    [Fact]
    public async Task Who_finds_too_few_left_waits_in_line()
    {
        var budget = new ByteBudget(100);
        Assert.True(budget.AcquireAsync(60).AsTask().IsCompleted);
        var second = budget.AcquireAsync(60).AsTask();
        var third = budget.AcquireAsync(10).AsTask();
        Assert.False(second.IsCompleted || third.IsCompleted); // the small one does not overtake
        budget.Release(60);
        await second;
        await third;
        Assert.Equal(70, budget.Held);
    }

    [Fact]
    public void More_than_the_whole_budget_is_given_to_one_alone()
    {
        var budget = new ByteBudget(100);
        Assert.True(budget.AcquireAsync(500).AsTask().IsCompleted);
        var small = budget.AcquireAsync(1).AsTask();
        Assert.False(small.IsCompleted);
        budget.Release(500);
        Assert.True(small.IsCompleted);
    }
}

using Kvs.Core.Client.Calling;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Client;

public sealed class RequestNumbersTests
{
    private readonly RequestNumbers _numbers = new();

    [Fact]
    public void Done_through_stops_before_the_first_number_that_is_not_done()
    {
        Assert.Equal((1ul, 2ul, 3ul), (Take(), Take(), Take()));
        _numbers.Finish(3);
        Assert.Equal(0ul, _numbers.DoneThrough);
        _numbers.Finish(1);
        Assert.Equal(1ul, _numbers.DoneThrough);
        _numbers.Finish(2);
        Assert.Equal(3ul, _numbers.DoneThrough);
    }

    [Fact]
    public async Task The_window_moves_with_the_oldest_number_and_not_with_the_count()
    {
        for (var i = 0; i < RequestNumbers.InFlightMax; i++)
        {
            Take();
        }

        for (var number = 2ul; number <= RequestNumbers.InFlightMax; number++)
        {
            _numbers.Finish(number);
        }

        Assert.False(_numbers.TryTake(out _));
        var waiting = _numbers.TakeAsync(CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        _numbers.Finish(1);
        Assert.Equal((ulong)RequestNumbers.InFlightMax + 1, await waiting);
        Assert.Equal((ulong)RequestNumbers.InFlightMax, _numbers.DoneThrough);
    }

    [Fact]
    public void Whatever_the_order_nothing_that_is_not_done_is_passed() => TestSeed.Run(seed =>
    {
        var random = new Random(seed);
        var numbers = new RequestNumbers();
        var open = new List<ulong>();
        for (var step = 0; step < 10_000; step++)
        {
            if (random.Next(2) == 0 && numbers.TryTake(out var number))
            {
                open.Add(number);
            }
            else if (open.Count > 0)
            {
                var index = random.Next(open.Count);
                numbers.Finish(open[index]);
                open.RemoveAt(index);
            }

            Assert.True(open.Count == 0 || numbers.DoneThrough == open.Min() - 1);
        }
    });

    private ulong Take()
    {
        Assert.True(_numbers.TryTake(out var number));
        return number;
    }
}

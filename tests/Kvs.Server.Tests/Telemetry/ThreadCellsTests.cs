using Kvs.Server.Telemetry.Operations;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Telemetry;

/// <summary>Counting without locks loses nothing, and what a thread has counted outlives it.</summary>
public sealed class ThreadCellsTests
{
    private const int Threads = 8;
    private const int Each = 200_000;

    [Fact]
    public void Threads_that_count_the_same_lose_nothing()
    {
        var cells = new ThreadCells(2);
        var threads = Enumerable.Range(0, Threads).Select(_ => new Thread(() => CountUp(cells))).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Equal([Threads * Each, Threads * Each * 3L], cells.Sum());
    }

    [Fact]
    public async Task The_set_of_a_thread_that_has_ended_serves_the_next()
    {
        var cells = new ThreadCells(1);
        for (var i = 0; i < Threads; i++)
        {
            Run(cells);
            await Until.HoldsAsync(() =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return cells.FreeSets > 0;
            });
        }

        Assert.Equal([Threads], cells.Sum());
        Assert.Equal(1, cells.Sets);
    }

    // Not inlined into the test, whose frame could keep the thread alive.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void Run(ThreadCells cells)
    {
        var thread = new Thread(() => cells.Own()[0]++);
        thread.Start();
        thread.Join();
    }

    private static void CountUp(ThreadCells cells)
    {
        for (var i = 0; i < Each; i++)
        {
            cells.Own()[0]++;
            cells.Own()[1] += 3;
        }
    }
}

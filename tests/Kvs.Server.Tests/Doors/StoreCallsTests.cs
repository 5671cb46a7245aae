using System.Text;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Facade;
using Kvs.Core.Engines.Memory;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Doors;

/// <summary>Calls that are awaited one by one: their budgets, their ends, what they give.</summary>
public sealed class StoreCallsTests
{
    private static readonly ReadAim s_any = new(Consistency.Linearizable, KvsVersion.None, long.MaxValue);

    [Fact]
    public async Task A_write_holds_its_bytes_until_the_engine_is_done_even_when_nobody_waits_any_more()
    {
        var engine = new GatedEngine();
        using var dispatcher = NewDispatcher(engine);
        var calls = new StoreCalls(dispatcher, TimeProvider.System);
        using var gone = new CancellationTokenSource();
        var write = calls.WriteAsync(Set("k", new byte[100]), gone.Token);
        await Until.HoldsAsync(() => engine.Waiting == 1);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        Assert.Equal(101 + 128, dispatcher.Budgets.Queue.Held); // as the engine counts it
        engine.Release();
        await Until.HoldsAsync(() => dispatcher.Budgets.Queue.Held == 0);
        using var read = await calls.GetAsync("k"u8.ToArray(), s_any, CancellationToken.None);
        Assert.Equal(100, read!.Value.Length);
        await engine.DisposeAsync();
    }

    [Fact]
    public async Task Who_gets_no_bytes_in_time_is_told_and_its_place_in_line_is_no_leak()
    {
        var time = new ManualTimeProvider();
        var engine = new GatedEngine();
        using var dispatcher = NewDispatcher(engine, DoorLimits.Default with { QueuedBytesMax = 150 });
        var calls = new StoreCalls(dispatcher, time);
        var first = calls.WriteAsync(Set("k", new byte[100]), CancellationToken.None);
        var second = calls.WriteAsync(Set("l", new byte[100]), CancellationToken.None);
        Assert.Equal(1, engine.Waiting);
        time.Advance(BudgetShare.WaitMax);
        var refused = await Assert.ThrowsAsync<KvsUnavailableException>(() => second);
        Assert.Equal(ErrorCode.Overloaded, refused.Code);
        engine.Release();
        using var done = await first;
        await Until.HoldsAsync(() => dispatcher.Budgets.Queue.Held == 0);
        await engine.DisposeAsync();
    }

    [Fact]
    public async Task A_large_value_is_read_within_the_budget_of_answers_and_gives_it_back()
    {
        using var dispatcher = NewDispatcher(NewMemory());
        var calls = new StoreCalls(dispatcher, TimeProvider.System);
        (await calls.WriteAsync(Set("k", new byte[100_000]), CancellationToken.None)).Dispose();
        using (var read = await calls.GetAsync("k"u8.ToArray(), s_any, CancellationToken.None))
        {
            Assert.Equal(100_000, read!.Value.Length);
            Assert.Equal(100_000, dispatcher.Budgets.LargeAnswers.Held);
        }

        Assert.Equal(0, dispatcher.Budgets.LargeAnswers.Held);
        Assert.Null(await calls.GetAsync("other"u8.ToArray(), s_any, CancellationToken.None));
    }

    [Fact]
    public async Task A_write_that_gives_back_much_is_applied_once()
    {
        using var dispatcher = NewDispatcher(NewMemory());
        var calls = new StoreCalls(dispatcher, TimeProvider.System);
        (await calls.WriteAsync(Set("k", new byte[100_000]), CancellationToken.None)).Dispose();
        var write = new PendingWrite(Durability.Default);
        write.AddOwned(new Operation { Kind = OperationKind.Increment, Key = "n"u8.ToArray(), Delta = 1 });
        write.AddOwned(new Operation { Kind = OperationKind.Get, Key = "k"u8.ToArray() });
        using (var done = await calls.WriteAsync(write, CancellationToken.None))
        {
            done.ThrowIfFailed();
            Assert.Equal(1, done.Request.Results[0].Number);
            Assert.Equal(100_000, done.BytesOf(done.Request.Results[1]).Length);
            Assert.Equal(100_000, dispatcher.Budgets.LargeAnswers.Held);
        }

        Assert.Equal(0, dispatcher.Budgets.LargeAnswers.Held);
    }

    [Fact]
    public async Task A_deadline_that_has_passed_and_a_position_that_is_ahead_are_refused()
    {
        using var dispatcher = NewDispatcher(NewMemory());
        var calls = new StoreCalls(dispatcher, TimeProvider.System);
        var late = await Assert.ThrowsAsync<KvsUnavailableException>(
            () => calls.GetAsync("k"u8.ToArray(), s_any with { Deadline = 0 }, CancellationToken.None));
        Assert.Equal(ErrorCode.DeadlineExceeded, late.Code);
        var ahead = dispatcher.Position with { Sequence = 1000 };
        var stale = await Assert.ThrowsAsync<KvsUnavailableException>(
            () => calls.GetAsync("k"u8.ToArray(), s_any with { AtLeast = ahead }, CancellationToken.None));
        Assert.Equal(ErrorCode.TooStale, stale.Code);
    }

    /// <summary>Limit of entries, of bytes, bytes of a part; what is given, and where it goes on.</summary>
    [Theory]
    [InlineData(null, null, 1, "a b c d", null)]
    [InlineData(null, null, 1000, "a b c d", null)]
    [InlineData(2L, null, 1, "a b", "b")]
    [InlineData(4L, null, 1, "a b c d", null)]
    [InlineData(null, 25L, 1, "a b", "b")]
    [InlineData(null, 22L, 1000, "a b", "b")]
    [InlineData(null, 1L, 1, "a", "a")]
    public async Task A_scan_gives_what_was_asked_for_however_its_parts_fall(
        long? limit, long? limitBytes, long partBytes, string keys, string? cursor)
    {
        using var dispatcher = NewDispatcher(NewMemory());
        var calls = new StoreCalls(dispatcher, TimeProvider.System);
        foreach (var key in (string[])["a", "b", "c", "d"])
        {
            (await calls.WriteAsync(Set(key, new byte[10]), CancellationToken.None)).Dispose();
        }

        var options = new ScanOptions { Limit = limit, LimitBytes = limitBytes };
        using var scan = await calls.ScanAsync(options, s_any, CancellationToken.None);
        var given = new List<string>();
        while (!scan.IsDone)
        {
            given.AddRange((await scan.ReadAsync(partBytes, CancellationToken.None)).Select(entry => entry.Key.ToString()));
        }

        Assert.Equal(keys, string.Join(' ', given));
        Assert.Equal(cursor, scan.Cursor is { } key2 ? Encoding.UTF8.GetString(key2.Span) : null);
    }

    [Fact]
    public async Task An_ended_scan_holds_no_snapshot()
    {
        using var dispatcher = NewDispatcher(NewMemory());
        var calls = new StoreCalls(dispatcher, TimeProvider.System);
        for (var i = 0; i < 20; i++)
        {
            using var scan = await calls.ScanAsync(new ScanOptions(), s_any, CancellationToken.None);
            Assert.Empty(await scan.ReadAsync(1, CancellationToken.None));
        }
    }

    private static MemoryEngine NewMemory() => new(TimeProvider.System, new Random(1), WriteLimits.Default);

    private static RequestDispatcher NewDispatcher(IKvEngine engine, DoorLimits? limits = null) => new(
        engine, new ServerInfo { Name = "kvs-server", Version = "1" }, new SnapshotLimits(4, 4, TimeSpan.Zero),
        TimeProvider.System)
    {
        Budgets = new DoorBudgets(limits ?? DoorLimits.Default),
    };

    private static PendingWrite Set(string key, byte[] value)
    {
        var write = new PendingWrite(Durability.Default);
        write.AddOwned(Operation.Set(key, new KvsValue(value), null));
        return write;
    }
}

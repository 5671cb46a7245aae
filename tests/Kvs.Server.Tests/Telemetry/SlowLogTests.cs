using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Telemetry.Operations;
using Kvs.Server.Tests.Doors;
using Kvs.Server.Tests.Doors.Http;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Telemetry;

/// <summary>What took long is noted, the newest of it, and nothing else.</summary>
public sealed class SlowLogTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void What_takes_as_long_as_the_threshold_is_noted()
    {
        var meter = MeterOf(TimeSpan.FromMilliseconds(10), entries: 4);
        Take(meter, 9);
        Take(meter, 10);
        Take(meter, 25);
        var entries = meter.SlowLog.Newest(10);
        Assert.Equal([2L, 1L], entries.Select(entry => entry.Id));
        Assert.Equal([25.0, 10.0], entries.Select(entry => entry.Duration.TotalMilliseconds));
        Assert.All(entries, entry => Assert.Equal(("scan", "overloaded"), (entry.Operation, entry.Result)));
        Assert.Equal(_time.GetUtcNow(), entries[0].At);
    }

    [Fact]
    public void The_newest_stay_and_the_rest_goes()
    {
        var meter = MeterOf(TimeSpan.Zero, entries: 3);
        for (var i = 0; i < 8; i++)
        {
            Take(meter, i);
        }

        Assert.Equal([8L, 7L, 6L], meter.SlowLog.Newest(10).Select(entry => entry.Id));
        Assert.Equal([8L], meter.SlowLog.Newest(1).Select(entry => entry.Id));
    }

    [Fact]
    public void Off_notes_nothing()
    {
        var meter = MeterOf(null, entries: 3);
        Take(meter, 1_000_000);
        Assert.Empty(meter.SlowLog.Newest(10));
    }

    [Fact]
    public void Threads_that_note_at_once_lose_nothing_that_fits()
    {
        const int Threads = 4;
        const int Each = 500;
        var meter = MeterOf(TimeSpan.Zero, Threads * Each);
        var threads = Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                meter.Count(MeasuredOperation.Scan, ErrorCode.None, meter.Now);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Equal(
            Enumerable.Range(1, Threads * Each).Reverse().Select(id => (long)id),
            meter.SlowLog.Newest(int.MaxValue).Select(entry => entry.Id));
    }

    [Fact]
    public void Of_a_key_the_beginning_is_kept_and_shown_as_ascii()
    {
        var meter = MeterOf(TimeSpan.Zero, entries: 2);
        meter.BeginRead(OperationKind.Get, mayWait: true).End(isFound: true, [0x00, (byte)'a', (byte)'\\', 0xC3, 0xA4, 0x7F]);
        meter.BeginRead(OperationKind.Get, mayWait: true).End(isFound: false, new byte[200]);
        var entries = meter.SlowLog.Newest(2);
        Assert.Equal(@"\x00a\\\xc3\xa4\x7f", entries[1].Key);
        Assert.Equal((64 * 4, 200L, "missing"), (entries[0].Key.Length, entries[0].KeyBytes, entries[0].Result));
    }

    [Fact]
    public async Task A_client_gets_it_with_what_a_burst_was()
    {
        var meter = new OperationMeter(TimeProvider.System) { SlowLog = new SlowLog(TimeSpan.Zero, 100, TimeProvider.System) };
        await using var server = DoorFixture.Open(operations: meter);
        using var wire = await WireClient.ConnectAsync(server.Port);
        await wire.Set(1, "first", "1").Set(2, "second", "2").SendAsync();
        await wire.ReadAppliedAsync(1);
        await wire.ReadAppliedAsync(2);
        await using var client = await KvsClient.ConnectAsync($"127.0.0.1:{server.Port}");
        var entry = (await client.SlowLogAsync(100))[^1];
        Assert.Equal((1L, "set", "ok", "first", 2L, "tcp"),
            (entry.Id, entry.Operation, entry.Result, entry.Key, entry.Requests, entry.Door));
        Assert.StartsWith("127.0.0.1:", entry.Client, StringComparison.Ordinal);
        Assert.True(entry.Bytes > 0);
    }

    [Fact]
    public async Task Each_door_says_who_asked_for_writes_and_for_reads()
    {
        var meter = new OperationMeter(TimeProvider.System) { SlowLog = new SlowLog(TimeSpan.Zero, 1000, TimeProvider.System) };
        await using (var server = await HttpFixture.OpenAsync(operations: meter))
        {
            Assert.Equal("201", await server.ReadAsync("PUT /v1/kv/http", "1"));
            Assert.StartsWith("200", await server.ReadAsync("POST /v1/batch", """{"operations":[{"op":"remove","key":"http-batch"}]}"""), StringComparison.Ordinal);
            Assert.Equal("200 1", await server.ReadAsync("GET /v1/kv/http"));
            Assert.Equal("200", await server.ReadAsync("HEAD /v1/kv/http"));
            Assert.StartsWith("200", await server.ReadAsync("GET /v1/kv"), StringComparison.Ordinal);
        }

        await using (var server = DoorFixture.Open(operations: meter))
        {
            await using var client = await KvsClient.ConnectAsync($"127.0.0.1:{server.Port}");
            await client.SetAsync("tcp", "1");

            // One in so many is timed, of those that one thread has answered.
            for (var i = 0; i < 1000 && meter.SlowLog.Newest(1000).All(static entry => entry is not { Door: "tcp", Operation: "get" }); i++)
            {
                Assert.NotNull(await client.GetAsync("tcp"));
            }

            for (var i = 0; i < 1000 && meter.SlowLog.Newest(1000).All(static entry => entry is not { Door: "tcp", Operation: "stat" }); i++)
            {
                Assert.True(await client.ExistsAsync("tcp"));
            }
        }

        var entries = meter.SlowLog.Newest(1000);
        Assert.All(entries, entry => Assert.StartsWith("127.0.0.1:", entry.Client, StringComparison.Ordinal));
        Assert.Equal(
            ["http get", "http remove", "http scan", "http set", "http stat", "tcp get", "tcp set", "tcp stat"],
            entries.Select(entry => $"{entry.Door} {entry.Operation}").Distinct().Order(StringComparer.Ordinal));
    }

    private OperationMeter MeterOf(TimeSpan? threshold, int entries) =>
        new(_time) { SlowLog = new SlowLog(threshold, entries, _time) };

    private void Take(OperationMeter meter, int millis)
    {
        var startedAt = meter.Now;
        _time.Advance(TimeSpan.FromMilliseconds(millis));
        meter.Count(MeasuredOperation.Scan, ErrorCode.Overloaded, startedAt);
    }
}

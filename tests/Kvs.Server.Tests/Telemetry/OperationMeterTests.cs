using System.Diagnostics.Metrics;
using Kvs.Core.Engines;
using Kvs.Core.Engines.Memory;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Server.Telemetry.Operations;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Telemetry;

/// <summary>Every operation is counted once, with its result, whatever way it takes through the server.</summary>
public sealed class OperationMeterTests
{
    private static readonly KvsCondition _absent = KvsCondition.Absent;

    [Fact]
    public async Task Operations_are_counted_by_kind_and_result()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Set(1, "a", "1").Set(2, "a", "2").Get(3, "a").Write(4, new Operation
        {
            Kind = OperationKind.Remove,
            Key = "none"u8.ToArray(),
        }).Write(5, Operation.Set("a", "3", new SetOptions { Condition = _absent })).SendAsync();
        await client.ReadAppliedAsync(1);
        await client.ReadAppliedAsync(2);
        Assert.Equal("2", await client.ReadValueAsync(3));
        await client.ReadAppliedAsync(4);
        await client.ReadCodeAsync(5, ErrorCode.ConditionFailed);
        await client.Get(6, "a").SendAsync();
        Assert.Equal("2", await client.ReadValueAsync(6));
        await client.Get(7, "none").SendAsync();
        Assert.Null(await client.ReadValueAsync(7));

        var totals = server.Dispatcher.Operations.Totals();
        Assert.Equal(2, CountOf(totals, "set", "ok"));
        Assert.Equal(1, CountOf(totals, "set", "condition_failed"));
        Assert.Equal(1, CountOf(totals, "remove", "missing"));
        Assert.Equal(2, CountOf(totals, "get", "ok"));
        Assert.Equal(1, CountOf(totals, "get", "missing"));
        Assert.Equal(3, totals.Duration((int)OperationKind.Set).Count);
        Assert.Equal(1, totals.Duration((int)OperationKind.Remove).Count);
    }

    [Fact]
    public async Task What_runs_on_the_thread_pool_is_counted_too()
    {
        await using var server = DoorFixture.Open();
        using var client = await WireClient.ConnectAsync(server.Port);
        await client.Empty(1, Opcode.Compact).SendAsync();
        await client.ReadCodeAsync(1, ErrorCode.NotSupported); // by the memory engine
        var totals = server.Dispatcher.Operations.Totals();
        Assert.Equal(1, CountOf(totals, "compact", "not_supported"));
        Assert.Equal(1, totals.Duration((int)MeasuredOperation.Compact).Count);
    }

    [Fact]
    public void Of_sixteen_reads_one_is_timed_and_each_that_may_wait()
    {
        var meter = new OperationMeter(TimeProvider.System);
        for (var i = 0; i < 160; i++)
        {
            meter.BeginRead(OperationKind.Get, mayWait: false).End(isFound: true, "k"u8);
        }

        meter.BeginRead(OperationKind.Stat, mayWait: true).Fail(ErrorCode.Corruption, "k"u8);
        var totals = meter.Totals();
        Assert.Equal(160, CountOf(totals, "get", "ok"));
        Assert.Equal(10, totals.Duration((int)OperationKind.Get).Count);
        Assert.Equal(1, CountOf(totals, "stat", "corruption"));
        Assert.Equal(1, totals.Duration((int)OperationKind.Stat).Count);
    }

    [Fact]
    public async Task A_batch_counts_its_operations_and_is_timed_as_one()
    {
        var meter = new OperationMeter(TimeProvider.System);
        await using var engine = new MemoryEngine(TimeProvider.System, new Random(1), WriteLimits.Default);
        var done = new Done();
        var item = new WorkItem(done);
        var request = new WriteRequest();
        request.Operations.Add(Operation.Set("a", "1", null));
        request.Operations.Add(Operation.Set("b", "1", null));
        request.Operations.Add(Operation.Remove("c", null));
        item.Requests.Add(request);
        meter.Begin(item);
        engine.Submit(item);
        await done.Task;

        var totals = meter.Totals();
        Assert.Equal(2, CountOf(totals, "set", "ok"));
        Assert.Equal(1, CountOf(totals, "remove", "missing"));
        Assert.Equal(1, totals.Duration((int)MeasuredOperation.Batch).Count);
        Assert.Equal(0, totals.Duration((int)OperationKind.Set).Count);
    }

    [Fact]
    public void Durations_fall_into_the_bucket_that_holds_them()
    {
        var time = new ManualTimeProvider();
        var meter = new OperationMeter(time);
        foreach (var millis in (int[])[1, 2, 3, 20_000])
        {
            var startedAt = meter.Now;
            time.Advance(TimeSpan.FromMilliseconds(millis));
            meter.Count(MeasuredOperation.Scan, ErrorCode.None, startedAt);
        }

        var durations = meter.Totals().Duration((int)MeasuredOperation.Scan);
        var bounds = OperationMeter.Bounds.ToList();
        Assert.Equal(1, durations.Buckets[bounds.IndexOf(0.001)]);
        Assert.Equal(1, durations.Buckets[bounds.IndexOf(0.0025)]);
        Assert.Equal(1, durations.Buckets[bounds.IndexOf(0.005)]);
        Assert.Equal(1, durations.Buckets[^1]);
        Assert.Equal(20.006, durations.Seconds, 6);
    }

    [Fact]
    public void An_instrument_is_told_of_each_duration_while_somebody_listens()
    {
        using var own = new Meter("test");
        var meter = new OperationMeter(TimeProvider.System) { Duration = own.CreateHistogram<double>("d") };
        meter.Count(MeasuredOperation.Scan, ErrorCode.None, meter.Now);
        var heard = new List<string>();
        using (var listener = new MeterListener())
        {
            listener.InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter == own)
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<double>((_, _, tags, _) => heard.Add($"{tags[0].Value}"));
            listener.Start();
            meter.Count(MeasuredOperation.Count, ErrorCode.None, meter.Now);
        }

        meter.Count(MeasuredOperation.Scan, ErrorCode.None, meter.Now);
        Assert.Equal(["count"], heard);
    }

    [Fact]
    public void Every_operation_and_error_has_a_name_and_room()
    {
        Assert.All(Enum.GetValues<OperationKind>().Skip(1), kind => Assert.NotNull(MeasuredNames.Operations[(int)kind]));
        Assert.All(Enum.GetValues<OperationKind>(), kind => Assert.True((int)kind < (int)MeasuredOperation.Batch));
        Assert.All(Enum.GetValues<MeasuredOperation>(), kind => Assert.NotNull(MeasuredNames.Operations[(int)kind]));
        var places = Enum.GetValues<ErrorCode>().Select(MeasuredNames.PlaceOf).ToList();
        Assert.Equal(places.Count, places.Distinct().Count());
        Assert.Equal("condition_failed", MeasuredNames.Results[MeasuredNames.PlaceOf(ErrorCode.ConditionFailed)]);
        Assert.Equal(MeasuredNames.PlaceOf(ErrorCode.Internal), MeasuredNames.PlaceOf((ErrorCode)12_345));
    }

    private static long CountOf(OperationTotals totals, string operation, string result) => totals.Count(
        MeasuredNames.Operations.ToList().IndexOf(operation), MeasuredNames.Results.ToList().IndexOf(result));

    private sealed class Done : IWorkItemOwner
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task Task => _done.Task;

        public void Completed(WorkItem item) => _done.SetResult();
    }
}

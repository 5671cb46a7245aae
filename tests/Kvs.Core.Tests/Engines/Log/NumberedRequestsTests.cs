using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Offline;
using Kvs.Core.Storage.Requests;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>A write that is repeated under its number is applied once, and answered as it was.</summary>
public sealed class NumberedRequestsTests
{
    private readonly NumberedClient _client = new(7);
    private LogStore _store = new(1, new LogEngineOptions { HistoryBytes = 0 });

    [Fact]
    public void A_repetition_gets_the_same_version_and_results_and_changes_nothing()
    {
        var first = Apply(_client.New(NumberedClient.Increment("n", 5)));
        var again = Apply(_client.Again(1, NumberedClient.Increment("n", 5)));
        Assert.Equal((5L, 5L), (first.Results[0].Number, again.Results[0].Number));
        Assert.Equal(NumberedClient.AnswerOf(first), NumberedClient.AnswerOf(again));
        Assert.NotEqual(KvsVersion.None, again.Version);
        Assert.Equal(("5", first.Version.Sequence), (_store.Get("n"), _store.Sequence));
        Assert.Equal((false, true), (first.IsRepeated, again.IsRepeated));
    }

    [Fact]
    public void Each_kind_of_result_is_given_again_as_it_was()
    {
        Operation[] operations =
        [
            LogStore.SetOf("a", "one") with { ReturnPrevious = true },
            LogStore.SetOf("a", "two", ttlMillis: 90_000) with { ReturnPrevious = true },
            LogStore.Of(OperationKind.Stat, "a"),
            LogStore.Of(OperationKind.Get, "a"),
            LogStore.Of(OperationKind.Persist, "a"),
            LogStore.Of(OperationKind.Expire, "a") with { Expiry = ExpiryKind.In, ExpiryMillis = 70_000 },
            NumberedClient.Increment("n", -9),
            LogStore.Of(OperationKind.Check, "missing", KvsCondition.Absent),
            LogStore.Of(OperationKind.Remove, "a") with { ReturnPrevious = true },
            LogStore.Of(OperationKind.Get, "a"),
            LogStore.Of(OperationKind.IncrementFloat, "f") with { Value = "0.5"u8.ToArray() },
            LogStore.Of(OperationKind.Append, "s") with { Value = "abc"u8.ToArray() },
            LogStore.SetOf("s", "lost", condition: KvsCondition.Absent) with { ReturnPrevious = true, IsOptional = true },
            LogStore.Of(OperationKind.Copy, "s") with { Value = "t"u8.ToArray() },
            NumberedClient.Increment("s") with { IsOptional = true },
        ];
        var first = Submit(_client.New(operations));
        var again = Submit(_client.Again(1, operations));
        Assert.Equal(Told(first), Told(again));
        Assert.Equal((15, "two"), (again.Request.Results.Count, ValueOf(again, 8)));
        Assert.Equal(("0.5", "abc"), (ValueOf(again, 10), ValueOf(again, 12)));
        Assert.Equal((ErrorCode.ConditionFailed, ErrorCode.NotAnInteger), (again.Request.Results[12].Code, again.Request.Results[14].Code));
        var survivor = ReopenedWith(again: () => Submit(_client.Again(1, operations)));
        Assert.Equal(Told(first), Told(survivor));
    }

    [Fact]
    public void A_long_previous_value_is_given_again_as_its_length_only()
    {
        Apply(_client.New(LogStore.SetOf("a", new string('x', 1024))));
        Apply(_client.New(LogStore.SetOf("a", new string('y', 1025)) with { ReturnPrevious = true }));
        Apply(_client.New(LogStore.SetOf("a", "z") with { ReturnPrevious = true }));
        var short_ = Submit(_client.Again(2, LogStore.SetOf("a", new string('y', 1025)) with { ReturnPrevious = true }));
        var long_ = Submit(_client.Again(3, LogStore.SetOf("a", "z") with { ReturnPrevious = true }));
        Assert.Equal(new string('x', 1024), ValueOf(short_, 0));
        Assert.Equal((true, false, 1025), (long_.Request.Results[0].Existed, long_.Request.Results[0].HasValue, long_.Request.Results[0].ValueLength));
        Assert.Equal(_store.Sequence, long_.Request.Version.Sequence);
    }

    [Fact]
    public void Of_a_large_batch_it_is_given_again_what_was_there_and_the_numbers()
    {
        var operations = new List<Operation>();
        for (var i = 0; i < 300; i++)
        {
            _store.Set($"k{i}", new string('v', 100));
            operations.Add(LogStore.SetOf($"k{i}", "w") with { ReturnPrevious = true });
            operations.Add(NumberedClient.Increment("n", i));
        }

        operations.Add(NumberedClient.Increment("k0") with { IsOptional = true });

        var first = Apply(_client.New([.. operations]));
        Assert.True(first.Results[0].HasValue);
        var again = Apply(_client.Again(1, [.. operations]));
        Assert.Equal(first.Results.Select(result => (result.Existed, result.Number)), again.Results.Select(result => (result.Existed, result.Number)));
        Assert.Equal(ErrorCode.NotAnInteger, again.Results[^1].Code);
        Assert.All(again.Results, result => Assert.Equal((KvsVersion.None, false, 0), (result.Version, result.HasValue, result.ValueLength)));
        Assert.Equal(first.Version, again.Version);
    }

    [Fact]
    public void A_repetition_in_the_same_burst_and_one_on_its_heels_are_answered_with_the_first()
    {
        var burst = _store.SubmitBurst(_client.New(NumberedClient.Increment("n")), _client.Again(1, NumberedClient.Increment("n")));
        var behind = _store.SubmitBurst(_client.Again(1, NumberedClient.Increment("n")));
        _store.Run();
        Assert.All(
            burst.Item.Requests.Append(behind.Request),
            request => Assert.Equal((1L, burst.Request.Version), (request.Results[0].Number, request.Version)));
        Assert.Equal("1", _store.Get("n"));
    }

    [Fact]
    public void A_repetition_of_what_fails_to_become_durable_is_unknown_too()
    {
        _store.Set("n", "0");
        _store.Device.Fail(CallKinds.Sync, FaultKind.DeviceError, 1, where: path => path.EndsWith(".log", StringComparison.Ordinal));
        var burst = _store.SubmitBurst(_client.New(NumberedClient.Increment("n")));
        _store.Machine.Loops.RunSteps(3);
        var again = _store.SubmitBurst(_client.Again(1, NumberedClient.Increment("n")));
        var other = _store.SubmitBurst(_client.Again(2, NumberedClient.Increment("n")));
        _store.Run();
        Assert.Equal((ErrorCode.Faulted, WriteOutcome.Unknown), (burst.Request.Code, burst.Request.Outcome));
        Assert.Equal((ErrorCode.Faulted, WriteOutcome.Unknown), (again.Request.Code, again.Request.Outcome));
        Assert.Equal((ErrorCode.Faulted, WriteOutcome.Unknown), (other.Request.Code, other.Request.Outcome));
    }

    [Fact]
    public void What_had_no_effect_is_judged_anew()
    {
        var refused = Apply(_client.New(LogStore.SetOf("a", "1", condition: KvsCondition.Present)));
        Assert.Equal(ErrorCode.ConditionFailed, refused.Code);
        Assert.Equal(KvsVersion.None, Apply(_client.New(LogStore.Of(OperationKind.Remove, "a"))).Version);
        _store.Set("a", "0");
        Assert.Equal(ErrorCode.None, Apply(_client.Again(1, LogStore.SetOf("a", "1", condition: KvsCondition.Present))).Code);
        Assert.Equal("1", _store.Get("a"));
        Assert.True(Apply(_client.Again(2, LogStore.Of(OperationKind.Remove, "a"))).Results[0].Existed);
        Assert.Null(_store.Get("a"));
        Assert.True(Apply(_client.Again(2, LogStore.Of(OperationKind.Remove, "a"))).IsRepeated);
    }

    [Fact]
    public void What_the_client_has_said_is_answered_is_never_executed_whatever_the_attempt()
    {
        Apply(_client.New(NumberedClient.Increment("n")));
        _client.DoneThrough = 1;
        Apply(_client.New(NumberedClient.Increment("n")));
        foreach (var attempt in new ushort[] { 0, 1, 2 })
        {
            var late = Apply(_client.Again(1, attempt, default, NumberedClient.Increment("n")));
            Assert.Equal((ErrorCode.OutcomeUnknown, WriteOutcome.Unknown), (late.Code, late.Outcome));
        }

        Assert.Equal("2", _store.Get("n"));
        Reopen();
        Assert.Equal(ErrorCode.OutcomeUnknown, Apply(_client.Again(1, NumberedClient.Increment("n"))).Code);
        Assert.Equal("2", _store.Get("n"));
    }

    [Fact]
    public void A_client_that_says_its_own_number_is_answered_harms_nobody()
    {
        _client.DoneThrough = ulong.MaxValue;
        Assert.Equal(ErrorCode.None, Apply(_client.New(NumberedClient.Increment("n"))).Code);
        Assert.True(Apply(_client.Again(1, NumberedClient.Increment("n"))).IsRepeated);
        Assert.Equal(ErrorCode.None, Apply(_client.New(NumberedClient.Increment("n"))).Code);
        Assert.Equal("2", _store.Get("n"));
    }

    [Fact]
    public void A_late_repetition_that_is_not_found_is_not_executed_and_a_first_attempt_always_is()
    {
        var half = TimeSpan.FromMinutes(7.5);
        var late = Apply(_client.Again(3, attempt: 2, half, NumberedClient.Increment("n")));
        Assert.Equal((ErrorCode.OutcomeUnknown, WriteOutcome.Unknown), (late.Code, late.Outcome));
        Assert.Null(_store.Get("n"));
        Assert.Equal(ErrorCode.None, Apply(_client.Again(4, attempt: 2, half - TimeSpan.FromMilliseconds(1), NumberedClient.Increment("n"))).Code);
        Assert.Equal(ErrorCode.None, Apply(_client.Again(5, attempt: 1, half, NumberedClient.Increment("n"))).Code);
        Assert.Equal("2", _store.Get("n"));
    }

    [Fact]
    public void A_client_that_was_forgotten_is_not_believed_to_repeat_in_time()
    {
        Apply(_client.New(NumberedClient.Increment("n")));
        _store.Advance(TimeSpan.FromMinutes(15));
        Apply(new NumberedClient(8).New(NumberedClient.Increment("n")));
        Assert.Equal(1, _store.Engine.Stats().RequestClients);
        var late = Apply(_client.Again(1, attempt: 2, TimeSpan.FromMinutes(15), NumberedClient.Increment("n")));
        Assert.Equal(ErrorCode.OutcomeUnknown, late.Code);
        Assert.Equal("2", _store.Get("n"));
    }

    [Fact]
    public void The_same_number_with_other_operations_is_refused()
    {
        Apply(_client.New(NumberedClient.Increment("n"), NumberedClient.Increment("n")));
        var other = Apply(_client.Again(1, NumberedClient.Increment("n")));
        Assert.Equal((ErrorCode.InvalidArgument, WriteOutcome.NotApplied), (other.Code, other.Outcome));
        Assert.Equal("2", _store.Get("n"));
    }

    [Fact]
    public void A_full_table_refuses_new_clients_and_serves_those_it_knows()
    {
        _store.Close();
        _store = new LogStore(2, new LogEngineOptions { Requests = new RequestLimits { ClientsEased = 1, ClientsMax = 1 } });
        Apply(_client.New(NumberedClient.Increment("n")));
        var stranger = new NumberedClient(8);
        var refused = Apply(stranger.New(NumberedClient.Increment("n")));
        Assert.Equal((ErrorCode.Overloaded, WriteOutcome.NotApplied), (refused.Code, refused.Outcome));
        Assert.Equal(ErrorCode.None, Apply(_client.New(NumberedClient.Increment("n"))).Code);
        Assert.Equal(ErrorCode.None, _store.Apply(NumberedClient.Increment("n")).Code);
        Assert.Equal((1L, 3L), (_store.Engine.Stats().RequestClients, long.Parse(_store.Get("n")!, System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void A_repetition_is_answered_although_the_disk_is_full()
    {
        Apply(_client.New(LogStore.SetOf("k", "v")));
        _store.Device.Fail(
            CallKinds.Write, FaultKind.DiskFull, forGood: true, where: path => !path.EndsWith(".log", StringComparison.Ordinal));
        while (_store.Set("filler", new string('x', 300_000)).Code == ErrorCode.None)
        {
        }

        Assert.Equal(ErrorCode.DiskFull, Apply(_client.New(LogStore.SetOf("k", "w"))).Code);
        Assert.True(Apply(_client.Again(1, LogStore.SetOf("k", "v"))).IsRepeated);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_repetition_is_known_after_a_close_and_after_a_kill(bool isKilled)
    {
        var first = Apply(_client.New(NumberedClient.Increment("n")));
        _store = isKilled ? _store.ReopenKilled() : _store.Reopen();
        var again = Apply(_client.Again(1, NumberedClient.Increment("n")));
        Assert.Equal((true, first.Version, 1L), (again.IsRepeated, again.Version, again.Results[0].Number));
        _store = isKilled ? _store.ReopenKilled() : _store.Reopen();
        Assert.True(Apply(_client.Again(1, NumberedClient.Increment("n"))).IsRepeated);
        Assert.Equal("1", _store.Get("n"));
    }

    [Fact]
    public void A_repetition_is_known_when_the_segment_that_told_of_it_is_compacted_away()
    {
        var first = Apply(_client.New(NumberedClient.Increment("n")));
        FillSegments();
        _store.Machine.Loops.RunUntilCompleted(_store.Engine.CompactAsync(default));
        _store.Advance(TimeSpan.FromSeconds(1));
        Assert.DoesNotContain("00000001.log", _store.Device.ListFiles("/store"));
        Assert.True(Apply(_client.Again(1, NumberedClient.Increment("n"))).IsRepeated);
        Reopen();
        Assert.Equal(first.Version, Apply(_client.Again(1, NumberedClient.Increment("n"))).Version);
        _store = _store.ReopenKilled();
        Assert.Equal(first.Version, Apply(_client.Again(1, NumberedClient.Increment("n"))).Version);
        Assert.Equal("1", _store.Get("n"));
    }

    [Fact]
    public void There_is_one_request_file_and_none_where_nobody_numbers_writes()
    {
        FillSegments();
        Assert.DoesNotContain(_store.Device.ListFiles("/store"), IsRequestFile);
        Apply(_client.New(NumberedClient.Increment("n")));
        FillSegments();
        var name = Assert.Single(_store.Device.ListFiles("/store"), IsRequestFile);
        Assert.Equal(ManifestStore.Open(_store.Device, "/store").Current.Requests!.Name, name);
        FillSegments();
        Assert.NotEqual(name, Assert.Single(_store.Device.ListFiles("/store"), IsRequestFile));
        _store.Device.WriteAll("/store/00000999.requests", [1]);
        _store.Device.WriteAll("/store/00000998.requests.new", [1]);
        Reopen();
        Assert.Single(_store.Device.ListFiles("/store"), name => name.Contains(".requests", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_missing_or_damaged_request_file_is_damage(bool isMissing)
    {
        Apply(_client.New(NumberedClient.Increment("n")));
        FillSegments();
        var path = "/store/" + Assert.Single(_store.Device.ListFiles("/store"), IsRequestFile);
        _store.Close();
        if (isMissing)
        {
            _store.Device.Delete(path);
        }
        else
        {
            _store.Device.Damage(path, 70, [0xAA]);
        }

        _store.Device.Fail(CallKinds.Changes, FaultKind.DeviceError, forGood: true);
        var damage = Assert.Throws<KvsCorruptionException>(() => new LogStore(2, device: _store.Device));
        Assert.Equal(path, damage.Path);
        Assert.Contains("repair", damage.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_look_at_a_closed_store_and_its_check_find_a_lost_request_file_and_repair_goes_on_without_promises()
    {
        var first = Apply(_client.New(NumberedClient.Increment("n")));
        FillSegments();
        Apply(_client.New(NumberedClient.Increment("n")));
        _store.Close();
        Assert.True(StoreCheck.Run(_store.Device, "/store").IsSound);
        var path = "/store/" + Assert.Single(_store.Device.ListFiles("/store"), IsRequestFile);
        _store.Device.Damage(path, 70, [0xAA]);
        var finding = Assert.Single(StoreCheck.Run(_store.Device, "/store").Findings);
        Assert.Equal((path, true), (finding.Path, finding.IsDamage));

        var repaired = StoreRepair.Run(_store.Device, "/store", new StoreRandom(new Random(1)));
        Assert.Contains(repaired.Findings, lost => lost.Path == path && lost.IsDamage);
        Assert.True(_store.Device.FileExists(path + ".damaged"));
        Assert.True(StoreCheck.Run(_store.Device, "/store").IsSound);
        _store = new LogStore(2, device: _store.Device);
        Assert.Equal("2", _store.Get("n"));

        // What the open log told is known; of the rest nothing is promised for a while, and nothing applied twice.
        Assert.True(Apply(_client.Again(2, NumberedClient.Increment("n"))).IsRepeated);
        Assert.Equal(ErrorCode.OutcomeUnknown, Apply(_client.Again(1, NumberedClient.Increment("n"))).Code);
        Assert.Equal(ErrorCode.OutcomeUnknown, Apply(new NumberedClient(9).Again(1, NumberedClient.Increment("n"))).Code);
        Assert.Equal(ErrorCode.None, Apply(new NumberedClient(9).New(NumberedClient.Increment("n"))).Code);
        Assert.Equal(("3", TimeSpan.Zero), (_store.Get("n"), _store.Engine.Stats().RequestWindow));
        _store.Advance(TimeSpan.FromMinutes(15));
        Assert.Equal(ErrorCode.None, Apply(new NumberedClient(9).Again(2, NumberedClient.Increment("n"))).Code);
        Assert.Equal(TimeSpan.FromMinutes(15), _store.Engine.Stats().RequestWindow);
        Assert.NotEqual(KvsVersion.None, first.Version);
    }

    [Fact]
    public void Repair_keeps_what_is_intact_over_a_damaged_log()
    {
        Apply(_client.New(NumberedClient.Increment("n")));
        FillSegments();
        Apply(_client.New(NumberedClient.Increment("n")));
        Apply(_client.New(LogStore.SetOf("lost", "spoil me")));
        Apply(_client.New(NumberedClient.Increment("n")));
        _store.Close();
        var log = _store.Device.ListFiles("/store").Last(name => name.EndsWith(".log", StringComparison.Ordinal)
            && _store.Device.ReadAll("/store/" + name).AsSpan().IndexOf("spoil me"u8) > 0);
        _store.Device.Damage("/store/" + log, _store.Device.ReadAll("/store/" + log).AsSpan().IndexOf("spoil me"u8), "SPOIL"u8);
        Assert.Throws<KvsCorruptionException>(() => new LogStore(2, device: _store.Device));
        StoreRepair.Run(_store.Device, "/store", new StoreRandom(new Random(1)));
        _store = new LogStore(2, device: _store.Device);
        Assert.True(Apply(_client.Again(1, NumberedClient.Increment("n"))).IsRepeated);
        Assert.True(Apply(_client.Again(2, NumberedClient.Increment("n"))).IsRepeated);
        Assert.True(Apply(_client.Again(4, NumberedClient.Increment("n"))).IsRepeated);
        Assert.Equal(ErrorCode.OutcomeUnknown, Apply(_client.Again(3, LogStore.SetOf("lost", "spoil me"))).Code);
        Assert.Equal(("3", null), (_store.Get("n"), _store.Get("lost")));
    }

    [Fact]
    public void On_a_full_disk_a_segment_finds_room_for_its_request_file_and_compaction_goes_on()
    {
        _store.Close();
        _store = new LogStore(3, new LogEngineOptions { HistoryBytes = 0, CompactionDeadShare = 1 });
        for (var id = 1UL; id <= 6000; id++)
        {
            var key = id <= 4000 ? id : 2 * (id - 4000);
            _store.SubmitBurst(new NumberedClient(id).New(LogStore.SetOf($"k{key}", id + new string('v', 1000))));
        }

        _store.Run();
        _store.Close();
        var requestBytes = ManifestStore.Open(_store.Device, "/store").Current.Requests!.Bytes;
        Assert.InRange(requestBytes, 64 * 1024, 256 * 1024);
        Assert.True(_store.Device.ReadAll("/store/reserve").Length >= (1024 * 1024 * 5 / 4) + requestBytes - (64 * 1024));
        _store.Device.CapacityBytes = _store.Device.UsedBytes + (32 * 1024);
        _store = new LogStore(3, new LogEngineOptions { HistoryBytes = 0 }, _store.Device);
        _store.Advance(TimeSpan.FromMinutes(2));
        Assert.True(_store.Engine.Stats().Compactions > 0);
        var resumed = new NumberedClient(5000);
        for (var i = 0; i < 2000; i++)
        {
            _store.SubmitBurst(resumed.New(LogStore.SetOf($"k{i}", new string('w', 1000))));
            _store.Run();
        }

        _store.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(ErrorCode.None, Apply(resumed.New(LogStore.SetOf("again", "v"))).Code);
        Assert.True(Apply(new NumberedClient(17).Again(1, LogStore.SetOf("k17", "17" + new string('v', 1000)))).IsRepeated);
    }

    [Fact]
    public void The_figures_tell_how_many_clients_there_are_and_what_they_cost()
    {
        Apply(_client.New(NumberedClient.Increment("n")));
        var stats = _store.Engine.Stats();
        Assert.Equal((1L, TimeSpan.FromMinutes(15)), (stats.RequestClients, stats.RequestWindow));
        Assert.InRange(stats.RequestBytes, 200, 1000);
    }

    private static bool IsRequestFile(string name) => name.EndsWith(".requests", StringComparison.Ordinal);

    private static List<(OperationResult Result, string Value)> Told(LogStore.Submitted submitted) =>
        [.. submitted.Request.Results.Select((result, i) => (result with { ValueOffset = 0 }, ValueOf(submitted, i)))];

    private static string ValueOf(LogStore.Submitted submitted, int operation)
    {
        var result = submitted.Request.Results[operation];
        return result.HasValue
            ? System.Text.Encoding.UTF8.GetString(submitted.Item.ResultBytes.WrittenSpan.Slice(result.ValueOffset, result.ValueLength))
            : "";
    }

    private LogStore.Submitted ReopenedWith(Func<LogStore.Submitted> again)
    {
        Reopen();
        return again();
    }

    private WriteRequest Apply(WriteRequest request) => Submit(request).Request;

    private LogStore.Submitted Submit(WriteRequest request)
    {
        var submitted = _store.SubmitBurst(request);
        _store.Run();
        Assert.True(submitted.IsDone);
        return submitted;
    }

    private void Reopen() => _store = _store.Reopen();

    /// <summary>Writes without numbers until the segments before are sealed.</summary>
    private void FillSegments()
    {
        for (var i = 0; i < 8; i++)
        {
            _store.Set("filler", new string((char)('a' + i), 300_000));
        }

        _store.Run();
    }
}

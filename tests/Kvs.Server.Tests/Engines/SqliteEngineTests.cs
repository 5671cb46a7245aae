using System.Buffers;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Platform;
using Kvs.Core.Primitives;
using Kvs.Server.Engines;
using Kvs.TestKit.Contracts;
using Kvs.TestKit.Contracts.Model;
using Kvs.TestKit.Processes;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Kvs.Server.Tests.Engines;

public sealed class SqliteEngineTests : EngineContract, IDisposable
{
    private readonly TemporaryDirectory _root = new();
    private int _stores;

    private protected override bool HasFiles => true;

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Random_operations_equal_an_ordered_dictionary_with_each_write_synced() =>
        ModelTest.Run(seed: 7, count: 2_000, () => Open(7));

    [Fact]
    public void A_read_that_may_not_wait_is_left_to_whoever_may()
    {
        using var engine = Open(1);
        engine.Set("k", "v");
        Assert.Equal(PointRead.WouldWait, engine.Engine.Get("k"u8, null, new ReadBounds(100, MayWait: false), out _));
        Assert.Equal(PointRead.Found, engine.Engine.Get("k"u8, null, new ReadBounds(100, MayWait: true), out _));
    }

    [Fact]
    public void A_directory_of_another_engine_is_refused_and_one_in_use_too()
    {
        using var engine = Open(1);
        var taken = _root.At("1");
        Assert.Equal(ErrorCode.DirectoryLocked, FailureOf(() => Engine(engine.Environment, taken)));

        var other = _root.At("other");
        Directory.CreateDirectory(other);
        File.WriteAllText(Path.Combine(other, "engine"), "kvs");
        Assert.Equal(ErrorCode.EngineMismatch, FailureOf(() => Engine(engine.Environment, other)));
        Assert.Equal("sqlite", File.ReadAllText(Path.Combine(taken, "engine")));
    }

    [Fact]
    public void A_file_that_is_no_database_is_damage_and_nothing_stays_locked()
    {
        using var machine = Open(1);
        var path = _root.At("damaged");
        Directory.CreateDirectory(path);
        File.WriteAllBytes(Path.Combine(path, SqliteDatabase.FileName), new byte[5000]);
        Assert.Equal(ErrorCode.Corruption, FailureOf(() => Engine(machine.Environment, path)));

        File.Delete(Path.Combine(path, SqliteDatabase.FileName));
        var engine = Engine(machine.Environment, path);
        machine.Finish(engine.DisposeAsync().AsTask());
    }

    /// <summary>It said "Reading ... failed: database or disk is full", though nothing was read and nothing named a remedy.</summary>
    [Fact]
    public void A_full_disk_at_the_start_is_told_as_such_with_what_to_do()
    {
        var failure = SqliteFailure.Of(new SqliteException("database or disk is full", 13), "/data/kvs.sqlite");
        Assert.Equal(ErrorCode.DiskFull, failure.Code);
        Assert.DoesNotContain("Reading", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Free space, then start again", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_of_a_newer_format_is_refused()
    {
        using (var engine = Open(1))
        {
            engine.Set("k", "v");
        }

        var path = _root.At("1");
        using (var database = SqliteDatabase.Connect(Path.Combine(path, SqliteDatabase.FileName), writable: true))
        {
            SqliteDatabase.Execute(database, "UPDATE store SET format = 3");
        }

        using var machine = Open(2);
        Assert.Equal(ErrorCode.UnsupportedFormat, FailureOf(() => Engine(machine.Environment, path)));
    }

    [Fact]
    public void A_database_of_the_older_format_is_opened_with_what_it_has_and_takes_content_types()
    {
        using var engine = Open(1);
        engine.Set("old", "v");
        engine.Finish(engine.Engine.DisposeAsync().AsTask());
        using (var database = SqliteDatabase.Connect(Path.Combine(_root.At("1"), SqliteDatabase.FileName), writable: true))
        {
            SqliteDatabase.Execute(database, "ALTER TABLE entries DROP COLUMN content_type; UPDATE store SET format = 1;");
        }

        engine.OpenAgain();
        Assert.Equal("v", engine.Get("old"));
        engine.Set("new", "w", new SetOptions { ContentType = "text/plain" });
        engine.Reopen();
        using var snapshot = engine.Engine.Snapshot();
        var value = new ArrayBufferWriter<byte>();
        Assert.True(snapshot.TryGet("old"u8, value, out var older));
        Assert.True(snapshot.TryGet("new"u8, value, out var newer));
        Assert.Equal((null, "text/plain"), (older.ContentType, newer.ContentType));
    }

    [Fact]
    public void A_database_that_another_program_has_locked_refuses_writes_and_takes_them_again_afterwards()
    {
        using var engine = Open(1);
        engine.Set("k", "1");
        using (var stranger = SqliteDatabase.Connect(Path.Combine(_root.At("1"), SqliteDatabase.FileName), writable: true))
        {
            SqliteDatabase.Execute(stranger, "BEGIN IMMEDIATE");
            var refused = engine.Apply(Operation.Set("k", "2", null));
            Assert.Equal((ErrorCode.StorageFailed, WriteOutcome.NotApplied), (refused.Code, refused.Outcome));
            Assert.Equal("1", engine.Get("k"));
        }

        engine.Set("k", "3");
        Assert.Equal("3", engine.Get("k"));
        Assert.Null(engine.Engine.Stats().ReadOnlyReason);
    }

    [Fact]
    public void A_failed_write_is_final_and_reads_go_on()
    {
        using var engine = Open(1);
        engine.Set("k", "1");
        using (var stranger = SqliteDatabase.Connect(Path.Combine(_root.At("1"), SqliteDatabase.FileName), writable: true))
        {
            SqliteDatabase.Execute(stranger, "DROP TABLE store");
        }

        var failed = engine.Apply(Operation.Set("k", "2", null));
        Assert.Equal(ErrorCode.Faulted, failed.Code);
        Assert.Equal("1", engine.Get("k"));
        var later = engine.Apply(Operation.Set("k", "3", null));
        Assert.Equal((ErrorCode.Faulted, WriteOutcome.NotApplied), (later.Code, later.Outcome));
    }

    [Fact]
    public void More_waiting_bytes_than_the_bound_are_refused()
    {
        using var engine = Open(1, new SqliteEngineOptions { QueuedBytesMax = 100 });
        var first = engine.Enqueue(EngineHarness.Request(Operation.Set("k", new string('v', 500), null)));
        var second = engine.Enqueue(EngineHarness.Request(Operation.Set("k", "v", null)));
        Assert.Equal((ErrorCode.Overloaded, WriteOutcome.NotApplied), (second.Requests[0].Code, second.Requests[0].Outcome));

        engine.Submit();
        Assert.Equal(ErrorCode.None, first.Requests[0].Code);
        engine.Set("k", "again");
    }

    [Theory]
    [InlineData(Durability.Always, Durability.Default, 1)]
    [InlineData(Durability.Os, Durability.Default, 0)]
    [InlineData(Durability.Os, Durability.Always, 1)]
    [InlineData(Durability.Always, Durability.Os, 1)]
    [InlineData(Durability.Interval, Durability.Default, 0)]
    public void A_request_may_ask_for_more_durability_never_for_less(Durability store, Durability request, int syncs)
    {
        using var engine = Open(1, new SqliteEngineOptions { Durability = store });
        var before = engine.Engine.Stats().Syncs;
        var write = EngineHarness.Request(Operation.Set("k", "v", null));
        write.Durability = request;
        engine.Submit(write);

        Assert.Equal(syncs, engine.Engine.Stats().Syncs - before);
    }

    [Fact]
    public void Under_an_interval_a_clock_syncs_what_was_written()
    {
        using var engine = Open(1, new SqliteEngineOptions { Durability = Durability.Interval });
        engine.Set("k", "v");
        var before = engine.Engine.Stats().Syncs;
        engine.Advance(TimeSpan.FromMilliseconds(99));
        Assert.Equal(before, engine.Engine.Stats().Syncs);
        engine.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(before + 1, engine.Engine.Stats().Syncs);
        engine.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(before + 1, engine.Engine.Stats().Syncs);
    }

    [Fact]
    public void Items_that_wait_share_one_transaction()
    {
        using var engine = Open(1);
        for (var i = 0; i < 10; i++)
        {
            engine.Enqueue(EngineHarness.Request(Operation.Set($"k{i}", "v", null)));
        }

        var before = engine.Engine.Stats().Groups;
        engine.Submit();
        Assert.Equal((before + 1, 10), (engine.Engine.Stats().Groups, engine.Engine.Stats().Batches));
    }

    [Fact]
    public void Compaction_gives_the_room_of_removed_keys_back()
    {
        using var engine = Open(1);
        for (var i = 0; i < 50; i++)
        {
            engine.Set($"k{i}", new string('v', 20_000));
        }

        engine.Apply([.. Enumerable.Range(0, 50).Select(i => Operation.Remove($"k{i}", null))]);
        var before = engine.Engine.Stats().DiskBytes;
        engine.Compact();
        Assert.InRange(engine.Engine.Stats().DiskBytes, 0, before / 10);
    }

    private protected override EngineHarness Open(int seed) => Open(seed, new SqliteEngineOptions());

    private protected override EngineHarness OpenModel(int seed) =>
        Open(seed, new SqliteEngineOptions { Durability = Durability.Os });

    private static ErrorCode FailureOf(Func<IKvEngine> open) => Assert.ThrowsAny<KvsException>(open).Code;

    private static SqliteEngine Engine(KvsEnvironment machine, string path) =>
        SqliteEngine.Open(machine, path, new SqliteEngineOptions());

    private EngineHarness Open(int seed, SqliteEngineOptions options)
    {
        var path = _root.At($"{++_stores}");
        return new EngineHarness(
            seed, machine => Task.FromResult<IKvEngine>(SqliteEngine.Open(machine, path, options)), realFiles: true);
    }
}

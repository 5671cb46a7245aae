using Kvs.Core.Diagnostics;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>A store whose keys fill the memory that they may have.</summary>
public sealed class LogEngineMemoryTests
{
    private const int BatchKeys = 100;
    private static readonly LogEngineOptions _small = new() { IndexBytesMax = LogEngineOptions.IndexBytesLeast };

    [Fact]
    public void New_keys_are_refused_as_overloaded_and_all_the_rest_goes_on() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, _small);
        store.Apply(LogStore.SetOf("number", "1"), LogStore.SetOf("text", "a"));
        var batches = Fill(store, out var refused);
        Assert.Equal((ErrorCode.Overloaded, WriteOutcome.NotApplied), (refused.Code, refused.Outcome));
        Assert.Contains("memory-limit", refused.Message, StringComparison.Ordinal);
        var full = store.Engine.Stats();
        Assert.InRange(full.IndexBytesLive, full.IndexBytesMax * 9 / 10, full.IndexBytesMax * 11 / 10);
        Assert.Equal(2 + (batches * BatchKeys), full.Keys);

        foreach (var kept in new[] { OperationKind.Increment, OperationKind.Get, OperationKind.Stat, OperationKind.Persist })
        {
            var request = store.Apply(LogStore.Of(kept, "number"));
            Assert.True(request.Code == ErrorCode.None, $"{kept}: {request.Message}");
        }

        Assert.Equal(ErrorCode.None, store.Apply([.. new KvsBatch().Append("text", "b").SetRange("text", 2, "c").Operations]).Code);
        Assert.Equal(("abc", "2"), (store.Get("text"), store.Get("number")));
        Assert.Equal(ErrorCode.None, store.Set(KeyOf(0, 0), "again").Code);
        foreach (var makes in new KvsBatch().Set("new", "x").Increment("new").IncrementFloat("new", "1").Append("new", "x")
            .SetRange("new", 0, "x").Copy("text", "new").Operations)
        {
            Assert.Equal(ErrorCode.Overloaded, store.Apply(makes).Code);
            Assert.Null(store.Get("new"));
        }

        Assert.Equal(ErrorCode.ConditionFailed, store.Apply(LogStore.SetOf("new", "x", condition: KvsCondition.Present)).Code);
        Assert.True(store.Engine.Stats().IndexBytes <= _small.IndexBytesMax);

        for (var batch = 0; batch < batches; batch++)
        {
            Assert.Equal(ErrorCode.None, store.Apply(RemovalOf(batch)).Code);
        }

        Assert.Equal(ErrorCode.None, store.Set("new", "x").Code);
        Assert.Equal(3, store.Engine.Stats().Keys);
        Assert.Equal(
            [StoreEventKind.MemoryFull, StoreEventKind.MemoryHasRoom],
            store.Events.Select(happened => happened.Kind).Where(IsOfMemory));
        store = store.Reopen();
        Assert.Equal(("x", "abc"), (store.Get("new"), store.Get("text")));
    });

    [Fact]
    public void Expiry_makes_room() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, _small);
        var batches = Fill(store, out _, ttlMillis: 60_000);
        store.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(ErrorCode.None, store.Set("new", "x").Code);
        Assert.Equal((1, batches * BatchKeys), (store.Engine.Stats().Keys, store.Engine.Stats().Expired));
    });

    /// <summary>
    /// A snapshot keeps each page that is replaced; with several of them, overwriting alone could take any amount of memory.
    /// </summary>
    [Fact]
    public void Old_states_that_snapshots_keep_count_and_writes_go_on_when_they_end() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, _small);
        var batches = Fill(store, out _);
        var snapshots = new List<IEngineSnapshot>();
        var refused = new WriteRequest();
        for (var round = 0; round < 8 && refused.Code == ErrorCode.None; round++)
        {
            snapshots.Add(store.Engine.Snapshot());
            for (var batch = 0; batch < batches && refused.Code == ErrorCode.None; batch++)
            {
                refused = store.Apply(WritesOf(batch, "later"));
            }
        }

        Assert.Equal(ErrorCode.Overloaded, refused.Code);
        Assert.Contains("napshots", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorCode.Overloaded, store.Remove(KeyOf(0, 0)).Code);
        Assert.InRange(store.Engine.Stats().IndexBytes, 0, _small.IndexBytesMax * 3 / 2);
        Assert.Equal("value", LogStore.Get(snapshots[0], KeyOf(0, 0)));

        snapshots.ForEach(snapshot => snapshot.Dispose());
        Assert.Equal(ErrorCode.None, store.Remove(KeyOf(0, 0)).Code);
        Assert.Equal(ErrorCode.None, store.Set(KeyOf(0, 1), "at last").Code);
    });

    [Fact]
    public void A_store_that_is_larger_than_its_memory_opens_and_can_shrink() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, _small with { IndexBytesMax = 4 * _small.IndexBytesMax });
        var batches = Fill(store, out _);
        store = store.Reopen(options: _small);
        Assert.Equal(ErrorCode.Overloaded, store.Set("new", "x").Code);
        Assert.Equal(ErrorCode.None, store.Set(KeyOf(0, 0), "again").Code);
        for (var batch = 0; batch < batches; batch++)
        {
            Assert.Equal(ErrorCode.None, store.Apply(RemovalOf(batch)).Code);
        }

        Assert.Equal(ErrorCode.None, store.Set("new", "x").Code);
    });

    private static int Fill(LogStore store, out WriteRequest refused, long ttlMillis = 0)
    {
        for (var batch = 0; batch < 10_000; batch++)
        {
            refused = store.Apply(WritesOf(batch, "value", ttlMillis));
            if (refused.Code != ErrorCode.None)
            {
                return batch;
            }
        }

        throw new InvalidOperationException("A million keys were taken.");
    }

    private static Operation[] WritesOf(int batch, string value, long ttlMillis = 0) =>
        [.. Enumerable.Range(0, BatchKeys).Select(i => LogStore.SetOf(KeyOf(batch, i), value, ttlMillis))];

    private static Operation[] RemovalOf(int batch) =>
        [.. Enumerable.Range(0, BatchKeys).Select(i => LogStore.Of(OperationKind.Remove, KeyOf(batch, i)))];

    // Long, so that few of them fill the memory; in an order of their own, so that pages split anywhere.
    private static string KeyOf(int batch, int i) => $"{(uint)((batch * BatchKeys) + i) * 2654435761u:x8}{new string('k', 150)}{batch}-{i}";

    private static bool IsOfMemory(StoreEventKind kind) => kind is StoreEventKind.MemoryFull or StoreEventKind.MemoryHasRoom;
}

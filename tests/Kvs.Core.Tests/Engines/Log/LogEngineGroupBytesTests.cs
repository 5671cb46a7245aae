using Kvs.Core.Engines;
using Kvs.Core.Engines.Commit.Room;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>
/// No group is larger than a message between nodes. Expire and persist write a value once more: a small request over large
/// values made groups of any size, which no follower could ever get; and beyond 2 GiB the store faulted.
/// </summary>
public sealed class LogEngineGroupBytesTests
{
    private const int MiB = 1024 * 1024;

    [Fact]
    public void A_batch_that_writes_too_much_is_refused_and_nothing_of_it_is_in_the_log() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("large", new string('x', 20 * MiB));
        var before = store.Engine.Stats();

        var refused = store.Apply(
            LogStore.SetOf("small", "v"), Expire("large"), Expire("large"), Expire("large"), Expire("large"), Expire("large"));

        Assert.Equal((ErrorCode.BatchTooLarge, WriteOutcome.NotApplied), (refused.Code, refused.Outcome));
        Assert.Equal(4, refused.FailedIndex);
        var after = store.Engine.Stats();
        Assert.Equal((before.Version, before.Batches, before.Keys), (after.Version, after.Batches, after.Keys));
        Assert.Null(store.Get("small"));
        Assert.Equal(ErrorCode.None, store.Apply(Expire("large"), Expire("large"), Expire("large")).Code);
        Assert.Equal(20 * MiB, store.ReopenKilled().Get("large")!.Length);
    });

    // The bound that is known before a batch is judged takes each value for the largest one in it.
    [Fact]
    public void A_batch_is_judged_by_what_it_writes() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Apply([.. Enumerable.Range(0, 10).Select(i => LogStore.SetOf("k" + i, "v"))]);

        var request = store.Apply(
            [LogStore.SetOf("large", new string('x', 20 * MiB)), .. Enumerable.Range(0, 10).Select(i => Expire("k" + i))]);

        Assert.Equal(ErrorCode.None, request.Code);
        Assert.Equal(11, store.ReopenKilled().Content().Count);
    });

    /// <summary>Each asked for room for the value that it would have made, so that the log went on in a new file each time.</summary>
    [Fact]
    public void What_is_refused_for_its_length_and_what_writes_nothing_asks_for_no_room() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, new LogEngineOptions { ValueBytesMax = 8 * MiB });
        store.Set("full", new string('x', 8 * MiB));
        var state = new DictionaryState { ValueBytesMax = 8 * MiB };
        state.BeginBatch();
        state.Set("full"u8, new byte[8 * MiB], 0, null);

        foreach (var operation in new KvsBatch().Append("full", "y").SetRange("full", 8 * MiB, "y").SetRange("new", 7 * MiB, "").Operations)
        {
            Assert.InRange(RequestDemand.Of(LogStore.Request(default, operation), state).Bytes, 1, 1000);
            var segments = store.Engine.Stats().Segments;
            store.Apply(operation);
            Assert.Equal(segments, store.Engine.Stats().Segments);
        }

        // What the estimate leaves out must not be needed: the value may be gone by then.
        var batch = store.Apply([.. new KvsBatch().Remove("full").Append("full", new string('z', MiB)).Append("full", "z").Operations]);
        Assert.Equal((ErrorCode.None, MiB + 1L), (batch.Code, batch.Results[2].Number));
        Assert.Equal(MiB + 1, store.ReopenKilled().Get("full")!.Length);
    });

    [Fact]
    public void The_largest_batch_that_is_admitted_is_never_too_large()
    {
        var overhead = GroupBuilder.BatchBytesMax(Limits.BatchOperationsMax, keyAndValueBytes: 0);
        Assert.True(Limits.BatchBytesMax + overhead <= Limits.BatchRecordBytesMax);
    }

    [Fact]
    public void Keys_that_expire_together_end_a_group_when_they_fill_it() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        for (var i = 0; i < 60; i++)
        {
            store.Set(i + new string('k', 100_000), "v", ttlMillis: 1000);
        }

        // Room is reserved for a value that may be written once more, and is not: a segment that all removals would fit into.
        store.Set("large", new string('x', 20 * MiB));
        store.Apply(LogStore.Of(OperationKind.Persist, "large"));
        var before = store.Engine.Stats();
        store.Advance(TimeSpan.FromSeconds(3));
        var after = store.Engine.Stats();
        Assert.Equal((1, 60), (after.Keys, after.Expired));
        Assert.True(after.Groups - before.Groups >= 5, $"{after.Groups - before.Groups} groups");
    });

    private static Operation Expire(string key) =>
        LogStore.Of(OperationKind.Expire, key) with { Expiry = ExpiryKind.In, ExpiryMillis = 1_000_000 };
}

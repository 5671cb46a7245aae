using System.Globalization;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>Space where it is short, and files that somebody still holds.</summary>
public sealed class LogEngineSpaceTests
{
    private const int Keys = 15_000;
    private const int BatchOperations = 500;
    private const int ValueBytes = 20_000;
    private static readonly LogEngineOptions s_noHistory = new() { HistoryBytes = 0 };
    private static readonly LogEngineOptions s_noCompaction = s_noHistory with { CompactionDeadShare = 1 };

    // Small values have hint files as large as their records: a segment of what is live did not fit into the reserve,
    // and writes were refused for good although half of the disk was dead bytes.
    [Fact]
    public void Overwritten_records_make_room_on_a_full_disk_however_small_they_are() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_noCompaction);
        for (var key = 0; key < Keys; key += BatchOperations)
        {
            SetMany(store, key, 1);
        }

        for (var key = 0; key < Keys; key += BatchOperations * 2)
        {
            SetMany(store, key, 1);
            SetMany(store, key + BatchOperations, 20);
        }

        var content = store.Content();
        store.Close();
        store.Device.CapacityBytes = store.Device.UsedBytes + (32 * 1024);
        var again = new LogStore(seed, s_noHistory, store.Device);
        again.Advance(TimeSpan.FromMinutes(2));
        Assert.True(again.Engine.Stats().Compactions > 0);
        Assert.Equal(ErrorCode.None, again.Set("again", "v").Code);
        content.Add("again", "v");
        Assert.Equal(content, again.ReopenKilled().Content());
    });

    // A batch that is larger than a segment has a file of its own, which may never fit into the reserve: sorted first,
    // it kept all other files from being compacted while the disk was full.
    [Fact]
    public void A_file_larger_than_the_reserve_does_not_keep_others_from_making_room() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_noCompaction);
        var large = new string('x', 11 * 1024 * 1024 / 2);
        store.Apply([.. Enumerable.Range(0, 4).Select(i => LogStore.SetOf("large" + i, large))]);
        store.Set("large0", "small now");
        store.Set("large1", "small now");
        for (var i = 0; i < 200; i++)
        {
            store.Set("k" + (i % 150), i + new string('y', ValueBytes));
        }

        var content = store.Content();
        store.Close();
        store.Device.CapacityBytes = store.Device.UsedBytes + (32 * 1024);
        var again = new LogStore(seed, s_noHistory with { CompactionDeadShare = 0.2 }, store.Device);
        again.Advance(TimeSpan.FromMinutes(2));
        Assert.True(again.Engine.Stats().Compactions > 0);
        Assert.Equal(content, again.ReopenKilled().Content());
    });

    // With nothing but a tombstone in it, no index entry points into the new file; when the manifest that names it was in
    // doubt, it was thrown away as if nobody could need it, and the store could not be opened any more.
    [Fact]
    public void A_file_that_the_manifest_may_name_stays_although_no_entry_points_into_it() => TestSeed.Run(seed =>
    {
        var store = WithTombstoneToCompact(seed);
        var content = store.Content();
        var hasData = false;
        store.Device.BeforeCall = call =>
        {
            hasData |= call.Kind == CallKinds.Rename && call.Target!.EndsWith(".data", StringComparison.Ordinal);
            if (hasData && call.Kind == CallKinds.Rename && call.Target!.EndsWith("MANIFEST", StringComparison.Ordinal))
            {
                store.Device.Fail(CallKinds.SyncDirectory, FaultKind.DeviceError);
                store.Device.BeforeCall = null;
            }
        };
        var compaction = store.Engine.CompactAsync(default);
        store.Advance(TimeSpan.FromMinutes(1));
        Assert.True(hasData && compaction.IsFaulted);
        Assert.Equal(0, LiveBytesOfData(store));
        Assert.Equal(1, store.Device.FaultsStruck);
        Assert.NotNull(store.Engine.Stats().ReadOnlyReason);

        var point = store.Device.Capture();
        Assert.Equal(content, store.ReopenKilled().Content());
        foreach (var leftover in point.Leftovers(seed))
        {
            Assert.Equal(content, store.ReopenAfterPowerCut(leftover, point).Content());
        }
    });

    // A snapshot that is never disposed keeps its files mapped when the store is closed; where the system refuses to
    // delete such files, the store must open all the same, and remove them when it can.
    [Fact]
    public void A_forgotten_snapshot_keeps_no_store_from_being_opened_again() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_noHistory, new SimulatedFileSystem { RefusesChangesOfMappedFiles = true });
        Fill(store, round: 1);
        var forgotten = store.Engine.Snapshot();
        Fill(store, round: 2);
        store.Advance(TimeSpan.FromMinutes(1));
        Assert.True(store.Engine.Stats().Compactions > 0);
        var content = store.Content();

        // Twice, so that what was written while they were mapped is sealed, cut and compacted too.
        var again = store.Reopen();
        Assert.Equal(content, again.Content());
        Fill(again, round: 3);
        again.Advance(TimeSpan.FromMinutes(1));
        content = again.Content();
        again = again.Reopen();
        Assert.Equal(content, again.Content());
        Assert.NotEmpty(Leftovers(again));
        Assert.Equal(ErrorCode.None, again.Set("k0", "v").Code);
        again.Close();

        forgotten.Dispose();
        again = new LogStore(seed, s_noHistory, store.Device);
        Assert.Empty(Leftovers(again));
        again.Close();
        store.Device.CheckClean();
    });

    /// <summary>Bytes of values in data segments: none, when they hold tombstones only.</summary>
    private static int LiveBytesOfData(LogStore store) => store.Device.ListFiles("/store")
        .Where(name => name.EndsWith(".data", StringComparison.Ordinal))
        .Sum(name => store.Device.ReadAll("/store/" + name).Count(b => b == (byte)'x'));

    private static void SetMany(LogStore store, int from, int step)
    {
        var operations = new List<Operation>();
        for (var i = from; i < from + BatchOperations; i += step)
        {
            operations.Add(LogStore.SetOf(i.ToString("D100", CultureInfo.InvariantCulture), "v"));
        }

        Assert.Equal(ErrorCode.None, store.Apply([.. operations]).Code);
    }

    private static void Fill(LogStore store, int round)
    {
        for (var i = 0; i < 100; i++)
        {
            store.Set("k" + i, round + new string('x', ValueBytes));
        }
    }

    private static LogStore WithTombstoneToCompact(int seed)
    {
        var store = new LogStore(seed, s_noHistory with { CompactionDeadShare = 1 });
        store.Set("k", "v");
        for (var i = 0; i < 50; i++)
        {
            store.Set("stays" + i, new string('x', ValueBytes));
        }

        // The next segment has nothing but the tombstone that is not overwritten, in its turn, in the one after it.
        for (var i = 0; i < 65; i++)
        {
            store.Set("filler", new string('x', ValueBytes));
            if (i == 10)
            {
                store.Remove("k");
            }
        }

        return store;
    }

    private static List<string> Leftovers(LogStore store)
    {
        var live = store.Engine.Stats().Segments;
        var names = store.Device.ListFiles("/store")
            .Where(name => name.EndsWith(".log", StringComparison.Ordinal) || name.EndsWith(".data", StringComparison.Ordinal))
            .ToList();
        return names.Count > live ? names : [];
    }
}

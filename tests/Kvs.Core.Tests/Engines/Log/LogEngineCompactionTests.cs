using Kvs.Core.Diagnostics;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

public sealed class LogEngineCompactionTests
{
    private const int ValueBytes = 20_000;
    private static readonly LogEngineOptions s_noHistory = new() { HistoryBytes = 0 };

    [Fact]
    public void Disk_stays_within_twice_the_live_bytes_under_steady_overwrite() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_noHistory);
        var random = new Random(seed);
        for (var i = 0; i < 1500; i++)
        {
            store.Set("k" + random.Next(200), Value(i));
            if (i % 50 == 0)
            {
                store.Advance(TimeSpan.FromSeconds(1));
            }

            if (i > 300)
            {
                // Twice the live bytes, active and ready segment, spare, reserve, and one compaction in flight.
                const long Allowance = 6 * 1024 * 1024;
                var live = store.Engine.Stats().LiveBytes;
                Assert.True(store.Device.UsedBytes <= (2 * live) + Allowance, $"after {i}: {store.Device.UsedBytes} for {live}");
            }
        }

        Assert.True(store.Engine.Stats().Compactions > 5);
        Assert.Equal(store.Content(), store.Reopen().Content());
    });

    [Fact]
    public void Retained_history_is_left_alone() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, new LogEngineOptions { HistoryBytes = 100 * 1024 * 1024 });
        for (var i = 0; i < 300; i++)
        {
            store.Set("k", Value(i));
        }

        Compact(store);
        Assert.Equal(0, store.Engine.Stats().Compactions);
    });

    [Fact]
    public void A_held_snapshot_reads_the_old_files_and_they_go_when_it_ends() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_noHistory);
        for (var i = 0; i < 100; i++)
        {
            store.Set("k" + i, Value(i));
        }

        var snapshot = store.Engine.Snapshot();
        for (var i = 0; i < 100; i++)
        {
            store.Set("k" + i, Value(i + 1000));
        }

        store.Advance(TimeSpan.FromSeconds(10));
        Assert.True(store.Engine.Stats().Compactions > 0);
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(Value(i), LogStore.Get(snapshot, "k" + i));
            Assert.Equal(Value(i + 1000), store.Get("k" + i));
        }

        var held = store.Device.UsedBytes;
        snapshot.Dispose();
        store.Advance(TimeSpan.FromSeconds(10));
        Assert.True(store.Device.UsedBytes < held - (1024 * 1024), $"{store.Device.UsedBytes} after {held}");
    });

    [Fact]
    public void Compaction_by_hand_completes_and_keeps_versions_and_expiries() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_noHistory);
        for (var i = 0; i < 200; i++)
        {
            store.Set("k" + (i % 120), Value(i), ttlMillis: i % 3 == 0 ? 3_600_000 : 0);
        }

        var before = Infos(store);
        Compact(store);
        Assert.True(store.Engine.Stats().Compactions > 0);
        Assert.Equal(before, Infos(store));
        var content = store.Content();
        var again = store.Reopen();
        Assert.Equal(before, Infos(again));
        Assert.Equal(content, again.Content());
    });

    [Fact]
    public void Removed_keys_never_come_back_whatever_is_compacted_and_reopened() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_noHistory with { CompactionDeadShare = 0.2 });
        var model = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var random = new Random(seed);
        for (var round = 0; round < 60; round++)
        {
            for (var i = 0; i < 25; i++)
            {
                var key = "k" + random.Next(60);
                if (random.Next(3) == 0)
                {
                    store.Remove(key);
                    model.Remove(key);
                }
                else
                {
                    var value = new string((char)('a' + random.Next(26)), random.Next(40_000));
                    store.Set(key, value);
                    model[key] = value;
                }
            }

            switch (random.Next(5))
            {
                case 0: Compact(store); break;
                case 1: store.Advance(TimeSpan.FromSeconds(5)); break;
                case 2: store = store.Reopen(); break;
                case 3: store = store.ReopenKilled(); break;
                default: break;
            }

            Assert.Equal(model, store.Content());
        }
    });

    [Fact]
    public void A_tombstone_stays_while_an_older_file_holds_its_key() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_noHistory);
        store.Set("k", "v");
        for (var i = 0; i < 60; i++)
        {
            store.Set("stays" + i, Value(i));
        }

        store.Remove("k");
        for (var i = 0; i < 200; i++)
        {
            store.Set("filler", Value(i));
        }

        store.Advance(TimeSpan.FromSeconds(10));
        Assert.True(store.Engine.Stats().Compactions > 0);
        var again = store.Reopen();
        Assert.Null(again.Get("k"));
        Assert.Equal(61, again.Content().Count);
    });

    [Fact]
    public void Tombstones_go_when_nothing_older_is_left() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_noHistory);
        for (var i = 0; i < 200; i++)
        {
            store.Set("k" + i, Value(i));
        }

        for (var i = 0; i < 200; i++)
        {
            store.Remove("k" + i);
        }

        for (var i = 0; i < 110; i++)
        {
            store.Set("other", Value(i));
        }

        Compact(store);
        Compact(store);
        Assert.True(store.Engine.Stats().Segments <= 4, $"{store.Engine.Stats().Segments} files");
        Assert.Equal(["other"], store.Reopen().Content().Keys);
    });

    [Fact]
    public void A_power_cut_at_any_moment_of_a_compaction_loses_nothing() => TestSeed.Run(seed =>
    {
        var store = Prepared(seed);
        var content = store.Content();
        var points = new List<CrashPoint>();
        store.Device.BeforeCall = call =>
        {
            if ((call.Kind & CallKinds.Changes) != CallKinds.None)
            {
                points.Add(store.Device.Capture());
            }
        };
        Compact(store);
        store.Device.BeforeCall = null;
        Assert.True(store.Engine.Stats().Compactions > 0 && points.Count > 20);
        foreach (var point in points.Append(store.Device.Capture()))
        {
            foreach (var leftover in point.Leftovers(seed, limit: 3))
            {
                Assert.Equal(content, store.ReopenAfterPowerCut(leftover, point).Content());
            }

            Assert.Equal(content, new LogStore(seed, s_noHistory, point.Kill()).Content());
        }
    });

    [Fact]
    public void A_compaction_that_meets_an_error_loses_nothing_whichever_call_fails() => TestSeed.Run(seed =>
    {
        for (var nth = 1; ; nth++)
        {
            var store = Prepared(seed);
            var content = store.Content();
            var struck = store.Device.FaultsStruck;
            store.Device.Fail(CallKinds.Changes, nth % 2 == 0 ? FaultKind.DeviceError : FaultKind.DiskFull, nth);
            var compaction = store.Engine.CompactAsync(default);
            store.Advance(TimeSpan.FromMinutes(1));
            var hasStruck = store.Device.FaultsStruck > struck;
            store.Device.ClearFaults();
            _ = compaction.Exception;

            Assert.Equal(content, store.Content());
            Assert.Equal(content, store.ReopenKilled().Content());
            if (!hasStruck)
            {
                Assert.True(nth > 10, $"only {nth} calls");
                return;
            }

            store.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(content, store.Reopen().Content());
        }
    });

    // The reads of hint files threw their bare IOException at whoever had asked, and left the file open.
    [Fact]
    public void A_compaction_that_cannot_read_fails_as_storage_does_and_leaves_nothing_open() => TestSeed.Run(seed =>
    {
        for (var nth = 1; ; nth++)
        {
            var store = Prepared(seed);
            store.Device.Fail(CallKinds.Read | CallKinds.Open, FaultKind.DeviceError, nth, where: IsHint);
            var compaction = store.Engine.CompactAsync(default);
            store.Run();
            var hasStruck = store.Device.FaultsStruck > 0;
            store.Device.ClearFaults();
            if (!hasStruck)
            {
                Assert.True(nth > 5, $"only {nth} reads");
                return;
            }

            var failure = Assert.IsType<KvsStorageException>(compaction.Exception?.InnerException);
            Assert.Equal(ErrorCode.StorageFailed, failure.Code);
            store.Close();
            store.Device.CheckClean();
        }
    });

    [Fact]
    public void No_file_goes_before_the_manifest_that_drops_it_is_durable_also_on_a_full_disk() => TestSeed.Run(seed =>
    {
        var store = Prepared(seed);
        var content = store.Content();
        CrashPoint? renamed = null;
        var wasRename = false;
        var hasData = false;
        store.Device.BeforeCall = call =>
        {
            // The manifest of the compaction has its name, and the directory is not synced yet.
            renamed = wasRename && hasData ? store.Device.Capture() : renamed;
            wasRename = call.Kind == CallKinds.Rename && call.ToString().Contains("MANIFEST", StringComparison.Ordinal);
            hasData |= call.Kind == CallKinds.Rename && call.ToString().Contains(".data", StringComparison.Ordinal);
        };
        Compact(store);
        store.Device.BeforeCall = null;
        Assert.NotNull(renamed);

        var killed = renamed.Kill();
        killed.CapacityBytes = killed.UsedBytes + 8192;
        var points = new List<CrashPoint>();
        killed.BeforeCall = call =>
        {
            if (call.Kind == CallKinds.SyncDirectory)
            {
                points.Add(killed.Capture());
            }
        };
        try
        {
            _ = new LogStore(seed, s_noHistory, killed);
        }
        catch (KvsException)
        {
            // No room even with the reserve: what matters is what it has left.
        }

        foreach (var point in points)
        {
            foreach (var leftover in point.Leftovers(seed, limit: 40))
            {
                Assert.Equal(content, store.ReopenAfterPowerCut(leftover, point).Content());
            }
        }
    });

    [Fact]
    public void A_file_that_is_sealed_before_its_newest_group_is_published_is_not_judged_yet() => TestSeed.Run(seed =>
    {
        // Rotation syncs the full segment on the commit thread; the sync thread may publish its last group much later.
        for (var i = 0; i < 100; i++)
        {
            var store = new LogStore(seed + i, s_noHistory);
            for (var large = 0; large < 4; large++)
            {
                store.Submit(LogStore.SetOf("k" + large, new string('x', 1_200_000)));
                store.Machine.Loops.RunSteps(8);
            }

            store.Run();
            Assert.Equal(["k0", "k1", "k2", "k3"], store.Content().Keys);

            // Nor counted as dead: the whole file was copied for nothing.
            Assert.DoesNotContain(
                store.Events,
                e => e.Kind == StoreEventKind.Compacted && !e.Message.EndsWith(" to 0 bytes.", StringComparison.Ordinal));
            Assert.Equal(4, store.ReopenKilled().Content().Count);
        }
    });

    // Under a durability that publishes before the sync, the record that has superseded another may vanish: the old one
    // must not go before it.
    [Fact]
    public void An_overwrite_that_a_power_cut_takes_back_leaves_the_value_before_it() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed, s_noHistory with { Durability = Durability.Os, CompactionDeadShare = 1 });
        for (var i = 0; i < 60; i++)
        {
            store.Set("k" + i, Value(i));
        }

        for (var i = 0; i < 30; i++)
        {
            store.Set("k" + i, "new");
        }

        var points = new List<CrashPoint>();
        store.Device.BeforeCall = call => points.AddRange(
            (call.Kind & CallKinds.Changes) == CallKinds.None ? [] : [store.Device.Capture()]);
        Compact(store);
        store.Device.BeforeCall = null;
        Assert.True(store.Engine.Stats().Compactions > 0);
        foreach (var point in points.Append(store.Device.Capture()))
        {
            var left = store.ReopenAfterPowerCut(point.Leftovers(seed, limit: 1).Single(), point);
            for (var i = 0; i < 30; i++)
            {
                Assert.True(left.Get("k" + i) is { } value && (value == "new" || value == Value(i)), $"k{i} is lost");
            }
        }
    });

    // A file must not be dropped by the state that was published before its entries were moved in a later one.
    [Fact]
    public void Readers_find_every_record_at_each_step_of_a_compaction() => TestSeed.Run(seed =>
    {
        for (var life = 0; life < 30; life++)
        {
            var store = Overwritten(seed + life);
            var steps = 0;
            store.Machine.Loops.AfterStep = loop =>
            {
                // Whoever asks for another one wakes the loop, also while it waits for the other loops.
                if (steps++ < 100)
                {
                    _ = store.Engine.CompactAsync(default);
                }

                ReadAll(store);
            };
            Compact(store);
            store.Run();
            Assert.True(store.Engine.Stats().Compactions > 0);
        }
    });

    // Nor may a compaction that is given up take the new file with it, once entries point into that.
    [Fact]
    public void Readers_find_every_record_until_a_store_is_closed_in_the_middle_of_a_compaction() => TestSeed.Run(seed =>
    {
        for (var steps = 0; steps < 60; steps++)
        {
            var store = Overwritten(seed + steps);
            var compaction = store.Engine.CompactAsync(default);
            store.Machine.Loops.RunSteps(steps);
            store.Machine.Loops.AfterStep = _ => ReadAll(store);
            store.Close();
            _ = compaction.Exception;
            store.Device.CheckClean();
        }
    });

    [Fact]
    public void Missing_hint_files_are_made_anew_at_open() => TestSeed.Run(seed =>
    {
        var store = Prepared(seed);
        var content = store.Content();
        store.Close();
        foreach (var name in store.Device.ListFiles("/store").Where(name => name.EndsWith(".hint", StringComparison.Ordinal)))
        {
            store.Device.Delete("/store/" + name);
        }

        var again = new LogStore(seed, s_noHistory, store.Device);
        Assert.Contains(again.Events, e => e.Kind == StoreEventKind.HintRebuilt);
        Assert.Equal(content, again.Content());
    });

    [Fact]
    public void A_hint_file_that_is_damaged_is_told_and_one_that_was_not_made_yet_is_no_news() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "v");
        store.Run();
        store = store.ReopenKilled();
        Assert.Equal(StoreEventLevel.Debug, Assert.Single(store.Events, e => e.Kind == StoreEventKind.HintRebuilt).Level);
        store.Close();

        var hint = store.Device.ListFiles("/store").First(name => name.EndsWith(".hint", StringComparison.Ordinal));
        store.Device.Damage("/store/" + hint, 20, "###"u8);
        store = new LogStore(seed, device: store.Device);
        var told = Assert.Single(store.Events, e => e.Kind == StoreEventKind.HintRebuilt);
        Assert.Equal(StoreEventLevel.Warning, told.Level);
        Assert.Contains("damaged", told.Message, StringComparison.Ordinal);
        Assert.Equal("v", store.Get("k"));
    });

    private static LogStore Prepared(int seed)
    {
        var store = new LogStore(seed, s_noHistory with { CompactionDeadShare = 1 });
        for (var i = 0; i < 150; i++)
        {
            store.Set("k" + (i % 90), Value(i));
        }

        for (var i = 0; i < 90; i += 3)
        {
            store.Remove("k" + i);
        }

        return store;
    }

    private static LogStore Overwritten(int seed)
    {
        var store = new LogStore(seed, s_noHistory with { CompactionDeadShare = 1 });
        for (var i = 0; i < 16; i++)
        {
            store.Set("k" + (i % 13), new string('x', 100_000));
        }

        return store;
    }

    private static void ReadAll(LogStore store)
    {
        try
        {
            for (var i = 0; i < 13; i++)
            {
                Assert.NotNull(store.Get("k" + i));
            }
        }
        catch (ObjectDisposedException)
        {
            // The last step of the closing is followed by the release of all, on another thread.
        }
    }

    private static bool IsHint(string path) => path.EndsWith(".hint", StringComparison.Ordinal);

    private static void Compact(LogStore store) => store.Machine.Loops.RunUntilCompleted(store.Engine.CompactAsync(default));

    private static string Value(int i) => i + new string('x', ValueBytes);

    private static List<(string Key, EntryInfo Info)> Infos(LogStore store)
    {
        using var snapshot = store.Engine.Snapshot();
        using var cursor = snapshot.Scan(KeyRange.All, reverse: false);
        var infos = new List<(string, EntryInfo)>();
        while (cursor.MoveNext())
        {
            infos.Add((System.Text.Encoding.UTF8.GetString(cursor.Key), cursor.Info));
        }

        return infos;
    }
}

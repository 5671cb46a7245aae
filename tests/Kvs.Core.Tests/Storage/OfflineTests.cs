using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Offline;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Segments;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Storage;

/// <summary>Checking and repairing a store that nobody has open.</summary>
public sealed class OfflineTests
{
    [Fact]
    public void A_sound_store_has_no_findings_and_checking_changes_nothing()
    {
        var device = NewStore();
        var before = device.Calls;
        var names = device.ListFiles(StoreFixture.Directory);
        device.Fail(CallKinds.Changes, FaultKind.DeviceError, forGood: true);
        var report = StoreCheck.Run(device, StoreFixture.Directory);
        Assert.Empty(report.Findings);
        Assert.True(report.IsSound && device.Calls > before);
        Assert.Equal(5, report.Records);
        Assert.Equal(names, device.ListFiles(StoreFixture.Directory));
    }

    [Fact]
    public void Damage_in_a_log_is_found_refused_at_open_and_repaired_with_all_that_is_intact()
    {
        var device = NewStore();
        Damage(device, "00000001.log", "bravo");
        var report = StoreCheck.Run(device, StoreFixture.Directory);
        Assert.False(report.IsSound);
        Assert.Throws<KvsCorruptionException>(() => new StoreFixture(device, seed: 2));

        var repair = StoreRepair.Run(device, StoreFixture.Directory, new StoreRandom(new Random(3)));
        Assert.Contains(repair.Findings, finding => finding.IsDamage && finding.Path.EndsWith("00000001.log.damaged",
            StringComparison.Ordinal));
        Assert.True(StoreCheck.Run(device, StoreFixture.Directory).IsSound);
        Assert.True(device.FileExists(StoreFixture.PathOf("00000001.log.damaged")));
        Assert.Equal("a=alpha c=charlie", DataText(device));

        using var store = new StoreFixture(device, seed: 4).Begin();
        Assert.Equal(6UL, store.Writer.Appended.Sequence);
        Assert.True(device.FileExists(StoreFixture.PathOf("00000001.log.damaged")));
    }

    [Fact]
    public void Repairing_a_sound_store_changes_nothing()
    {
        var device = NewStore();
        var names = device.ListFiles(StoreFixture.Directory);
        device.Fail(CallKinds.Changes, FaultKind.DeviceError, forGood: true);
        var report = StoreRepair.Run(device, StoreFixture.Directory, new StoreRandom(new Random(3)));
        Assert.True(report.IsSound);
        Assert.Equal(5, report.Records);
        Assert.Equal(names, device.ListFiles(StoreFixture.Directory));
    }

    /// <summary>
    /// A log segment is a file of an earlier segment more often than not. What that one held still lies behind the end
    /// of the log, and repair named it as lost: an operator who had lost one record read that a megabyte was gone.
    /// </summary>
    [Fact]
    public void What_an_earlier_use_of_a_file_left_behind_the_log_is_not_named_as_lost()
    {
        var device = NewStore();
        device.Damage(StoreFixture.PathOf("00000001.log"), SegmentSizing.SegmentBytesMin - 64, "of an earlier use"u8);
        Damage(device, "00000001.log", "bravo");
        var report = StoreRepair.Run(device, StoreFixture.Directory, new StoreRandom(new Random(3)));
        var lost = Assert.Single(report.Findings, finding => finding.IsDamage);
        Assert.True(lost.Offset < SegmentSizing.SegmentBytesMin / 2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_synced_end_of_the_log_that_is_unreadable_is_named_as_lost(bool goesOn)
    {
        var device = new SimulatedFileSystem();
        var store = new StoreFixture(device).Begin();
        store.Set("a", "alpha");
        var end = store.Writer.Offset;
        store.Set("b", "bravo");
        if (goesOn)
        {
            store.Writer.Rotate(store.MakeReady());
            store.Set("c", "charlie");
        }

        store.CloseCleanly();
        device.Damage(StoreFixture.PathOf("00000001.log"), end, "#"u8);
        var report = StoreRepair.Run(device, StoreFixture.Directory, new StoreRandom(new Random(3)));
        Assert.Equal(end, Assert.Single(report.Findings, finding => finding.IsDamage).Offset);
    }

    [Fact]
    public void A_batch_with_one_damaged_record_is_lost_as_a_whole()
    {
        var device = new SimulatedFileSystem();
        var store = new StoreFixture(device).Begin();
        store.AppendGroup(group =>
        {
            group.AddSet("x"u8, "intact"u8, 0);
            group.AddSet("y"u8, "spoiled"u8, 0);
        });
        store.CloseCleanly();
        Damage(device, "00000001.log", "spoiled");
        StoreRepair.Run(device, StoreFixture.Directory, new StoreRandom(new Random(3)));
        Assert.Equal("", DataText(device));
    }

    [Fact]
    public void A_lost_manifest_is_never_taken_for_a_new_store_and_is_made_anew_by_repair()
    {
        var device = NewStore();
        device.Delete(StoreFixture.PathOf("MANIFEST"));
        Assert.Throws<KvsCorruptionException>(() => new StoreFixture(device, seed: 2));
        var report = StoreRepair.Run(device, StoreFixture.Directory, new StoreRandom(new Random(3)));
        Assert.Contains(report.Findings, finding => finding.What.Contains("manifest was lost",
            StringComparison.Ordinal));
        Assert.Equal("a=alpha b=bravo c=charlie", DataText(device));
    }

    [Fact]
    public void A_repair_that_a_crash_ended_can_be_run_again()
    {
        var device = NewStore();
        Damage(device, "00000001.log", "bravo");
        var crashes = new List<CrashPoint>();
        var running = device.Capture().Kill();
        running.BeforeCall = call => crashes.Add(running.Capture());
        StoreRepair.Run(running, StoreFixture.Directory, new StoreRandom(new Random(3)));
        running.BeforeCall = null;
        foreach (var crash in crashes)
        {
            foreach (var leftover in crash.Leftovers(1, limit: 4))
            {
                var again = crash.PowerOff(leftover);
                StoreRepair.Run(again, StoreFixture.Directory, new StoreRandom(new Random(4)));
                Assert.Equal("a=alpha c=charlie", DataText(again));
            }
        }
    }

    // Repair kept the log time of the last sealed segment: with a wall clock that was set back meanwhile, keys that had
    // expired since were there again.
    [Fact]
    public void Log_time_does_not_go_back_by_a_repair()
    {
        var device = NewStore();
        var before = ManifestStore.Open(device, StoreFixture.Directory).Current.LogTimeMillis;
        Damage(device, "00000001.log", "bravo");
        StoreRepair.Run(device, StoreFixture.Directory, new StoreRandom(new Random(3)));

        // The fixture's groups are a millisecond apart; the last one, the removal, is the fifth.
        Assert.Equal(1005, ManifestStore.Open(device, StoreFixture.Directory).Current.LogTimeMillis);
        Assert.True(before < 1005);
        using var store = new StoreFixture(device, seed: 4);
        Assert.Equal(1005, store.Recovered.LogTimeMillis);
    }

    // A frame that does not verify may say any time; believed, a far one would expire everything.
    [Fact]
    public void The_log_time_of_a_damaged_group_is_not_believed_by_a_repair()
    {
        var device = NewStore();
        Damage(device, "00000001.log", "charlie");
        var path = StoreFixture.PathOf("00000001.log");
        var time = BitConverter.GetBytes(1004L);
        var at = device.ReadAll(path).AsSpan().IndexOf(time);
        device.Damage(path, at + sizeof(long) - 1, [0x40]);
        StoreRepair.Run(device, StoreFixture.Directory, new StoreRandom(new Random(3)));
        Assert.Equal(1005, ManifestStore.Open(device, StoreFixture.Directory).Current.LogTimeMillis);
    }

    [Fact]
    public void A_damaged_data_segment_is_found_and_what_is_intact_is_kept()
    {
        var device = new SimulatedFileSystem();
        using (var store = new StoreFixture(device).Begin())
        {
            var a = store.Set("a", "alpha");
            var b = store.Set("b", "bravo");
            using var writer = new DataSegmentWriter(
                store.Files, store.Manifests.Current.StoreId, store.Manifests.TakeFileId(), store.Recovered.Epoch,
                    store.Random.NextSalt());
            var moved = writer.Add(store.Segments.ReadRecord(a, "a"u8));
            writer.Add(store.Segments.ReadRecord(b, "b"u8));
            var listed = writer.Seal();
            store.Manifests.Update(current => current.With(listed));
            store.Segments.Add(store.Files.Open(listed, store.Manifests.Current.StoreId));
            Assert.Equal("alpha"u8, store.Segments.ReadRecord(moved, "a"u8).Value);
            Assert.Equal((2UL, 3UL), (listed.FirstSequence, listed.LastSequence));
            store.CloseCleanly();
        }

        Assert.True(StoreCheck.Run(device, StoreFixture.Directory).IsSound);
        Damage(device, "00000002.data", "bravo");
        Assert.False(StoreCheck.Run(device, StoreFixture.Directory).IsSound);
        StoreRepair.Run(device, StoreFixture.Directory, new StoreRandom(new Random(3)));
        Assert.True(StoreCheck.Run(device, StoreFixture.Directory).IsSound);
        Assert.Contains("a=alpha", DataText(device), StringComparison.Ordinal);
    }

    [Fact]
    public void An_abandoned_data_segment_leaves_nothing()
    {
        var device = new SimulatedFileSystem();
        using var store = new StoreFixture(device).Begin();
        var names = device.ListFiles(StoreFixture.Directory);
        var location = store.Set("a", "alpha");
        using (var writer = new DataSegmentWriter(store.Files, 1, 9, 1, 1))
        {
            writer.Add(store.Segments.ReadRecord(location, "a"u8));
        }

        Assert.Equal(names, device.ListFiles(StoreFixture.Directory));
    }

    /// <summary>Three keys, then a removal, all synced and proven by a clean close.</summary>
    private static SimulatedFileSystem NewStore()
    {
        var device = new SimulatedFileSystem();
        var store = new StoreFixture(device).Begin();
        store.Set("a", "alpha");
        store.Set("b", "bravo");
        store.Set("c", "charlie");
        store.Remove("d");
        store.CloseCleanly();
        return device;
    }

    private static void Damage(SimulatedFileSystem device, string name, string text)
    {
        var path = StoreFixture.PathOf(name);
        var at = device.ReadAll(path).AsSpan().IndexOf(StoreFixture.Bytes(text));
        Assert.True(at > 0);
        device.Damage(path, at, "#"u8);
    }

    private static string DataText(SimulatedFileSystem device)
    {
        var manifest = ManifestStore.Open(device, StoreFixture.Directory).Current;
        var files = new SegmentFiles(device, StoreFixture.Directory);
        var text = new List<string>();
        foreach (var file in manifest.Files.Where(file => file.Identity.Kind == SegmentKind.Data))
        {
            using var segment = files.Open(file, manifest.StoreId);
            var walk = new RecordWalk(segment, file.End);
            while (walk.MoveNext())
            {
                if (walk.Current.Kind == RecordKind.Set)
                {
                    var key = System.Text.Encoding.UTF8.GetString(walk.Current.Key);
                    text.Add($"{key}={System.Text.Encoding.UTF8.GetString(walk.Current.Value)}");
                }
            }
        }

        return string.Join(" ", text);
    }
}

using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Storage;

/// <summary>Opening a log again: after a clean close, a kill, a power cut.</summary>
public sealed class LogRecoveryTests
{
    [Fact]
    public void A_new_store_opens_empty_and_takes_its_first_group()
    {
        using var store = new StoreFixture(new SimulatedFileSystem()).Begin();
        store.Set("a", "1");
        Assert.Equal("a=1", store.Text());
        Assert.Equal(2UL, store.Writer.Sync().Sequence);
    }

    [Fact]
    public void After_a_clean_close_writing_goes_on_in_the_same_segment()
    {
        var device = new SimulatedFileSystem();
        var first = new StoreFixture(device).Begin();
        first.Set("a", "1");
        var (id, offset) = (first.Writer.Segment.Id, first.Writer.Offset);
        first.CloseCleanly();

        using var second = new StoreFixture(device, seed: 2).Begin();
        second.Set("b", "2");
        Assert.Equal((id, offset), (second.Recovered.ActiveId, second.Recovered.ActiveOffset));
        Assert.Equal("a=1 b=2", second.Text());
        Assert.True(second.Recovered.Epoch > first.Recovered.Epoch);
    }

    [Fact]
    public void After_a_kill_what_no_sync_covered_is_copied_and_synced_before_it_counts()
    {
        var device = new SimulatedFileSystem();
        var first = new StoreFixture(device).Begin();
        first.Set("a", "1");
        first.Writer.Sync();
        first.Set("b", "2");
        first.Set("c", "3");

        using var second = new StoreFixture(device.Capture().Kill(), seed: 2);
        Assert.Equal("a=1 b=2 c=3", second.Text());
        Assert.Equal(2UL, second.Recovered.Verdict.Proven.Sequence);
        Assert.NotEqual(first.Recovered.ActiveId, second.Recovered.ActiveId);

        // Whatever a power cut takes now, the three are there: they had been synced again before the store opened.
        var crash = second.Device.Capture();
        foreach (var leftover in crash.Leftovers(1))
        {
            using var third = new StoreFixture(crash.PowerOff(leftover), seed: 3);
            Assert.Equal("a=1 b=2 c=3", third.Text());
        }
    }

    // Readers have seen it since: cut as a torn tail it would be gone in silence.
    [Fact]
    public void What_was_copied_and_synced_is_proven_before_anything_follows_it()
    {
        var device = new SimulatedFileSystem();
        var first = new StoreFixture(device).Begin();
        first.Set("a", "1");
        first.Writer.Sync();
        first.Set("b", "bravo");

        using var second = new StoreFixture(device.Capture().Kill(), seed: 2);
        var killed = second.Device.Capture().Kill();
        var path = StoreFixture.PathOf(StoreFiles.Segment(SegmentKind.Log, second.Recovered.ActiveId));
        killed.Damage(path, killed.ReadAll(path).AsSpan().IndexOf("bravo"u8), "#"u8);
        Assert.Throws<KvsCorruptionException>(() => new StoreFixture(killed, seed: 3));
    }

    [Fact]
    public void A_power_cut_leaves_what_was_synced_and_a_prefix_of_the_rest() => TestSeed.Run(seed =>
    {
        var device = new SimulatedFileSystem();
        var first = new StoreFixture(device, seed).Begin();
        first.Set("a", "1");
        first.Writer.Sync();
        first.Set("b", new string('x', 700));
        first.Set("c", "3");
        first.Writer.AppendSyncMark();
        first.Set("d", new string('y', 700));
        var whole = first.Text();

        var crash = device.Capture();
        foreach (var leftover in crash.Leftovers(seed))
        {
            using var second = new StoreFixture(crash.PowerOff(leftover), seed + 1);
            Assert.StartsWith("a=1", second.Text(), StringComparison.Ordinal);
            Assert.StartsWith(second.Text(), whole, StringComparison.Ordinal);
        }
    });

    [Fact]
    public void What_was_cut_never_comes_back()
    {
        var device = new SimulatedFileSystem();
        var first = new StoreFixture(device).Begin();
        first.Set("a", "1");
        first.Writer.Sync();
        first.Set("b", "2");
        first.Set("c", "3");

        // Only the group of "c" reached the disk: "b" is torn, and both are cut.
        var torn = device.Capture().Kill();
        var log = torn.ReadAll(StoreFixture.PathOf("00000001.log"));
        var offset = log.AsSpan().IndexOf("b2"u8) - 1;
        torn.Damage(StoreFixture.PathOf("00000001.log"), offset, "?"u8);
        using (var second = new StoreFixture(torn, seed: 2).Begin())
        {
            Assert.True(second.Recovered.Verdict.TailIsTorn);
            second.Set("d", "4");
            second.Writer.Sync();
        }

        using var third = new StoreFixture(torn, seed: 3);
        Assert.Equal("a=1 d=4", third.Text());
    }

    [Fact]
    public void A_log_goes_on_in_the_next_segment()
    {
        var device = new SimulatedFileSystem();
        var first = new StoreFixture(device).Begin();
        first.Set("a", "1");
        first.Writer.Rotate(first.MakeReady());
        first.Set("b", "2");
        first.Writer.Sync();
        first.Writer.Rotate(first.MakeReady());
        first.Set("c", "3");

        using var second = new StoreFixture(device.Capture().Kill(), seed: 2);
        Assert.Equal("a=1 b=2 c=3", second.Text());
    }

    [Fact]
    public void A_missing_segment_is_refused_by_name()
    {
        var device = new SimulatedFileSystem();
        var first = new StoreFixture(device).Begin();
        first.MakeReady();
        var killed = device.Capture().Kill();
        killed.Delete(StoreFixture.PathOf("00000002.log"));

        var refusal = Assert.Throws<KvsCorruptionException>(() => new StoreFixture(killed, seed: 2));
        Assert.EndsWith("00000002.log", refusal.Path, StringComparison.Ordinal);
    }

    [Fact]
    public void Repeated_openings_leave_no_more_files_than_have_content()
    {
        var device = new SimulatedFileSystem();
        for (var seed = 1; seed <= 10; seed++)
        {
            using var store = new StoreFixture(device, seed);
            device = device.Capture().Kill();
        }

        using var last = new StoreFixture(device, seed: 11);
        Assert.Single(last.Manifests.Current.Files);
        Assert.Single(last.Manifests.Current.Epochs);
        Assert.Equal(["00000011.log", "MANIFEST", "engine", "lock"], device.ListFiles(StoreFixture.Directory));
        Assert.Equal(FileState.Open, last.Manifests.Current.Files[0].State);
    }
}

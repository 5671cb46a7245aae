using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Segments;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Storage;

/// <summary>Segments ahead of need, the reserve, and a full disk.</summary>
public sealed class SpareSegmentsTests
{
    private const long MiB = 1024 * 1024;

    [Fact]
    public void An_empty_store_with_spare_and_reserve_takes_at_most_four_mebibytes()
    {
        using var store = new StoreFixture(new SimulatedFileSystem()).Begin();
        var spares = NewSpares(store);
        Assert.True(spares.Prepare(mayUseReserve: false));
        Assert.False(spares.Prepare(mayUseReserve: false));
        Assert.False(spares.IsDiskFull);
        Assert.InRange(store.Device.UsedBytes, 3 * MiB, 4 * MiB);
    }

    [Fact]
    public void A_group_larger_than_a_segment_gets_one_of_its_own_size()
    {
        using var store = new StoreFixture(new SimulatedFileSystem()).Begin();
        var spares = NewSpares(store);
        spares.Prepare(mayUseReserve: false);
        Assert.False(spares.TryTake(3 * MiB, out _));
        Assert.True(spares.Prepare(mayUseReserve: false));
        Assert.True(spares.TryTake(3 * MiB, out var segment));
        Assert.InRange(segment.Length - SegmentHeader.Bytes, 3 * MiB, (3 * MiB) + 4096);
        Assert.True(store.Device.UsedBytes > 0);
    }

    [Fact]
    public void The_blocks_of_a_dropped_segment_are_used_again_and_their_old_content_is_void()
    {
        using var store = new StoreFixture(new SimulatedFileSystem()).Begin();
        var spares = NewSpares(store);
        store.Set("a", "1");
        spares.Prepare(mayUseReserve: false);
        var first = store.Writer.Segment;
        Assert.True(spares.TryTake(0, out var second));
        store.Writer.Rotate(second);
        store.Set("b", "2");

        store.Manifests.Update(current =>
            current.Without(first.Id) with { SealedThrough = new KvsVersion(store.Recovered.Epoch, 2) });
        spares.Drop(store.Segments.Remove(first.Id));
        Assert.True(store.Device.FileExists(StoreFixture.PathOf(StoreFiles.Spare(first.Id))));
        Assert.True(spares.Prepare(mayUseReserve: false));
        Assert.True(spares.TryTake(0, out var recycled));

        var cursor = new FrameCursor(recycled.Bytes(0, (int)recycled.Length), recycled.Header.Salt);
        Assert.False(cursor.MoveNextEnvelope());
        store.Writer.Rotate(recycled);
        store.Set("c", "3");
        using var reopened = new StoreFixture(store.Device.Capture().Kill(), seed: 5);
        Assert.Equal("b=2 c=3", reopened.Text());
    }

    [Fact]
    public void A_full_disk_is_told_before_the_reserve_is_touched_and_removals_may_use_it()
    {
        var device = new SimulatedFileSystem();
        using var store = new StoreFixture(device).Begin();
        var spares = NewSpares(store);
        spares.Prepare(mayUseReserve: false);
        device.CapacityBytes = device.UsedBytes;
        Assert.True(spares.TryTake(0, out var next));
        store.Writer.Rotate(next);

        Assert.False(spares.Prepare(mayUseReserve: false));
        Assert.True(spares.IsDiskFull);
        Assert.True(device.FileExists(StoreFixture.PathOf(StoreFiles.Reserve)));

        Assert.True(spares.Prepare(mayUseReserve: true));
        Assert.True(spares.IsDiskFull);
        Assert.True(spares.TryTake(0, out next));
        store.Writer.Rotate(next);
        store.Remove("a");

        device.CapacityBytes = long.MaxValue;
        Assert.True(spares.Prepare(mayUseReserve: false));
        Assert.False(spares.IsDiskFull);
    }

    [Fact]
    public void A_store_on_a_full_disk_goes_on_in_its_segment_and_keeps_its_reserve()
    {
        var device = new SimulatedFileSystem();
        using (var store = new StoreFixture(device).Begin())
        {
            NewSpares(store).Prepare(mayUseReserve: false);
            store.Set("a", "1");
        }

        var full = device.Capture().Kill();
        full.CapacityBytes = full.UsedBytes;
        using var reopened = new StoreFixture(full, seed: 2).Begin();
        Assert.Equal("a=1", reopened.Text());
        Assert.True(full.FileExists(StoreFixture.PathOf(StoreFiles.Reserve)));
    }

    [Fact]
    public void A_manifest_whose_replacement_failed_half_way_never_lists_a_file_that_is_gone()
    {
        var device = new SimulatedFileSystem();
        using var store = new StoreFixture(device).Begin();
        device.Fail(CallKinds.SyncDirectory, FaultKind.DeviceError, nth: 2);
        var failure = Assert.Throws<KvsStorageException>(() => NewSpares(store).Prepare(mayUseReserve: false));
        Assert.Equal(ErrorCode.Faulted, failure.Code);
        using var reopened = new StoreFixture(device.Capture().Kill(), seed: 2);
        Assert.Equal("", reopened.Text());
    }

    [Fact]
    public void A_ready_segment_is_listed_and_durable_before_it_can_be_taken()
    {
        var device = new SimulatedFileSystem();
        using var store = new StoreFixture(device).Begin();
        var crashes = new List<CrashPoint>();
        device.BeforeCall = _ => crashes.Add(device.Capture());
        NewSpares(store).Prepare(mayUseReserve: false);
        device.BeforeCall = null;
        crashes.Add(device.Capture());
        foreach (var crash in crashes)
        {
            foreach (var leftover in crash.Leftovers(1, limit: 8))
            {
                using var reopened = new StoreFixture(crash.PowerOff(leftover), seed: 2);
                Assert.Equal("", reopened.Text());
            }
        }
    }

    [Fact]
    public void Dropping_waits_for_no_mapping_where_mapped_files_cannot_be_renamed()
    {
        var device = new SimulatedFileSystem { RefusesChangesOfMappedFiles = true };
        using var store = new StoreFixture(device).Begin();
        var spares = NewSpares(store);
        spares.Prepare(mayUseReserve: false);
        Assert.True(spares.TryTake(0, out var next));
        store.Manifests.Update(current => current.Without(next.Id));
        spares.Drop(store.Segments.Remove(next.Id));
    }

    private static SpareSegments NewSpares(StoreFixture store)
    {
        var reserve = new DiskReserve(store.Device, StoreFixture.Directory);
        return new SpareSegments(store.Files, store.Manifests, store.Segments, reserve, store.Random);
    }
}

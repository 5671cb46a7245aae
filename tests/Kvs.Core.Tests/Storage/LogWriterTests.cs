using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Storage;

/// <summary>Appending, syncing, and what a failure means.</summary>
public sealed class LogWriterTests
{
    [Fact]
    public void A_failed_sync_is_final_and_never_retried()
    {
        var device = new SimulatedFileSystem();
        using var store = new StoreFixture(device).Begin();
        store.Set("a", "1");
        device.Fail(CallKinds.Sync, FaultKind.DeviceError);
        var failure = Assert.Throws<KvsStorageException>(() => store.Writer.Sync());
        Assert.Equal(ErrorCode.Faulted, failure.Code);

        var calls = device.Calls;
        Assert.Same(failure, Assert.Throws<KvsStorageException>(() => store.Writer.Sync()));
        Assert.Same(failure, Assert.Throws<KvsStorageException>(() => store.Set("b", "2")));
        Assert.Same(failure, Assert.Throws<KvsStorageException>(() => store.Writer.AppendSyncMark()));
        Assert.Same(failure, store.Writer.Failure);
        Assert.Equal(calls, device.Calls);
        Assert.Equal(1UL, store.Writer.Synced.Sequence);
    }

    [Fact]
    public void A_short_append_is_final_and_what_it_left_is_cut()
    {
        var device = new SimulatedFileSystem();
        using var store = new StoreFixture(device).Begin();
        store.Set("a", "1");
        store.Writer.Sync();
        device.Fail(CallKinds.Write, FaultKind.ShortWrite);
        var failure = Assert.Throws<KvsStorageException>(() => store.Set("b", new string('x', 900)));
        Assert.Equal(WriteOutcome.Unknown, failure.Outcome);
        Assert.Same(failure, Assert.Throws<KvsStorageException>(() => store.Set("c", "3")));

        using var reopened = new StoreFixture(device.Capture().Kill(), seed: 2);
        Assert.Equal("a=1", reopened.Text());
    }

    [Fact]
    public void A_group_is_one_write_and_a_sync_covers_all_before_it()
    {
        var device = new SimulatedFileSystem();
        using var store = new StoreFixture(device).Begin();
        var calls = device.Calls;
        store.Set("a", "1");
        store.Set("b", "2");
        Assert.Equal(calls + 2, device.Calls);
        Assert.Equal(3UL, store.Writer.Sync().Sequence);
        Assert.Equal(calls + 3, device.Calls);
        Assert.Equal(3UL, store.Writer.Sync().Sequence);
        Assert.Equal(calls + 3, device.Calls);
    }

    [Fact]
    public void A_sync_mark_proves_on_the_disk_what_was_synced()
    {
        var device = new SimulatedFileSystem();
        using var store = new StoreFixture(device).Begin();
        store.Set("a", "1");
        store.Writer.Sync();
        Assert.True(store.Writer.AppendSyncMark());
        store.Writer.Sync();
        using var reopened = new StoreFixture(device.Capture().Kill(), seed: 2);
        Assert.Equal(2UL, reopened.Recovered.Verdict.Proven.Sequence);
    }

    [Fact]
    public void A_value_reads_back_by_its_location_without_allocation()
    {
        using var store = new StoreFixture(new SimulatedFileSystem()).Begin();
        var location = store.Set("a", "value", expiresAtMillis: 5);
        var key = StoreFixture.Bytes("a");
        var target = new System.Buffers.ArrayBufferWriter<byte>(64 * 1024);
        store.Segments.ReadValue(location, key, target);
        Assert.Equal("value"u8, target.WrittenSpan);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            store.Segments.ReadValue(location, key, target);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void A_record_that_is_damaged_or_has_another_key_is_refused_by_name_and_offset()
    {
        var device = new SimulatedFileSystem();
        using var store = new StoreFixture(device).Begin();
        var location = store.Set("a", "value");
        Assert.Throws<KvsCorruptionException>(() => store.Segments.ReadRecord(location, "b"u8).Value.Length);
        device.Damage(store.Writer.Segment.File.Path, location.Offset + location.Length - 1, "?"u8);
        var refusal = Assert.Throws<KvsCorruptionException>(() => store.Segments.ReadRecord(location,
            "a"u8).Value.Length);
        Assert.Equal(location.Offset, refusal.Offset);
        Assert.Contains("kvs-server check", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rolled_back_batch_leaves_no_trace_and_its_sequence_is_free()
    {
        using var store = new StoreFixture(new SimulatedFileSystem()).Begin();
        var group = new GroupBuilder();
        group.Begin(new GroupStart(store.Recovered.Epoch, 2, 1, 0));
        group.BeginBatch(2);
        group.AddSet("gone"u8, "1"u8, 0);
        group.RollBackBatch();
        group.BeginBatch(2, new RequestOrigin(7, 8, 6));
        var slice = group.AddSet("kept"u8, "2"u8, 0);
        Assert.Equal("2"u8, group.Record(slice).Value);
        group.EndBatch("result"u8);
        Assert.True(group.BytesMax <= GroupBuilder.OverheadMax + GroupBuilder.BatchBytesMax(1, 5, 6));
        group.Finish();
        store.Writer.Append(group);

        Assert.Equal("kept=2", store.Text());
        var cursor = new FrameCursor(store.Writer.Segment.Bytes(0, (int)store.Writer.Offset),
            store.Writer.Segment.Header.Salt);
        Assert.True(cursor.MoveNext() && cursor.MoveNext());
        foreach (var batch in cursor.Frame)
        {
            Assert.Equal(new RequestOrigin(7, 8, 6), batch.Origin);
            Assert.Equal("result"u8, batch.Result());
        }
    }
}

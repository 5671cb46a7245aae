using System.Buffers;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>What happens to those who still use a store while another thread closes it.</summary>
public sealed class LogEngineClosingTests
{
    [Fact]
    public void A_snapshot_that_outlives_its_engine_touches_no_freed_memory() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "v");
        var snapshot = store.Engine.Snapshot();
        var cursor = snapshot.Scan(KeyRange.All, reverse: false);
        Assert.True(cursor.MoveNext());
        store.Close();

        Assert.Throws<ObjectDisposedException>(() => LogStore.Get(snapshot, "k"));
        Assert.Throws<ObjectDisposedException>(() => snapshot.Count(KeyRange.All));
        Assert.Throws<ObjectDisposedException>(() => cursor.CopyValue(new ArrayBufferWriter<byte>()));
        Assert.Throws<ObjectDisposedException>(() => cursor.MoveNext());
        snapshot.Dispose();
        store.Device.CheckClean();
    });

    [Fact]
    public void A_read_under_way_on_a_snapshot_keeps_its_files_mapped_until_it_ends() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "v");
        var snapshot = store.Engine.Snapshot();

        // The value is copied by the caller's buffer: closing within it is closing in the middle of a read.
        var target = new ClosingBuffer(store.Close);
        Assert.True(snapshot.TryGet(LogStore.Bytes("k"), target, out _));
        Assert.Equal("v"u8.ToArray(), target.Written);
        snapshot.Dispose();
        store.Device.CheckClean();
    });

    [Fact]
    public void Everything_is_refused_cleanly_after_closing() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "v");
        store.Close();

        var late = store.Submit(LogStore.SetOf("k", "2"));
        Assert.Equal((true, ErrorCode.ShuttingDown), (late.IsDone, late.Request.Code));
        Assert.Throws<ObjectDisposedException>(() => store.Get("k"));
        Assert.Throws<ObjectDisposedException>(() => store.Engine.Snapshot());
        Assert.Throws<ObjectDisposedException>(() => store.Engine.Stats());
        var compaction = store.Engine.CompactAsync(default);
        Assert.True(compaction.IsFaulted);
        Assert.Equal(ErrorCode.ShuttingDown, Assert.IsType<KvsStorageException>(compaction.Exception!.InnerException).Code);
    });

    private sealed class ClosingBuffer(Action close) : IBufferWriter<byte>
    {
        private readonly byte[] _bytes = new byte[64];
        private int _count;

        internal byte[] Written => _bytes[.._count];

        public void Advance(int count) => _count += count;

        public Memory<byte> GetMemory(int sizeHint = 0) => _bytes.AsMemory(_count);

        public Span<byte> GetSpan(int sizeHint = 0)
        {
            close();
            return _bytes.AsSpan(_count);
        }
    }
}

using System.Buffers;
using System.Globalization;
using Kvs.Core.Engines;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
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

    [Fact]
    public async Task Readers_that_race_the_closing_of_a_store_on_a_real_disk_end_with_a_clean_refusal()
    {
        var rounds = int.Parse(Environment.GetEnvironmentVariable("KVS_STRESS_ROUNDS") ?? "5", CultureInfo.InvariantCulture);
        for (var round = 0; round < rounds; round++)
        {
            using var directory = new TemporaryDirectory();
            var store = await KvStore.OpenAsync(directory.FullPath);
            await store.SetAsync("k", new string('x', 10_000));
            using var begun = new CountdownEvent(4);
            var readers = Enumerable.Range(0, 4).Select(reader => Task.Factory.StartNew(
                () => ReadUntilClosed(store, reader, begun), TaskCreationOptions.LongRunning)).ToArray();
            begun.Wait();
            await store.DisposeAsync();
            await Task.WhenAll(readers);
        }
    }

    private static void ReadUntilClosed(KvStore store, int reader, CountdownEvent begun)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                var length = (reader % 4) switch
                {
                    0 => store.GetAsync("k").AsTask().GetAwaiter().GetResult()!.Value.Bytes.Length,
                    1 => store.GetManyAsync(["k"]).AsTask().GetAwaiter().GetResult()[0]!.Value.Bytes.Length,
                    2 => store.ScanPageAsync(new ScanOptions()).AsTask().GetAwaiter().GetResult().Entries[0].Value.Bytes.Length,
                    _ => store.CountAsync().AsTask().GetAwaiter().GetResult() == 1 ? 10_000 : 0,
                };
                Assert.Equal(10_000, length);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            finally
            {
                if (i == 0)
                {
                    begun.Signal();
                }
            }
        }
    }

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

using Kvs.Core.Diagnostics;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>
/// Opening on a disk without one free byte. Recovery once needed a new segment and a new manifest; the segment took the
/// whole reserve, so the manifest failed, the process ended, and the data could not even be read.
/// </summary>
public sealed class LogEngineFullDiskTests
{
    private const int Openings = 6;
    private const string ReservePath = "/store/reserve";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_store_on_a_full_disk_opens_and_serves_reads(bool hasReserve) => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "v");
        store.Set("later", "w");
        store.Run();
        for (var opening = 0; opening < Openings; opening++)
        {
            store = OpenFull(store.Device.Capture().Kill(), seed + opening, hasReserve);
            Assert.Equal(("v", "w"), (store.Get("k"), store.Get("later")));
            Assert.True(!hasReserve || store.Device.FileExists(ReservePath));
        }

        Assert.Equal(ErrorCode.None, store.Remove("k").Code);
        store.Close();
        store = OpenFull(store.Device, seed, hasReserve);
        Assert.Equal(["later"], store.Content().Keys);
        ResumesWithRoom(store);
    });

    [Fact]
    public void What_a_power_cut_leaves_on_a_full_disk_opens_again_and_again() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "v");
        store.Run();
        var cut = store.Device.Capture();
        store.Device.BeforeCall = call => cut = call.Path.EndsWith(".log", StringComparison.Ordinal) && call.Kind == CallKinds.Sync
            ? store.Device.Capture()
            : cut;
        store.Set("unsynced", new string('x', 20_000));
        var states = cut.Leftovers(seed, limit: 24).ToList();
        Assert.True(states.Count > 2);
        foreach (var leftover in states)
        {
            var again = OpenFull(cut.PowerOff(leftover), seed, hasReserve: true);
            var content = again.Content();
            Assert.Equal("v", content["k"]);
            Assert.Equal(ErrorCode.None, again.Set("after", "y").Code);

            // The second cut falls at once: whatever the first opening has done in place must have been durable.
            foreach (var second in again.Device.Capture().Leftovers(seed, limit: 4))
            {
                var third = OpenFull(again.Device.Capture().PowerOff(second), seed + 1, hasReserve: true);
                Assert.Equal((content.Count + 1, "y"), (third.Content().Count, third.Get("after")));
                ResumesWithRoom(third);
            }
        }
    });

    /// <summary>
    /// Here nothing is left at all: the current segment is full to the last byte, no other one is ready, the reserve is
    /// used up and hint files are missing. No opening may need a byte of the disk.
    /// </summary>
    [Theory]
    [InlineData(60)]
    [InlineData(1_500)]
    public void A_store_that_has_used_up_all_its_room_still_opens(int entries) => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        var value = new string('x', 20_000);
        for (var i = 0; i < entries; i++)
        {
            store.Set($"k{i:D5}", value);
        }

        UseUp(store);
        var content = store.Content();
        Assert.True(content.Count >= entries);
        for (var opening = 0; opening < 3; opening++)
        {
            var device = store.Device.Capture().Kill();
            foreach (var name in device.ListFiles("/store").Where(name => StoreFiles.TryParseHint(name, out _)).ToList())
            {
                device.Delete("/store/" + name);
            }

            store = OpenFull(device, seed + opening, hasReserve: false);
            Assert.Equal(content, store.Content());
            Assert.Equal(ErrorCode.DiskFull, store.Set("more", "v").Code);
            Assert.Equal(ErrorCode.DiskFull, store.Remove("k00001").Code);
        }

        var before = store.Sequence;
        ResumesWithRoom(store);
        Assert.True(store.Sequence > before);
        var compaction = store.Engine.CompactAsync(default);
        store.Advance(TimeSpan.FromMinutes(1));
        Assert.True(compaction.IsCompleted);
        Assert.DoesNotContain(store.Events, e => e.Kind == StoreEventKind.CompactionFailed && e.Message.Contains("missing or damaged", StringComparison.Ordinal));
    });

    [Fact]
    public void A_store_that_was_closed_cleanly_opens_on_a_full_disk_and_closes_again() => TestSeed.Run(seed =>
    {
        var store = new LogStore(seed);
        store.Set("k", "v");
        store.Close();
        for (var opening = 0; opening < Openings; opening++)
        {
            store = OpenFull(store.Device, seed + opening, hasReserve: false);
            Assert.Equal("v", store.Get("k"));
            Assert.Equal(ErrorCode.DiskFull, store.Set("new", "w").Code);
            store.Close();
        }

        store = OpenFull(store.Device.Capture().Kill(), seed, hasReserve: false);
        Assert.Equal(["k"], store.Content().Keys);
        ResumesWithRoom(store);
    });

    private static LogStore OpenFull(SimulatedFileSystem device, int seed, bool hasReserve)
    {
        if (!hasReserve)
        {
            device.Delete(ReservePath);
        }

        device.CapacityBytes = device.UsedBytes;
        var store = new LogStore(seed, device: device);
        store.Run();
        return store;
    }

    private static void ResumesWithRoom(LogStore store)
    {
        store.Device.CapacityBytes = long.MaxValue;
        store.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(ErrorCode.None, store.Set("again", "v").Code);
        var content = store.Content();
        Assert.Equal(content, store.ReopenKilled().Content());
    }

    /// <summary>Uses up the reserve, then the log's room with removals, down to the last bytes that take one.</summary>
    private static void UseUp(LogStore store)
    {
        (int Length, int Count)[] sizes = [(40_000, 300), (4_000, 12), (400, 12), (40, 12), (4, 40)];
        var lengths = sizes.SelectMany(size => Enumerable.Repeat(size.Length, size.Count));
        var keys = lengths.Select((length, i) => $"r{i:D3}".PadRight(length, 'r')).ToList();
        foreach (var key in keys)
        {
            Assert.Equal(ErrorCode.None, store.Set(key, "v").Code);
        }

        // Somebody else takes each byte as soon as it is free.
        store.Device.Delete(ReservePath);
        store.Device.CapacityBytes = store.Device.UsedBytes;
        store.Device.BeforeCall = _ => store.Device.CapacityBytes = Math.Min(store.Device.CapacityBytes, store.Device.UsedBytes);
        WriteRequest request = new();
        foreach (var key in keys)
        {
            request = store.Remove(key);
        }

        Assert.Equal(ErrorCode.DiskFull, request.Code);
    }
}

using System.Text;
using Kvs.Core.Platform;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Crash.Tests.Device;

public sealed class SimulatedFileSystemTests
{
    private const string Store = "/store";
    private const int Seed = 1;

    private readonly SimulatedFileSystem _device = new();

    public SimulatedFileSystemTests() => _device.CreateDirectory(Store);

    [Fact]
    public void What_was_synced_survives_every_power_cut()
    {
        using var file = Durable("a", "kept"u8);
        file.Write(4, "more"u8);

        Assert.Equal(["kept", "keptmore"], States("a"));
    }

    [Fact]
    public void A_power_cut_leaves_any_subset_of_unsynced_sectors()
    {
        using var file = Durable("a", new byte[3 * 512]);
        file.Write(0, Sectors(3));

        var states = Leftovers().Select(device => Marks(device.ReadAll("/store/a"))).ToHashSet();

        string[] certain = ["000", "111", "100", "110", "011", "101"]; // none, all, prefixes, single ones missing
        Assert.Empty(certain.Except(states));
        Assert.All(states, state => Assert.Matches("^[01]{3}$", state));
    }

    [Fact]
    public void A_prefix_ends_at_the_disks_sectors_not_at_the_writes_start()
    {
        using var file = Durable("a", new byte[1000]);
        file.Write(500, Enumerable.Repeat((byte)'x', 100).ToArray());

        var written = Leftovers().Select(device => device.ReadAll("/store/a").Count(b => b == 'x')).ToHashSet();

        Assert.Equal([0, 12, 88, 100], written.Order());
    }

    [Fact]
    public void Names_are_lost_until_their_directory_is_synced()
    {
        using var file = _device.Create("/store/a");
        file.Write(0, "x"u8);
        file.SyncData();
        Assert.Equal([null, "x"], States("a"));

        _device.SyncDirectory(Store);
        Assert.Equal(["x"], States("a"));
    }

    [Fact]
    public void A_rename_is_one_step_and_volatile()
    {
        using var old = Durable("target", "old"u8);
        using var replacement = Durable("source", "new"u8);

        _device.Rename("/store/source", "/store/target");

        Assert.Equal(["new", "old"], States("target"));
        Assert.All(Leftovers(), device =>
            Assert.Equal(device.FileExists("/store/source"), Read(device, "/store/target") == "old"));
    }

    [Fact]
    public void A_kill_keeps_the_page_cache_and_a_later_power_cut_can_still_take_it()
    {
        using var file = Durable("a", "1"u8);
        file.Write(1, "2"u8);

        var killed = _device.Capture().Kill();

        Assert.Equal("12", Read(killed, "/store/a"));
        Assert.Equal(["1", "12"], States("a", killed));
        using var reopened = killed.Open("/store/a", writable: true);
        reopened.SyncData();
        Assert.Equal(["12"], States("a", killed));
    }

    [Fact]
    public void After_a_failed_sync_a_second_one_returns_but_saves_nothing()
    {
        using var file = Durable("a", ""u8);
        file.Write(0, "x"u8);
        _device.Fail(CallKinds.Sync, FaultKind.DeviceError);

        Assert.ThrowsAny<IOException>(file.SyncData);
        file.SyncData();

        Assert.Equal("x", Read(_device, "/store/a"));
        Assert.Equal(["", "x"], States("a"));
    }

    [Fact]
    public void A_write_over_lost_bytes_saves_the_sectors_that_it_touches()
    {
        using var file = Durable("a", ""u8);
        file.Write(0, Sectors(3));
        _device.Fail(CallKinds.Sync, FaultKind.DeviceError);
        Assert.ThrowsAny<IOException>(file.SyncData);
        file.Write(512 + 7, "!"u8);
        file.SyncData();

        Assert.All(Leftovers(), device => Assert.Equal('1', Marks(device.ReadAll("/store/a"))[1]));
        Assert.Contains(Leftovers(), device => Marks(device.ReadAll("/store/a"))[0] == '0');
    }

    [Fact]
    public void After_a_failed_directory_sync_a_second_one_saves_nothing()
    {
        using var file = _device.Create("/store/a");
        _device.Fail(CallKinds.SyncDirectory, FaultKind.DeviceError);

        Assert.ThrowsAny<IOException>(() => _device.SyncDirectory(Store));
        _device.SyncDirectory(Store);

        Assert.Equal([null, ""], States("a"));
    }

    [Fact]
    public void A_lying_sync_returns_and_an_honest_one_makes_it_good()
    {
        using var file = Durable("a", ""u8);
        file.Write(0, "x"u8);
        _device.Fail(CallKinds.Sync, FaultKind.LyingSync);

        file.SyncData();
        Assert.Equal(["", "x"], States("a"));
        file.SyncData();
        Assert.Equal(["x"], States("a"));
    }

    [Fact]
    public void A_short_write_leaves_a_part()
    {
        using var file = Durable("a", ""u8);
        _device.Fail(CallKinds.Write, FaultKind.ShortWrite);

        Assert.ThrowsAny<IOException>(() => file.Write(0, "1234"u8));

        Assert.Equal("12", Read(_device, "/store/a"));
    }

    [Fact]
    public void The_nth_call_fails_once_or_for_good_and_only_where_asked()
    {
        using var file = Durable("a", ""u8);
        using var other = Durable("b", ""u8);
        _device.Fail(CallKinds.Write, FaultKind.DeviceError, nth: 2, where: path => path == "/store/a");
        file.Write(0, "1"u8);
        other.Write(0, "1"u8);
        Assert.ThrowsAny<IOException>(() => file.Write(0, "2"u8));
        file.Write(0, "3"u8);

        _device.Fail(CallKinds.Write | CallKinds.Read, FaultKind.DiskFull, forGood: true);
        Assert.True(FileFailure.IsDiskFull(Assert.ThrowsAny<IOException>(() => file.Write(0, "4"u8))));
        Assert.ThrowsAny<IOException>(() => file.Read(0, new byte[1]));
        Assert.Equal(3, _device.FaultsStruck);

        _device.ClearFaults();
        file.Write(0, "5"u8);
    }

    [Fact]
    public void A_full_device_refuses_writes_until_room_is_made()
    {
        _device.CapacityBytes = 8192;
        using var file = Durable("a", new byte[4096]);
        var other = Durable("b", "x"u8);
        Assert.Equal(0, _device.AvailableBytes(Store));
        other.Write(1, new byte[4095]); // room that is taken can be used

        Assert.True(FileFailure.IsDiskFull(Assert.ThrowsAny<IOException>(() => file.Write(4096, "x"u8))));
        _device.Delete("/store/b");
        Assert.Equal(0, _device.AvailableBytes(Store)); // still open
        other.Dispose();
        file.Write(4096, "x"u8);
    }

    [Fact]
    public void A_hole_takes_no_room_and_zeros_do()
    {
        using var file = Durable("a", ""u8);
        file.SetLength(1 << 20);
        Assert.Equal(0, _device.UsedBytes);

        file.Write(0, new byte[8192]);
        Assert.Equal(8192, _device.UsedBytes);
    }

    [Fact]
    public void Mapped_files_cannot_be_deleted_or_renamed_when_it_behaves_like_Windows()
    {
        _device.RefusesChangesOfMappedFiles = true;
        using var file = Durable("a", "x"u8);
        using var other = Durable("b", "y"u8);
        var mapping = file.Map();

        Assert.ThrowsAny<IOException>(() => _device.Delete("/store/a"));
        Assert.ThrowsAny<IOException>(() => _device.Rename("/store/a", "/store/c"));
        Assert.ThrowsAny<IOException>(() => _device.Rename("/store/b", "/store/a"));
        mapping.Dispose();
        _device.Rename("/store/b", "/store/a");
    }

    [Fact]
    public unsafe void A_mapping_sees_later_writes_and_a_late_reader_finds_a_pattern()
    {
        using var file = Durable("a", "abc"u8);
        var mapping = file.Map();
        file.Write(2, "defg"u8);
        var pointer = mapping.Pointer;
        Assert.Equal("abd", Encoding.UTF8.GetString(pointer, 3));

        mapping.Dispose();
        Assert.Equal(0xDD, *pointer);
        Assert.Throws<DeviceMisuseException>(() => _ = (nint)mapping.Pointer);
    }

    [Fact]
    public void Cutting_a_mapped_file_is_found_even_where_the_exception_is_swallowed()
    {
        using var file = Durable("a", "abc"u8);
        file.Map().Dispose();
        file.SetLength(2);
        using (file.Map())
        {
            file.SetLength(5);
            Assert.Throws<DeviceMisuseException>(() => file.SetLength(1));
        }

        file.Dispose();
        var found = Assert.Throws<DeviceMisuseException>(_device.CheckClean);
        Assert.Contains("was cut to 1", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_left_open_is_named()
    {
        var file = Durable("a", "abc"u8);
        var mapping = file.Map();
        var held = _device.TryLock("/store/lock")!;
        Assert.Equal(
            "'/store/a' is mapped; '/store/a' is open; '/store/lock' is locked.",
            Assert.Throws<DeviceMisuseException>(_device.CheckClean).Message);

        mapping.Dispose();
        file.Dispose();
        held.Dispose();
        _device.CheckClean();
        Assert.Throws<DeviceMisuseException>(() => file.Read(0, new byte[1]));
    }

    [Fact]
    public void A_lock_is_exclusive_and_dies_with_the_process()
    {
        using var held = _device.TryLock("/store/lock");
        Assert.NotNull(held);
        Assert.Null(_device.TryLock("/store/lock"));

        Assert.NotNull(_device.Capture().Kill().TryLock("/store/lock"));
    }

    [Fact]
    public void A_crash_point_does_not_see_what_its_device_does_later()
    {
        using var file = Durable("a", "old"u8);
        var point = _device.Capture();
        file.Write(0, "new"u8);
        file.SyncData();
        _device.Delete("/store/a");

        Assert.Equal("old", Read(point.Kill(), "/store/a"));
        Assert.All(point.Leftovers(Seed), leftover => Assert.Equal("old", Read(point.PowerOff(leftover), "/store/a")));
    }

    [Fact]
    public void Leftovers_under_a_limit_are_a_choice_that_the_seed_repeats()
    {
        using var file = Durable("a", new byte[64 * 512]);
        file.Write(0, Sectors(64));
        var point = _device.Capture();

        var few = point.Leftovers(Seed, limit: 30).Select(leftover => leftover.Description).ToList();

        Assert.Equal(30, few.Count);
        Assert.Equal(few, point.Leftovers(Seed, limit: 30).Select(leftover => leftover.Description));
        Assert.NotEqual(few, point.Leftovers(Seed + 1, limit: 30).Select(leftover => leftover.Description));
        Assert.Equal(2 + 16 + 63 + 63, point.Leftovers(Seed).Count());
    }

    [Fact]
    public void Zeros_by_the_megabyte_are_one_unit()
    {
        using var file = Durable("a", ""u8);
        file.Write(0, new byte[1 << 20]);

        Assert.Equal(1, _device.Capture().Units);
    }

    [Fact]
    public void Calls_are_counted_and_the_trace_names_them()
    {
        using var file = Durable("a", "abc"u8);
        var before = _device.Calls;
        DeviceCall? seen = null;
        _device.BeforeCall = call => seen = call;

        file.Write(3, "d"u8);

        Assert.Equal(before + 1, _device.Calls);
        Assert.Equal(before + 1, seen?.Number);
        Assert.EndsWith($"#{_device.Calls} Write /store/a [3, +1]", _device.Trace(), StringComparison.Ordinal);
    }

    private static byte[] Sectors(int count)
    {
        var bytes = new byte[count * 512];
        bytes.AsSpan().Fill(1);
        return bytes;
    }

    private static string Marks(byte[] bytes) =>
        string.Concat(bytes.Chunk(512).Select(sector => sector[0])) is var marks ? marks.PadRight(3, '0') : "";

    private static string? Read(SimulatedFileSystem device, string path) =>
        device.FileExists(path) ? Encoding.UTF8.GetString(device.ReadAll(path)) : null;

    private SimulatedFile Durable(string name, ReadOnlySpan<byte> bytes)
    {
        _device.WriteAll($"{Store}/{name}", bytes);
        return (SimulatedFile)_device.Open($"{Store}/{name}", writable: true);
    }

    private IEnumerable<SimulatedFileSystem> Leftovers(SimulatedFileSystem? device = null)
    {
        var point = (device ?? _device).Capture();
        return point.Leftovers(Seed).Select(point.PowerOff);
    }

    private IEnumerable<string?> States(string name, SimulatedFileSystem? device = null) =>
        Leftovers(device).Select(left => Read(left, $"{Store}/{name}")).Distinct().Order(StringComparer.Ordinal);
}

using Kvs.Core.Primitives;
using Kvs.Core.Storage.Manifests;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Storage;

/// <summary>A directory belongs to one engine and one process.</summary>
public sealed class DataDirectoryTests
{
    [Fact]
    public void A_second_opening_is_refused_until_the_first_is_closed()
    {
        var device = new SimulatedFileSystem();
        var first = DataDirectory.Open(device, "/a/b/store", "kvs");
        var refusal = Assert.Throws<KvsStorageException>(() => DataDirectory.Open(device, "/a/b/store", "kvs"));
        Assert.Equal(ErrorCode.DirectoryLocked, refusal.Code);
        first.Dispose();
        DataDirectory.Open(device, "/a/b/store", "kvs").Dispose();
        device.CheckClean();
    }

    [Fact]
    public void Another_engine_is_refused_by_both_names_and_the_lock_is_given_back()
    {
        var device = new SimulatedFileSystem();
        DataDirectory.Open(device, "/store", "kvs").Dispose();
        var refusal = Assert.Throws<KvsStorageException>(() => DataDirectory.Open(device, "/store", "sqlite"));
        Assert.Equal(ErrorCode.EngineMismatch, refusal.Code);
        Assert.Contains("'kvs'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("'sqlite'", refusal.Message, StringComparison.Ordinal);
        device.CheckClean();
    }

    [Theory]
    [InlineData("sled")]
    [InlineData("sqlite")]
    public void The_alias_counts_as_the_second_engine(string marker)
    {
        var device = new SimulatedFileSystem();
        device.CreateDirectory("/store");
        device.WriteAll("/store/engine", StoreFixture.Bytes(marker));
        Assert.Equal("sqlite", DataDirectory.DetectEngine(device, "/store"));
        DataDirectory.Open(device, "/store", "sled").Dispose();
        DataDirectory.Open(device, "/store", "sqlite").Dispose();
    }

    [Fact]
    public void The_marker_is_durable_when_the_directory_is_open()
    {
        var device = new SimulatedFileSystem();
        using var directory = DataDirectory.Open(device, "/a/store", "kvs");
        var crash = device.Capture();
        foreach (var leftover in crash.Leftovers(1))
        {
            Assert.Equal("kvs", DataDirectory.DetectEngine(crash.PowerOff(leftover), "/a/store"));
        }
    }

    [Fact]
    public void A_directory_without_marker_belongs_to_no_engine()
    {
        var device = new SimulatedFileSystem();
        device.CreateDirectory("/store");
        Assert.Null(DataDirectory.DetectEngine(device, "/store"));
        Assert.Null(DataDirectory.DetectEngine(device, "/missing"));
    }

    /// <summary>
    /// An empty marker once was a dead end: each command named repair, and repair gave the same answer. A wrong one hid
    /// the data: the other engine started with an empty store beside it.
    /// </summary>
    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0")]
    [InlineData("sqlite")]
    [InlineData("kvz")]
    public void A_marker_that_the_manifest_contradicts_is_refused_by_both_and_mended_from_it(string marker)
    {
        var device = new SimulatedFileSystem();
        new StoreFixture(device).Begin().CloseCleanly();
        device.WriteAll("/store/engine", StoreFixture.Bytes(marker));
        foreach (var engine in new[] { "kvs", "sqlite" })
        {
            var refusal = Assert.Throws<KvsCorruptionException>(() => DataDirectory.Open(device, "/store", engine));
            Assert.Equal("/store/engine", refusal.Path);
            Assert.Contains("engine 'kvs'", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("MANIFEST", refusal.Message, StringComparison.Ordinal);
            Assert.Contains("repair", refusal.Message, StringComparison.Ordinal);
            Assert.Contains(marker is "" or "\0\0\0" ? "no engine" : $"'{marker}'", refusal.Message, StringComparison.Ordinal);
        }

        Assert.Throws<KvsCorruptionException>(() => DataDirectory.DetectEngine(device, "/store"));
        Assert.Equal("kvs", DataDirectory.MendMarker(device, "/store"));
        Assert.Null(DataDirectory.MendMarker(device, "/store"));
        Assert.Equal(StoreFixture.Bytes("kvs"), device.ReadAll("/store/engine"));
        new StoreFixture(device, seed: 2).Dispose();
        device.CheckClean();
    }

    [Fact]
    public void A_marker_beside_a_damaged_manifest_is_still_contradicted_by_it()
    {
        var device = new SimulatedFileSystem();
        new StoreFixture(device).Begin().CloseCleanly();
        device.WriteAll("/store/engine", "sqlite"u8);
        device.WriteAll("/store/MANIFEST", "nonsense"u8);
        Assert.Throws<KvsCorruptionException>(() => DataDirectory.DetectEngine(device, "/store"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("kvs")]
    public void The_marker_of_an_sqlite_directory_is_held_against_its_database(string marker)
    {
        var device = new SimulatedFileSystem();
        device.CreateDirectory("/store");
        device.WriteAll("/store/engine", StoreFixture.Bytes(marker));
        device.WriteAll("/store/kvs.sqlite", "database"u8);
        var refusal = Assert.Throws<KvsCorruptionException>(() => DataDirectory.Open(device, "/store", "kvs"));
        Assert.Contains("'sqlite'", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("sqlite", DataDirectory.MendMarker(device, "/store"));
        DataDirectory.Open(device, "/store", "sqlite").Dispose();
    }

    [Fact]
    public void Where_nothing_tells_the_engine_a_damaged_marker_is_left_to_the_operator()
    {
        var device = new SimulatedFileSystem();
        device.CreateDirectory("/store");
        Assert.Null(DataDirectory.MendMarker(device, "/store"));
        Assert.Empty(device.ListFiles("/store"));
        device.WriteAll("/store/engine", ""u8);
        Assert.Null(DataDirectory.MendMarker(device, "/store"));
        var refusal = Assert.Throws<KvsCorruptionException>(() => DataDirectory.Open(device, "/store", "kvs"));
        Assert.Contains("Delete it", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_manifest_is_replaced_as_a_whole_whenever_the_power_is_cut()
    {
        var device = new SimulatedFileSystem();
        var store = new StoreFixture(device);
        var old = store.Manifests.Current.Number;
        var crashes = new List<CrashPoint>();
        device.BeforeCall = _ => crashes.Add(device.Capture());
        store.Manifests.Update(current => current with { LogTimeMillis = 5 });
        device.BeforeCall = null;
        foreach (var crash in crashes)
        {
            foreach (var leftover in crash.Leftovers(1))
            {
                var manifest = ManifestStore.Open(crash.PowerOff(leftover), StoreFixture.Directory).Current;
                Assert.InRange(manifest.Number, old, old + 1);
            }
        }

        var last = device.Capture();
        Assert.All(last.Leftovers(1), leftover => Assert.Equal(
            5, ManifestStore.Open(last.PowerOff(leftover), StoreFixture.Directory).Current.LogTimeMillis));
    }
}

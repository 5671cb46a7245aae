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

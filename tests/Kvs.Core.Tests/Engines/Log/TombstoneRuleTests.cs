using Kvs.Core.Engines.Compaction;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Segments;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Engines.Log;

/// <summary>Which tombstones may go, by the sequences of the files that stay: here without their key filters.</summary>
public sealed class TombstoneRuleTests
{
    [Theory]
    [InlineData(5, 6, true)] // the record of the file that stays may be the one before the tombstone
    [InlineData(6, 6, false)]
    [InlineData(7, 6, false)]
    [InlineData(1, 6, true)]
    public void A_tombstone_stays_while_a_file_with_older_sequences_does(ulong staysFrom, ulong tombstone, bool mustKeep)
    {
        var device = new SimulatedFileSystem();
        device.CreateDirectory("/store");
        var victim = Sealed(2, tombstone, tombstone + 5);
        var manifest = new Manifest { StoreId = 1, Engine = "kvs" }.With(Sealed(1, staysFrom, staysFrom + 5)).With(victim);
        var rule = new TombstoneRule(new SegmentFiles(device, "/store"), manifest, [victim]);
        Assert.Equal(mustKeep, rule.MustKeep("k"u8, tombstone));
    }

    [Fact]
    public void Files_that_go_together_keep_no_tombstone()
    {
        var device = new SimulatedFileSystem();
        device.CreateDirectory("/store");
        List<ManifestFile> victims = [Sealed(1, 1, 4), Sealed(2, 5, 8)];
        var manifest = new Manifest { StoreId = 1, Engine = "kvs" }.With(victims[0]).With(victims[1]);
        Assert.False(new TombstoneRule(new SegmentFiles(device, "/store"), manifest, victims).MustKeep("k"u8, 6));
    }

    private static ManifestFile Sealed(uint id, ulong first, ulong last) =>
        new(new SegmentIdentity(SegmentKind.Data, id, Salt: 1), FileState.Sealed, 2 * SegmentHeader.Bytes, first, last);
}

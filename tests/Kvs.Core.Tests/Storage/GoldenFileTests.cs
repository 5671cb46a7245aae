using System.Globalization;
using System.Text;
using Kvs.Core.Primitives;
using Kvs.Core.Storage;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Hints;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Requests;
using Kvs.Core.Storage.Segments;
using Kvs.TestKit;
using Kvs.TestKit.Device;
using Xunit;

namespace Kvs.Core.Tests.Storage;

/// <summary>
/// The bytes of format version 1, kept for ever under tests/golden/v1: this code writes them and reads them. Set
/// <c>KVS_GOLDEN_ACCEPT=1</c> to write them anew; the difference is then a change of the format, and reviewed as one.
/// </summary>
public sealed class GoldenFileTests
{
    private const ulong Epoch = 0x1_0000_00AB;
    private const ulong Salt = 0x0102030405060708;
    private static readonly UInt128 StoreId = new(0x1111222233334444, 0x5555666677778888);

    [Fact]
    public void Segment_header()
    {
        var header = new SegmentHeader(SegmentKind.Log, StoreId, 7, Epoch, 41, Salt, 1024 * 1024);
        var bytes = new byte[SegmentHeader.Bytes];
        header.Write(bytes);
        Compare("segment-header", bytes, "magic kind store-id segment-id epoch base-sequence salt capacity crc");
        Assert.True(SegmentHeader.TryRead(Golden("segment-header"), out var read));
        Assert.Equal(header, read);
    }

    [Fact]
    public void Group_with_its_envelope()
    {
        var group = NewGroup();
        var bytes = group.Seal(Salt, SegmentHeader.Bytes, new KvsVersion(Epoch - 1, 40)).ToArray();
        Compare("group", bytes,
            "envelope, frame header, epoch start, a batch with origin, set with expiry, remove, result");

        var golden = Golden("group");
        Assert.True(Envelope.TryRead(golden, Salt, SegmentHeader.Bytes, out var envelope));
        Assert.Equal(new KvsVersion(Epoch - 1, 40), envelope.SyncedThrough);
        Assert.True(GroupFrame.TryRead(golden.AsSpan(Envelope.Bytes), out var frame));
        Assert.True(frame.BeginsEpoch);
        Assert.Equal((41UL, 42UL, 1234L), (frame.FirstSequence, frame.LastSequence, frame.LogTimeMillis));
    }

    [Fact]
    public void Group_that_removes_what_has_expired()
    {
        var group = new GroupBuilder();
        group.Begin(new GroupStart(Epoch, 43, 99_999, 42));
        group.BeginBatch(43);
        group.AddRemove("alpha"u8);
        group.MarkExpiry();
        group.EndBatch();
        group.BeginBatch(44);
        group.AddRemove("beta"u8);
        group.EndBatch();
        group.Finish();
        Compare("group-expiry", group.Seal(Salt, SegmentHeader.Bytes, default).ToArray(),
            "as group: a batch that removes what has expired, a batch that removes");

        Assert.True(GroupFrame.TryRead(Golden("group-expiry").AsSpan(Envelope.Bytes), out var frame));
        var seen = new List<(ulong, bool)>();
        foreach (var batch in frame)
        {
            seen.Add((batch.Sequence, batch.IsExpiry));
        }

        Assert.Equal([(43UL, true), (44UL, false)], seen);
    }

    [Fact]
    public void Manifest_file()
    {
        var manifest = NewManifest();
        Compare("manifest", ManifestCodec.Write(manifest),
            "header, two epochs, a sealed data file, an open log file, crc");
        var read = ManifestCodec.Read(Golden("manifest"), "golden");
        Assert.Equal(manifest.Epochs.ToArray(), read.Epochs.ToArray());
        Assert.Equal(manifest.Files.ToArray(), read.Files.ToArray());
        Assert.Equal(manifest with { Epochs = [], Files = [] }, read with { Epochs = [], Files = [] });
    }

    [Fact]
    public void Manifest_file_of_a_store_with_content_types()
    {
        var manifest = NewManifest() with { MayHoldContentTypes = true };
        Compare("manifest-content-types", ManifestCodec.Write(manifest), "as manifest, version 3");
        Assert.True(ManifestCodec.Read(Golden("manifest-content-types"), "golden").MayHoldContentTypes);
        Assert.False(ManifestCodec.Read(Golden("manifest"), "golden").MayHoldContentTypes);

        var member = manifest with { Membership = new ClusterMembership { ClusterId = 0xC1, NodeId = "n2", Members = ["n1", "n2"] } };
        Assert.Equal(4, ManifestCodec.Write(member)[4]);
        Assert.True(ManifestCodec.Read(ManifestCodec.Write(member), "member").MayHoldContentTypes);
    }

    [Fact]
    public void Records_with_content_types()
    {
        var records = new byte[RecordCodec.Length(3, 5, expires: true, contentTypeLength: 10) + RecordCodec.Length(1, 0, false, 1)];
        var first = RecordCodec.Write(records, RecordKind.Set, "key"u8, "value"u8, 99_999, 42, "text/plain");
        Assert.Equal(records.Length, first + RecordCodec.Write(records.AsSpan(first), RecordKind.Set, "k"u8, ""u8, 0, 43, "t"));
        Compare("record-content-type", records, "a set with expiry and content type, a set with a content type");

        Assert.True(RecordCodec.TryRead(Golden("record-content-type"), out var record) && record.IsIntact);
        Assert.Equal(("text/plain", 99_999L, 42UL), (record.ContentTypeText, record.ExpiresAtMillis, record.Sequence));
        Assert.Equal(("key", "value"), (Encoding.UTF8.GetString(record.Key), Encoding.UTF8.GetString(record.Value)));
        Assert.True(RecordCodec.TryRead(Golden("record-content-type").AsSpan(first), out record) && record.IsIntact);
        Assert.Equal(("t", 43UL), (record.ContentTypeText, record.Sequence));
    }

    [Fact]
    public void Manifest_file_of_a_member()
    {
        var membership = new ClusterMembership
        {
            ClusterId = 0xC1,
            NodeId = "n2",
            Members = ["n1", "n2", "10.0.0.3:4000"],
            IsFounding = true,
            CampaignEpoch = Epoch + 1,
            CampaignRevision = 77,
        };
        var manifest = NewManifest() with
        {
            Incarnation = 0xABCDEF,
            PromisedTo = "n1",
            BegunEpoch = Epoch - 1,
            Membership = membership,
        };
        Compare("manifest-member", ManifestCodec.Write(manifest), "as manifest, version 2, with the membership extension");
        var read = ManifestCodec.Read(Golden("manifest-member"), "golden");
        Assert.True(membership.IsSame(read.Membership!));
        Assert.Equal(
            manifest with { Epochs = [], Files = [], Membership = null }, read with { Epochs = [], Files = [], Membership = null });

        manifest = manifest with { AnswersBeforeSync = true, MayHaveLost = true };
        Compare("manifest-member-os", ManifestCodec.Write(manifest), "as manifest-member, with the flags of a weaker durability");
        read = ManifestCodec.Read(Golden("manifest-member-os"), "golden");
        Assert.Equal((true, true, true), (read.CleanShutdown, read.AnswersBeforeSync, read.MayHaveLost));
    }

    [Fact]
    public void Manifest_file_of_a_member_that_has_diverged()
    {
        var membership = new ClusterMembership { ClusterId = 0xC1, NodeId = "n2", Members = ["n1", "n2"], IsDiverged = true };
        var manifest = NewManifest() with { Membership = membership };
        Compare("manifest-diverged", ManifestCodec.Write(manifest), "as manifest-member, two members, bit 14 of their number set");
        var read = ManifestCodec.Read(Golden("manifest-diverged"), "golden").Membership!;
        Assert.True(membership.IsSame(read) && read.IsDiverged);
    }

    [Fact]
    public void Manifest_file_that_lists_a_request_file()
    {
        var manifest = NewManifest().With(new RequestFileEntry(9, 133));
        Compare("manifest-requests", ManifestCodec.Write(manifest), "as manifest, with the request file extension");
        var read = ManifestCodec.Read(Golden("manifest-requests"), "golden");
        Assert.Equal((new RequestFileEntry(9, 133), 10u), (read.Requests, read.NextFileId));
    }

    [Fact]
    public void Request_file()
    {
        var table = new RequestTable(new ManualTimeProvider(), RequestLimits.Default);
        table.Note(new RequestOrigin(0xC1, 5, 4), 42, "7"u8);
        table.Note(new RequestOrigin(0xC2, 1, 0), 40, default);
        table.Note(new RequestOrigin(0xC1, 300, 4), 41, "a result of 21 bytes."u8);
        var through = new KvsVersion(Epoch, 42);
        var bytes = RequestFileCodec.Write(table, StoreId, through).ToArray();
        Compare("requests", bytes, "header, a client with one request, a client with two, crc");

        var read = new RequestTable(new ManualTimeProvider(), RequestLimits.Default);
        RequestFileCodec.Read(Golden("requests"), "golden", StoreId, through, read);
        Assert.Equal([0xC2UL, 0xC1UL], read.InOrderOfUse.Select(client => client.Id));
        Assert.True(read.TryFind(0xC1, out var client));
        Assert.True(client.TryFind(300, out var request));
        Assert.Equal((4UL, 41UL), (client.DoneThrough, request.Sequence));
        Assert.Equal("a result of 21 bytes."u8.ToArray(), request.Result(new byte[AppliedRequest.ScratchBytes]).ToArray());
    }

    [Fact]
    public void Hint_file()
    {
        var device = new SimulatedFileSystem();
        device.CreateDirectory("/store");
        var files = new SegmentFiles(device, "/store");
        using var segment = files.CreateLog(new SegmentHeader(SegmentKind.Log, StoreId, 7, Epoch, 0, Salt, 8192));
        var group = NewGroup().Seal(Salt, SegmentHeader.Bytes, default);
        segment.File.Write(SegmentHeader.Bytes, group);
        var end = SegmentHeader.Bytes + group.Length;
        HintWriter.Write(files, segment, end);
        Compare("hint", device.ReadAll("/store/00000007.hint"), "header, one block of three entries, key filter");

        device.WriteAll("/store/00000007.hint", Golden("hint"));
        var listed = new ManifestFile(new SegmentIdentity(SegmentKind.Log, 7, Salt), FileState.Sealed, end, 41, 42);
        using var reader = HintReader.TryOpen(files, listed);
        Assert.Equal((3L, 4L), (reader!.Header.KeyCount, reader.Header.RecordCount));
    }

    [Fact]
    public void Data_block()
    {
        var record = new byte[RecordCodec.Length(3, 5, expires: false)];
        RecordCodec.Write(record, RecordKind.Set, "key"u8, "value"u8, 0, 42);
        var block = new byte[DataBlock.Length(record.Length)];
        record.CopyTo(block, DataBlock.HeaderBytes);
        DataBlock.Complete(block, record.Length, 1, Salt, SegmentHeader.Bytes);
        Compare("data-block", block, "salt crc length count zeros, one record, padding");
        Assert.True(DataBlock.TryRead(Golden("data-block"), Salt, SegmentHeader.Bytes, out var records));
        Assert.Equal(record, records.ToArray());
    }

    [Fact]
    public void Every_flipped_bit_of_a_header_and_of_a_manifest_is_refused()
    {
        var header = Golden("segment-header");
        var manifest = Golden("manifest");
        for (var i = 0; i < header.Length; i++)
        {
            Assert.False(SegmentHeader.TryRead(Flipped(header, i), out _));
        }

        for (var i = 0; i < manifest.Length; i++)
        {
            Assert.Throws<KvsCorruptionException>(() => ManifestCodec.Read(Flipped(manifest, i), "golden"));
        }
    }

    private static GroupBuilder NewGroup()
    {
        var group = new GroupBuilder();
        group.Begin(new GroupStart(Epoch, 41, 1234, 40));
        group.BeginBatch(41);
        group.AddEpochStart(EpochReason.Open);
        group.EndBatch();
        group.BeginBatch(42, new RequestOrigin(0xC1, 5, 4));
        group.AddSet("alpha"u8, "one"u8, 99_999);
        group.AddSet("beta"u8, ""u8, 0);
        group.AddRemove("gamma"u8);
        group.EndBatch("7"u8);
        group.Finish();
        return group;
    }

    private static Manifest NewManifest() => new()
    {
        MayHoldContentTypes = false,
        StoreId = StoreId,
        Number = 3,
        Engine = "kvs",
        CleanShutdown = true,
        SyncedThrough = new KvsVersion(Epoch, 42),
        SealedThrough = new KvsVersion(Epoch - 1, 40),
        LogTimeMillis = 1234,
        CommitSequence = 42,
        NextFileId = 8,
        PromisedEpoch = Epoch,
        Epochs = [new EpochEntry(Epoch - 1, 1), new EpochEntry(Epoch, 41)],
        Files =
        [
            new ManifestFile(new SegmentIdentity(SegmentKind.Data, 5, Salt + 1), FileState.Sealed, 5000, 3, 40),
            new ManifestFile(new SegmentIdentity(SegmentKind.Log, 7, Salt), FileState.Open, 1024 * 1024, 0, 0),
        ],
    };

    private static byte[] Flipped(byte[] bytes, int index)
    {
        var flipped = bytes.ToArray();
        flipped[index] ^= (byte)(1 << (index % 8));
        return flipped;
    }

    private static void Compare(string name, byte[] bytes, string what)
    {
        if (Environment.GetEnvironmentVariable("KVS_GOLDEN_ACCEPT") == "1")
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllBytes(PathOf(name, ".bin"), bytes);
            File.WriteAllText(PathOf(name, ".txt"), Dump(name, what, bytes));
        }

        Assert.Equal(Golden(name), bytes);
        Assert.Equal(File.ReadAllText(PathOf(name, ".txt")), Dump(name, what, bytes));
    }

    private static string Dump(string name, string what, byte[] bytes)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture,
            $"{name}: {what}\nLayout: docs/format.md. Lines of zeros are left out.\n\n");
        for (var at = 0; at < bytes.Length; at += 16)
        {
            var line = bytes.AsSpan(at, Math.Min(16, bytes.Length - at));
            if (line.ContainsAnyExcept((byte)0))
            {
                var letters = string.Concat(line.ToArray().Select(b => b is >= 32 and < 127 ? (char)b : '.'));
                text.Append(CultureInfo.InvariantCulture,
                    $"{at:x6}  {Convert.ToHexStringLower(line),-32}  {letters}\n");
            }
        }

        return text.ToString();
    }

    private static byte[] Golden(string name) => File.ReadAllBytes(PathOf(name, ".bin"));

    private static string PathOf(string name, string ending) => Path.Combine(Folder, "storage-" + name + ending);

    private static string Folder => Path.Combine(Repository.Root, "tests", "golden", "v1");
}

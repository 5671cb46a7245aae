using System.Buffers.Binary;
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
using Kvs.TestKit.Fuzz;
using Xunit;

namespace Kvs.Core.Tests.Fuzz;

/// <summary>
/// Whatever lies on the disk: it is read as what was written, or refused. The samples are the golden files of the format.
/// A hint's blocks are not repaired: behind a checksum that holds, their reader trusts them.
/// </summary>
internal static class StorageTargets
{
    private const int GroupLengthOffset = 4;
    private const int ManifestLengthOffset = 8;
    private const int RequestsLengthOffset = 8;
    private const int RequestsStoreIdOffset = 16;

    /// <summary>Records.</summary>
    internal static FuzzTarget Records { get; } = new("records", SampleRecords(), RepairRecord, ReadRecord);

    /// <summary>Group frames with their batches and records.</summary>
    internal static FuzzTarget Groups { get; } = new("groups", [Golden("group")[Envelope.Bytes..]], RepairGroup, ReadGroup);

    /// <summary>Manifests.</summary>
    internal static FuzzTarget Manifests { get; } = new(
        "manifests", [Golden("manifest"), Golden("manifest-requests")], RepairManifest, ReadManifest);

    /// <summary>Request files.</summary>
    internal static FuzzTarget Requests { get; } = new("requests", [Golden("requests")], RepairRequests, ReadRequests);

    /// <summary>Hint files.</summary>
    internal static FuzzTarget Hints { get; } = new("hints", [Golden("hint")], RepairHint, ReadHint);

    private static byte[] Golden(string name) =>
        File.ReadAllBytes(Path.Combine(Repository.Root, "tests", "golden", "v1", $"storage-{name}.bin"));

    private static List<byte[]> SampleRecords()
    {
        var records = new List<byte[]>();
        Assert.True(GroupFrame.TryRead(Golden("group").AsSpan(Envelope.Bytes), out var frame));
        foreach (var batch in frame)
        {
            foreach (var record in batch)
            {
                records.Add(record.Bytes.ToArray());
            }
        }

        return records;
    }

    private static byte[] RepairRecord(byte[] bytes)
    {
        if (RecordCodec.TryRead(bytes, out var record))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Compute(record.Bytes[RecordCodec.KindOffset..]));
        }

        return bytes;
    }

    private static bool ReadRecord(byte[] bytes)
    {
        if (!RecordCodec.TryRead(bytes, out var record) || !record.IsIntact)
        {
            return false;
        }

        var expires = record.ExpiresAtMillis;
        var again = new byte[RecordCodec.Length(record.Key.Length, record.Value.Length, expires != 0, record.ContentType.Length)];
        RecordCodec.Write(again, record.Kind, record.Key, record.Value, expires, record.Sequence, record.ContentTypeText);
        Assert.True(RecordCodec.TryRead(again, out var copy) && copy.IsIntact);
        Assert.Equal((record.Kind, record.Sequence, expires), (copy.Kind, copy.Sequence, copy.ExpiresAtMillis));
        Assert.True(record.Key.SequenceEqual(copy.Key) && record.Value.SequenceEqual(copy.Value));
        Assert.True(record.ContentType.SequenceEqual(copy.ContentType));
        return true;
    }

    private static byte[] RepairGroup(byte[] bytes)
    {
        bytes = bytes[..(bytes.Length - (bytes.Length % Envelope.Alignment))];
        if (bytes.Length >= GroupFrame.BytesMin)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(GroupLengthOffset), bytes.Length);
            WriteChecksum(bytes, bytes.Length - GroupFrame.CrcBytes);
        }

        return bytes;
    }

    private static bool ReadGroup(byte[] bytes)
    {
        if (!GroupFrame.TryRead(bytes, out var frame))
        {
            return false;
        }

        var sequence = frame.FirstSequence;
        foreach (var batch in frame)
        {
            var records = 0;
            foreach (var record in batch)
            {
                Assert.Equal(sequence, record.Sequence);
                Assert.True(record.Key.Length + record.Value.Length < frame.Bytes.Length);
                records++;
            }

            Assert.Equal((batch.RecordCount, sequence), (records, batch.Sequence));
            Assert.True(batch.Result().Length <= batch.Length);
            sequence++;
        }

        Assert.Equal(frame.LastSequence, sequence - 1);
        _ = frame.BeginsEpoch;
        return true;
    }

    private static byte[] RepairManifest(byte[] bytes)
    {
        if (bytes.Length >= ManifestCodec.HeaderBytes)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(ManifestLengthOffset), bytes.Length);
            WriteChecksum(bytes, bytes.Length - ManifestCodec.CrcBytes);
        }

        return bytes;
    }

    private static bool ReadManifest(byte[] bytes)
    {
        Manifest manifest;
        try
        {
            manifest = ManifestCodec.Read(bytes, "MANIFEST");
        }
        catch (KvsException)
        {
            return false; // damaged, or of another version
        }

        var written = ManifestCodec.Write(manifest);
        Assert.Equal(written, ManifestCodec.Write(ManifestCodec.Read(written, "MANIFEST")));
        return true;
    }

    private static byte[] RepairRequests(byte[] bytes)
    {
        if (bytes.Length >= RequestFileCodec.HeaderBytes + sizeof(uint))
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(RequestsLengthOffset), bytes.Length);
            WriteChecksum(bytes, bytes.Length - sizeof(uint));
        }

        return bytes;
    }

    private static bool ReadRequests(byte[] bytes)
    {
        var fields = new FieldReader(bytes.AsSpan(Math.Min(RequestsStoreIdOffset, bytes.Length)));
        if (bytes.Length < RequestFileCodec.HeaderBytes)
        {
            return false;
        }

        var (storeId, through) = (fields.UInt128(), fields.Version());
        var table = new RequestTable(new ManualTimeProvider(), RequestLimits.Default);
        try
        {
            RequestFileCodec.Read(bytes, "requests", storeId, through, table);
        }
        catch (KvsException)
        {
            return false; // damaged, or of another version
        }

        var written = RequestFileCodec.Write(table, storeId, through);
        var again = new RequestTable(new ManualTimeProvider(), RequestLimits.Default);
        RequestFileCodec.Read(written.Span, "requests", storeId, through, again);
        Assert.Equal(written.ToArray(), RequestFileCodec.Write(again, storeId, through).ToArray());
        return true;
    }

    private static byte[] RepairHint(byte[] bytes)
    {
        if (bytes.Length >= HintHeader.Bytes)
        {
            WriteChecksum(bytes, HintHeader.Bytes - sizeof(uint));
        }

        return bytes;
    }

    private static bool ReadHint(byte[] bytes)
    {
        if (HintHeader.TryRead(bytes) is not { } header)
        {
            return false;
        }

        var device = new SimulatedFileSystem();
        device.CreateDirectory("/store");
        device.WriteAll("/store/" + StoreFiles.Hint(header.SegmentId), bytes);
        var identity = new SegmentIdentity(SegmentKind.Log, header.SegmentId, header.Salt);
        using var reader = HintReader.TryOpen(
            new SegmentFiles(device, "/store"), new ManifestFile(identity, FileState.Sealed, header.SegmentEnd, 1, 1));
        if (reader is null)
        {
            return false;
        }

        var bytesSeen = 0;
        while (reader.MoveNext())
        {
            bytesSeen += reader.Key.Length;
            Assert.Equal(header.SegmentId, reader.Entry.Location.SegmentId);
        }

        Assert.InRange(bytesSeen, 0, bytes.Length);
        return true;
    }

    private static void WriteChecksum(byte[] bytes, int at) =>
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(at), Crc32C.Compute(bytes.AsSpan(0, at)));
}

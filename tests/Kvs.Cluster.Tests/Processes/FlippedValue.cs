using System.Buffers.Binary;
using System.Text;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Segments;
using Xunit;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>
/// Changes one byte of a stored value, and all checksums above it, so that the file reads as sound: what a disk or a
/// memory that lies can do, and what no node can find by itself.
/// </summary>
internal static class FlippedValue
{
    /// <summary>Plants one into the log of a node that does not run.</summary>
    /// <param name="dataPath">The data directory.</param>
    /// <param name="key">The key; it has no expiry.</param>
    /// <param name="value">Its value; it stands nowhere else in the log.</param>
    internal static void Plant(string dataPath, string key, string value)
    {
        foreach (var path in Directory.GetFiles(dataPath, "*.log"))
        {
            var file = File.ReadAllBytes(path);
            if (TryFlip(file, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value)))
            {
                File.WriteAllBytes(path, file);
                return;
            }
        }

        Assert.Fail($"The value of '{key}' stands in no log segment of {dataPath}.");
    }

    private static bool TryFlip(byte[] file, byte[] key, byte[] value)
    {
        var at = file.AsSpan().IndexOf(value);
        if (at < 0)
        {
            return false;
        }

        Assert.True(SegmentHeader.TryRead(file, out var header));
        var offset = SegmentHeader.Bytes;
        while (Envelope.TryRead(file.AsSpan(offset), header.Salt, offset, out var envelope))
        {
            var frame = file.AsSpan(offset + Envelope.Bytes, (int)envelope.FrameLength);
            var place = at - offset - Envelope.Bytes;
            if (place < frame.Length)
            {
                FlipIn(frame, place, key, value.Length);
                Assert.True(GroupFrame.TryRead(frame, out var sound));
                (envelope with { FrameCrc = sound.Crc }).Write(file.AsSpan(offset), header.Salt, offset);
                return true;
            }

            offset += Envelope.Bytes + frame.Length;
        }

        return false;
    }

    private static void FlipIn(Span<byte> frame, int place, byte[] key, int valueLength)
    {
        var length = RecordCodec.Length(key.Length, valueLength, expires: false);
        var record = frame.Slice(place + valueLength - length, length);
        Assert.True(RecordCodec.TryRead(record, out var view) && view.IsIntact && view.Key.SequenceEqual(key));
        frame[place] ^= 1;
        BinaryPrimitives.WriteUInt32LittleEndian(record, Crc32C.Compute(record[sizeof(uint)..]));
        BinaryPrimitives.WriteUInt32LittleEndian(
            frame[^GroupFrame.CrcBytes..], Crc32C.Compute(frame[..^GroupFrame.CrcBytes]));
    }
}

using System.Buffers.Binary;
using System.Text;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Groups;
using Kvs.Core.Storage.Records;
using Kvs.Core.Storage.Segments;
using Xunit;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>
/// Changes a record in the log of a node that does not run, and all checksums above it, so that the file reads as sound:
/// what a disk or a memory that lies can do, and what no node can find by itself.
/// </summary>
internal static class PlantedRecord
{
    private delegate void Change(Span<byte> key, Span<byte> value);

    /// <summary>Flips a bit in the value of a key.</summary>
    /// <param name="dataPath">The data directory.</param>
    /// <param name="key">The key, set once.</param>
    internal static void FlipValue(string dataPath, string key) => Plant(dataPath, key, static (_, value) => value[0] ^= 1);

    /// <summary>Lets another key have been set.</summary>
    /// <param name="dataPath">The data directory.</param>
    /// <param name="key">The key, set once.</param>
    /// <param name="by">The other one, as long.</param>
    internal static void ReplaceKey(string dataPath, string key, string by) =>
        Plant(dataPath, key, (bytes, _) => Encoding.UTF8.GetBytes(by).CopyTo(bytes));

    private static void Plant(string dataPath, string key, Change change)
    {
        foreach (var path in Directory.GetFiles(dataPath, "*.log"))
        {
            var file = File.ReadAllBytes(path);
            if (TryPlant(file, Encoding.UTF8.GetBytes(key), change))
            {
                File.WriteAllBytes(path, file);
                return;
            }
        }

        Assert.Fail($"'{key}' stands in no log segment of {dataPath}.");
    }

    private static bool TryPlant(byte[] file, byte[] key, Change change)
    {
        Assert.True(SegmentHeader.TryRead(file, out var header));
        var frames = new FrameCursor(file, header.Salt);
        while (frames.MoveNext())
        {
            foreach (var batch in frames.Frame)
            {
                var records = batch.GetEnumerator();
                while (records.MoveNext())
                {
                    var found = records.Current;
                    if (found.Kind == RecordKind.Set && found.Key.SequenceEqual(key))
                    {
                        var record = file.AsSpan(frames.FrameOffset + records.CurrentOffset, found.Bytes.Length);
                        var valueAt = record.Length - found.Value.Length;
                        change(record[(valueAt - key.Length)..valueAt], record[valueAt..]);
                        Seal(file, record, frames, header.Salt);
                        return true;
                    }
                }
            }
        }

        return false;
    }

    private static void Seal(Span<byte> file, Span<byte> record, FrameCursor frames, ulong salt)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(record, Crc32C.Compute(record[RecordCodec.KindOffset..]));
        var frame = file.Slice(frames.FrameOffset, frames.Frame.Bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(
            frame[^GroupFrame.CrcBytes..], Crc32C.Compute(frame[..^GroupFrame.CrcBytes]));
        Assert.True(GroupFrame.TryRead(frame, out var sound));
        (frames.Envelope with { FrameCrc = sound.Crc }).Write(file[frames.EnvelopeOffset..], salt, frames.EnvelopeOffset);
    }
}

using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Responses;

/// <summary>
/// The answer to a digest request, behind the code:
/// <code>
/// u64 epoch, u64 sequence: version of the state   u8 flags: bit 0 keys are listed, bit 1 all keys of the range are listed
/// u32 count, then for each sub-range: u32 length, first key   u64 keys   u64 hash
///              or for each key:       u32 length, key   u64 epoch, u64 sequence   u64 hash
/// </code>
/// </summary>
internal static class DigestCodec
{
    private const byte KeysBit = 0x01;
    private const byte WholeBit = 0x02;
    private const int PartBytesMin = sizeof(uint) + (2 * sizeof(ulong));
    private const int KeyBytesMin = sizeof(uint) + (3 * sizeof(ulong));

    /// <summary>Writes digests of sub-ranges.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="digest">The digests.</param>
    internal static void Write(FrameBuffer target, uint requestId, RangeDigest digest)
    {
        var start = ResponseEncoder.Begin(target, Opcode.ClusterDigest, requestId);
        target.WriteVersion(digest.Version);
        target.WriteByte(0);
        target.WriteUInt32((uint)digest.Parts.Count);
        foreach (var part in digest.Parts)
        {
            target.WriteBlock(part.From.Bytes.Span);
            target.WriteInt64(part.Keys);
            target.WriteUInt64(part.Hash);
        }

        target.EndFrame(start);
    }

    /// <summary>Writes the keys of a range.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="requestId">The id of the request.</param>
    /// <param name="digests">The keys.</param>
    internal static void Write(FrameBuffer target, uint requestId, KeyDigests digests)
    {
        var start = ResponseEncoder.Begin(target, Opcode.ClusterDigest, requestId);
        target.WriteVersion(digests.Version);
        target.WriteByte(digests.IsWhole ? (byte)(KeysBit | WholeBit) : KeysBit);
        target.WriteUInt32((uint)digests.Keys.Count);
        foreach (var key in digests.Keys)
        {
            target.WriteBlock(key.Key.Bytes.Span);
            target.WriteVersion(key.Version);
            target.WriteUInt64(key.Hash);
        }

        target.EndFrame(start);
    }

    /// <summary>Reads digests of sub-ranges. Keys are copied.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="digest">The digests.</param>
    /// <returns>False when it is malformed, or keys.</returns>
    internal static bool TryReadParts(ReadOnlyMemory<byte> body, out RangeDigest digest)
    {
        var reader = new FrameReader(body);
        var version = reader.ReadVersion();
        var isParts = reader.ReadByte() == 0;
        var count = reader.ReadUInt32();
        var parts = new List<DigestPart>();
        if (count > (uint)reader.Remaining / PartBytesMin)
        {
            reader.Fail();
        }

        for (var i = 0; i < count && !reader.Failed; i++)
        {
            var from = new KvsKey(reader.ReadBlock().ToArray());
            var keys = reader.ReadInt64();
            parts.Add(new DigestPart(from, keys, reader.ReadUInt64()));
        }

        digest = new RangeDigest(version, parts);
        return reader.IsComplete && isParts;
    }

    /// <summary>Reads the keys of a range. Keys are copied.</summary>
    /// <param name="body">The body behind the code.</param>
    /// <param name="digests">The keys.</param>
    /// <returns>False when it is malformed, or sub-ranges.</returns>
    internal static bool TryReadKeys(ReadOnlyMemory<byte> body, out KeyDigests digests)
    {
        var reader = new FrameReader(body);
        var version = reader.ReadVersion();
        var flags = reader.ReadByte();
        var count = reader.ReadUInt32();
        var keys = new List<KeyDigest>();
        if (count > (uint)reader.Remaining / KeyBytesMin)
        {
            reader.Fail();
        }

        for (var i = 0; i < count && !reader.Failed; i++)
        {
            var key = new KvsKey(reader.ReadBlock().ToArray());
            var keyVersion = reader.ReadVersion();
            keys.Add(new KeyDigest(key, keyVersion, reader.ReadUInt64()));
        }

        digests = new KeyDigests(version, keys, (flags & WholeBit) != 0);
        return reader.IsComplete && (flags & ~(KeysBit | WholeBit)) == 0 && (flags & KeysBit) != 0;
    }
}

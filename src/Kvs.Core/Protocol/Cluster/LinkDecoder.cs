using System.Collections.Immutable;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Copies;
using Kvs.Core.Protocol.Cluster.Messages.Digests;
using Kvs.Core.Protocol.Cluster.Messages.Proofs;

namespace Kvs.Core.Protocol.Cluster;

/// <summary>
/// Frames between nodes to messages. Group frames of an append and bytes of a chunk are slices of the receive buffer,
/// which must stay as it is until they are done with; everything else is copied out. No limit is passed before it is
/// judged: counts are compared with what is there before anything is made for them. Bytes behind the known fields are
/// skipped, so that messages may grow; an append and a chunk end with their payload instead.
/// </summary>
internal static class LinkDecoder
{
    private const int EpochSpanBytes = 24;
    private const int CopyFileBytes = 21;

    /// <summary>Reads the message of a frame.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="message">The message; null when the frame is to be skipped, because it is of a newer kind.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryRead(in LinkFrame frame, out ClusterMessage? message, out DecodeFault fault)
    {
        fault = default;
        message = null;
        if ((byte)frame.Opcode >= LinkLayout.SkippableMin)
        {
            return true;
        }

        var reader = new FrameReader(frame.Body);
        message = Read(frame.Opcode, frame.Epoch, ref reader);
        if (message is null || reader.Failed)
        {
            message = null;
            fault = DecodeFault.Malformed($"The body of a {frame.Opcode} is cut off, or has a value that has no meaning.");
            return false;
        }

        return true;
    }

    private static ClusterMessage? Read(LinkOpcode opcode, ulong epoch, ref FrameReader reader) => opcode switch
    {
        LinkOpcode.ReplicaHello => ReadHello(epoch, ref reader),
        LinkOpcode.ReplicaHelloAck => ReadHelloAck(epoch, ref reader),
        LinkOpcode.Append => ReadAppend(epoch, ref reader),
        LinkOpcode.AppendAck => new AppendAck(
            epoch, reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt32()),
        LinkOpcode.Beacon => ReadBeacon(epoch, ref reader),
        LinkOpcode.BeaconAck => ReadBeaconAck(epoch, ref reader),
        LinkOpcode.Fenced => new Fenced(epoch, LinkFields.ReadName(ref reader)),
        LinkOpcode.LogStateRequest => ReadLogStateRequest(epoch, ref reader),
        LinkOpcode.LogState => new LogState(epoch, LogReportCodec.Read(ref reader)),
        LinkOpcode.Seal => ReadSeal(epoch, ref reader),
        LinkOpcode.SealAck => new SealAck(
            epoch, reader.ReadUInt64(), LinkFields.ReadFlag(ref reader), LogReportCodec.Read(ref reader)),
        LinkOpcode.Transfer => new Transfer(epoch, LinkFields.ReadName(ref reader), reader.ReadVersion(), reader.ReadUInt32()),
        LinkOpcode.TransferReady => new TransferReady(epoch, reader.ReadUInt64(), LinkFields.ReadFlag(ref reader)),
        LinkOpcode.Goodbye => new Goodbye(epoch, (GoodbyeReason)reader.ReadByte(), reader.ReadUInt32()),
        LinkOpcode.BaseCopyOffer => ReadOffer(epoch, ref reader),
        LinkOpcode.BaseCopyFetch => new BaseCopyFetch(
            epoch, LinkFields.ReadUInt128(ref reader), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt32()),
        LinkOpcode.BaseCopyChunk => ReadChunk(epoch, ref reader),
        LinkOpcode.Digest => new Digest(epoch, reader.ReadUInt64(), ReadParts(ref reader)),
        LinkOpcode.DigestAnswer => ReadDigestAnswer(epoch, ref reader),
        LinkOpcode.Proof => new Proof(LinkFields.ReadUInt128(ref reader), reader.ReadBytes(Proof.MacBytes).ToArray()),
        _ => null,
    };

    private static Append ReadAppend(ulong epoch, ref FrameReader reader)
    {
        var previous = reader.ReadVersion();
        var last = reader.ReadVersion();
        var commit = reader.ReadUInt64();
        var frames = ReadRest(ref reader);
        if (last.Sequence <= previous.Sequence || frames.IsEmpty)
        {
            reader.Fail();
        }

        return new Append(epoch, previous, last with { Sequence = previous.Sequence + 1 }, last, commit, frames);
    }

    private static Beacon ReadBeacon(ulong epoch, ref FrameReader reader)
    {
        var number = reader.ReadUInt64();
        var commit = reader.ReadUInt64();
        var logTimeMillis = reader.ReadInt64();
        var leaseValid = LinkFields.ReadFlag(ref reader);
        return new Beacon(epoch, number, commit, logTimeMillis, leaseValid, reader.ReadInt64(), reader.ReadInt64());
    }

    // Bits of the health that are not known here are news of a later version, and no harm.
    private static BeaconAck ReadBeaconAck(ulong epoch, ref FrameReader reader)
    {
        const NodeHealth Known = NodeHealth.ControlPlaneReachable | NodeHealth.DiskSlow | NodeHealth.CanLead;
        var number = reader.ReadUInt64();
        var durable = reader.ReadUInt64();
        var stamp = reader.ReadInt64();
        return new BeaconAck(epoch, number, durable, stamp, reader.ReadUInt32(), (NodeHealth)reader.ReadByte() & Known);
    }

    private static ReplicaHello ReadHello(ulong epoch, ref FrameReader reader)
    {
        var storeId = LinkFields.ReadUInt128(ref reader);
        var nodeId = LinkFields.ReadName(ref reader);
        var incarnation = LinkFields.ReadUInt128(ref reader);
        var last = reader.ReadVersion();
        var commit = reader.ReadUInt64();
        var window = reader.ReadUInt32();
        var count = ReadCount(LinkFields.ReadNumber(ref reader, ReplicaHello.EpochTailMax), EpochSpanBytes, ref reader);
        var tail = ImmutableArray.CreateBuilder<EpochSpan>(count);
        for (var i = 0; i < count; i++)
        {
            tail.Add(new EpochSpan(reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt64()));
        }

        return new ReplicaHello(epoch, storeId, nodeId, incarnation, last, commit, tail.MoveToImmutable(), window);
    }

    private static ReplicaHelloAck ReadHelloAck(ulong epoch, ref FrameReader reader)
    {
        var verdict = (CatchUpVerdict)LinkFields.ReadNumber(ref reader, (byte)CatchUpVerdict.Refuse);
        var match = reader.ReadVersion();
        var firstStreamable = reader.ReadUInt64();
        var counts = LinkFields.ReadFlag(ref reader);
        return new ReplicaHelloAck(epoch, verdict, match, firstStreamable, counts, LinkFields.ReadText(ref reader));
    }

    private static LogStateRequest ReadLogStateRequest(ulong epoch, ref FrameReader reader)
    {
        var storeId = LinkFields.ReadUInt128(ref reader);
        var from = LinkFields.ReadName(ref reader);
        var to = LinkFields.ReadName(ref reader);
        return new LogStateRequest(epoch, storeId, from, to, LinkFields.ReadNames(ref reader));
    }

    private static Seal ReadSeal(ulong epoch, ref FrameReader reader)
    {
        var candidate = LinkFields.ReadName(ref reader);
        var storeId = LinkFields.ReadUInt128(ref reader);
        return new Seal(epoch, candidate, storeId, LinkFields.ReadNames(ref reader));
    }

    private static BaseCopyOffer ReadOffer(ulong epoch, ref FrameReader reader)
    {
        var copyId = LinkFields.ReadUInt128(ref reader);
        var upto = reader.ReadVersion();
        var count = ReadCount(reader.ReadUInt32(), CopyFileBytes, ref reader);
        var files = ImmutableArray.CreateBuilder<BaseCopyFile>(count);
        for (var i = 0; i < count; i++)
        {
            files.Add(new BaseCopyFile(reader.ReadUInt64(), reader.ReadByte(), reader.ReadUInt64(), reader.ReadUInt32()));
        }

        return new BaseCopyOffer(epoch, copyId, upto, files.MoveToImmutable());
    }

    private static BaseCopyChunk ReadChunk(ulong epoch, ref FrameReader reader)
    {
        var copyId = LinkFields.ReadUInt128(ref reader);
        var fileId = reader.ReadUInt64();
        var offset = reader.ReadUInt64();
        return new BaseCopyChunk(epoch, copyId, fileId, offset, reader.ReadUInt32(), ReadRest(ref reader));
    }

    private static DigestAnswer ReadDigestAnswer(ulong epoch, ref FrameReader reader)
    {
        var sequence = reader.ReadUInt64();
        var keys = reader.ReadUInt64();
        var count = ReadCount(ReadParts(ref reader), sizeof(ulong), ref reader);
        var parts = ImmutableArray.CreateBuilder<ulong>(count);
        for (var i = 0; i < count; i++)
        {
            parts.Add(reader.ReadUInt64());
        }

        return new DigestAnswer(epoch, sequence, keys, parts.MoveToImmutable());
    }

    private static ushort ReadParts(ref FrameReader reader)
    {
        var parts = reader.ReadUInt16();
        if (parts is 0 or > Digest.PartsMax)
        {
            reader.Fail();
        }

        return parts;
    }

    private static ReadOnlyMemory<byte> ReadRest(ref FrameReader reader) => reader.ReadBytes((uint)reader.Remaining);

    /// <summary>A count of items for which there are bytes; else 0, and the reader has failed.</summary>
    private static int ReadCount(uint count, int itemBytes, ref FrameReader reader)
    {
        if (count > (uint)(reader.Remaining / itemBytes))
        {
            reader.Fail();
        }

        return reader.Failed ? 0 : (int)count;
    }
}

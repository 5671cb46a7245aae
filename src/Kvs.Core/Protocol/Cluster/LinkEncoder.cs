using System.Buffers.Binary;
using System.Diagnostics;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Protocol.Cluster.Messages.Copies;
using Kvs.Core.Protocol.Cluster.Messages.Digests;
using Kvs.Core.Protocol.Cluster.Messages.Proofs;

namespace Kvs.Core.Protocol.Cluster;

/// <summary>
/// Messages between nodes to bytes, each a whole frame behind what the buffer already holds. An append, and a chunk of a
/// base copy, can be written without their bytes, which then leave from where they are: <see cref="WriteHead"/>. The
/// layouts are in docs/protocol.md, "Links between nodes".
/// </summary>
internal static class LinkEncoder
{
    /// <summary>Writes a message whole.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="message">The message.</param>
    internal static void Write(FrameBuffer target, ClusterMessage message)
    {
        var payload = PayloadOf(message);
        WriteHead(target, message, payload.Length);
        target.WriteBytes(payload.Span);
    }

    /// <summary>Writes a message up to its payload, which the caller sends behind it.</summary>
    /// <param name="target">The buffer.</param>
    /// <param name="message">The message.</param>
    /// <param name="payloadBytes">
    /// Bytes that follow: group frames of an append, bytes of a chunk; 0 for any other message.
    /// </param>
    internal static void WriteHead(FrameBuffer target, ClusterMessage message, int payloadBytes)
    {
        var start = target.Length;
        target.Append(LinkLayout.HeaderBytes).Clear();
        var opcode = WriteFields(target, message);
        var length = (long)target.Length - start + payloadBytes;
        Check.That(payloadBytes == 0 || opcode is LinkOpcode.Append or LinkOpcode.BaseCopyChunk);
        Check.That(length <= LinkLayout.FrameBytesMax(opcode));
        var header = target.Patch(start, LinkLayout.HeaderBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)(length - LinkLayout.LengthBytes));
        header[LinkLayout.OpcodeOffset] = (byte)opcode;
        header[LinkLayout.VersionOffset] = LinkLayout.Version;
        BinaryPrimitives.WriteUInt64LittleEndian(header[LinkLayout.EpochOffset..], message.Epoch);
    }

    /// <summary>What of a message can leave from where it is.</summary>
    /// <param name="message">The message.</param>
    internal static ReadOnlyMemory<byte> PayloadOf(ClusterMessage message) => message switch
    {
        Append append => append.Frames,
        BaseCopyChunk chunk => chunk.Bytes,
        _ => default,
    };

    private static LinkOpcode WriteFields(FrameBuffer target, ClusterMessage message) => message switch
    {
        Append append => WriteAppend(target, append),
        AppendAck ack => WriteAppendAck(target, ack),
        Beacon beacon => WriteBeacon(target, beacon),
        BeaconAck ack => WriteBeaconAck(target, ack),
        ReplicaHello hello => WriteHello(target, hello),
        ReplicaHelloAck ack => WriteHelloAck(target, ack),
        Fenced fenced => WriteFenced(target, fenced),
        LogStateRequest request => WriteLogStateRequest(target, request),
        LogState state => WriteLogState(target, state),
        Seal seal => WriteSeal(target, seal),
        SealAck ack => WriteSealAck(target, ack),
        Transfer transfer => WriteTransfer(target, transfer),
        TransferReady ready => WriteTransferReady(target, ready),
        Goodbye goodbye => WriteGoodbye(target, goodbye),
        BaseCopyOffer offer => WriteOffer(target, offer),
        BaseCopyFetch fetch => WriteFetch(target, fetch),
        BaseCopyChunk chunk => WriteChunk(target, chunk),
        Digest digest => WriteDigest(target, digest),
        DigestAnswer answer => WriteDigestAnswer(target, answer),
        Proof proof => WriteProof(target, proof),
        _ => throw new UnreachableException($"No frame carries a {message.GetType().Name}."),
    };

    // Sequences are dense and all batches of one epoch: first and last follow from fewer numbers.
    private static LinkOpcode WriteAppend(FrameBuffer target, Append append)
    {
        Check.That(append.First.Sequence == append.Previous.Sequence + 1);
        Check.That(append.First.Epoch == append.Last.Epoch && append.First.Sequence <= append.Last.Sequence);
        target.WriteVersion(append.Previous);
        target.WriteVersion(append.Last);
        target.WriteUInt64(append.Commit);
        return LinkOpcode.Append;
    }

    private static LinkOpcode WriteAppendAck(FrameBuffer target, AppendAck ack)
    {
        target.WriteUInt64(ack.Durable);
        target.WriteUInt64(ack.Appended);
        target.WriteUInt64(ack.Applied);
        target.WriteUInt32(ack.Window);
        return LinkOpcode.AppendAck;
    }

    private static LinkOpcode WriteBeacon(FrameBuffer target, Beacon beacon)
    {
        target.WriteUInt64(beacon.Number);
        target.WriteUInt64(beacon.Commit);
        target.WriteInt64(beacon.LogTimeMillis);
        LinkFields.WriteFlag(target, beacon.LeaseValid);
        target.WriteInt64(beacon.Revision);
        target.WriteInt64(beacon.Echo);
        return LinkOpcode.Beacon;
    }

    private static LinkOpcode WriteBeaconAck(FrameBuffer target, BeaconAck ack)
    {
        target.WriteUInt64(ack.Number);
        target.WriteUInt64(ack.Durable);
        target.WriteInt64(ack.Stamp);
        target.WriteUInt32(ack.PromiseMillis);
        target.WriteByte((byte)ack.Health);
        return LinkOpcode.BeaconAck;
    }

    private static LinkOpcode WriteHello(FrameBuffer target, ReplicaHello hello)
    {
        Check.That(hello.EpochTail.Length <= ReplicaHello.EpochTailMax);
        LinkFields.WriteUInt128(target, hello.StoreId);
        LinkFields.WriteName(target, hello.NodeId);
        LinkFields.WriteUInt128(target, hello.Incarnation);
        target.WriteVersion(hello.Last);
        target.WriteUInt64(hello.Commit);
        target.WriteUInt32(hello.Window);
        target.WriteByte((byte)hello.EpochTail.Length);
        foreach (var span in hello.EpochTail)
        {
            target.WriteUInt64(span.Epoch);
            target.WriteUInt64(span.First);
            target.WriteUInt64(span.Last);
        }

        return LinkOpcode.ReplicaHello;
    }

    private static LinkOpcode WriteHelloAck(FrameBuffer target, ReplicaHelloAck ack)
    {
        target.WriteByte((byte)ack.Verdict);
        target.WriteVersion(ack.Match);
        target.WriteUInt64(ack.FirstStreamable);
        LinkFields.WriteFlag(target, ack.Counts);
        target.WriteText(ack.Reason, LinkLayout.TextBytesMax);
        return LinkOpcode.ReplicaHelloAck;
    }

    private static LinkOpcode WriteFenced(FrameBuffer target, Fenced fenced)
    {
        LinkFields.WriteName(target, fenced.PrimaryHint);
        return LinkOpcode.Fenced;
    }

    private static LinkOpcode WriteLogStateRequest(FrameBuffer target, LogStateRequest request)
    {
        LinkFields.WriteUInt128(target, request.StoreId);
        LinkFields.WriteName(target, request.From);
        LinkFields.WriteName(target, request.To);
        LinkFields.WriteNames(target, request.Members);
        return LinkOpcode.LogStateRequest;
    }

    private static LinkOpcode WriteLogState(FrameBuffer target, LogState state)
    {
        LogReportCodec.Write(target, state.Report);
        return LinkOpcode.LogState;
    }

    private static LinkOpcode WriteSeal(FrameBuffer target, Seal seal)
    {
        LinkFields.WriteName(target, seal.Candidate);
        LinkFields.WriteUInt128(target, seal.StoreId);
        LinkFields.WriteNames(target, seal.Members);
        return LinkOpcode.Seal;
    }

    private static LinkOpcode WriteSealAck(FrameBuffer target, SealAck ack)
    {
        target.WriteUInt64(ack.SealedEpoch);
        LinkFields.WriteFlag(target, ack.Accepted);
        LogReportCodec.Write(target, ack.Report);
        return LinkOpcode.SealAck;
    }

    private static LinkOpcode WriteTransfer(FrameBuffer target, Transfer transfer)
    {
        LinkFields.WriteName(target, transfer.NewPrimary);
        target.WriteVersion(transfer.Upto);
        target.WriteUInt32(transfer.DeadlineMillis);
        return LinkOpcode.Transfer;
    }

    private static LinkOpcode WriteTransferReady(FrameBuffer target, TransferReady ready)
    {
        target.WriteUInt64(ready.Sequence);
        LinkFields.WriteFlag(target, ready.Accepted);
        return LinkOpcode.TransferReady;
    }

    private static LinkOpcode WriteProof(FrameBuffer target, Proof proof)
    {
        Check.That(proof.Mac.Length == Proof.MacBytes);
        LinkFields.WriteUInt128(target, proof.Nonce);
        target.WriteBytes(proof.Mac.Span);
        return LinkOpcode.Proof;
    }

    private static LinkOpcode WriteGoodbye(FrameBuffer target, Goodbye goodbye)
    {
        target.WriteByte((byte)goodbye.Reason);
        target.WriteUInt32(goodbye.RetryAfterMillis);
        return LinkOpcode.Goodbye;
    }

    private static LinkOpcode WriteOffer(FrameBuffer target, BaseCopyOffer offer)
    {
        LinkFields.WriteUInt128(target, offer.CopyId);
        target.WriteVersion(offer.Upto);
        target.WriteUInt32((uint)offer.Files.Length);
        foreach (var file in offer.Files)
        {
            target.WriteUInt64(file.Id);
            target.WriteByte(file.Kind);
            target.WriteUInt64(file.Length);
            target.WriteUInt32(file.Checksum);
        }

        return LinkOpcode.BaseCopyOffer;
    }

    private static LinkOpcode WriteFetch(FrameBuffer target, BaseCopyFetch fetch)
    {
        LinkFields.WriteUInt128(target, fetch.CopyId);
        target.WriteUInt64(fetch.FileId);
        target.WriteUInt64(fetch.Offset);
        target.WriteUInt32(fetch.BytesMax);
        return LinkOpcode.BaseCopyFetch;
    }

    private static LinkOpcode WriteDigest(FrameBuffer target, Digest digest)
    {
        target.WriteUInt64(digest.Sequence);
        target.WriteUInt16(digest.Parts);
        return LinkOpcode.Digest;
    }

    private static LinkOpcode WriteDigestAnswer(FrameBuffer target, DigestAnswer answer)
    {
        Check.That(answer.Parts.Length <= Digest.PartsMax);
        target.WriteUInt64(answer.Sequence);
        target.WriteUInt64(answer.Keys);
        target.WriteUInt16((ushort)answer.Parts.Length);
        foreach (var part in answer.Parts)
        {
            target.WriteUInt64(part);
        }

        return LinkOpcode.DigestAnswer;
    }

    private static LinkOpcode WriteChunk(FrameBuffer target, BaseCopyChunk chunk)
    {
        LinkFields.WriteUInt128(target, chunk.CopyId);
        target.WriteUInt64(chunk.FileId);
        target.WriteUInt64(chunk.Offset);
        target.WriteUInt32(chunk.Checksum);
        return LinkOpcode.BaseCopyChunk;
    }
}

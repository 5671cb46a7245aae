using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Core.Tests.Protocol;

/// <summary>
/// Decodes any frame with the product's decoders and encodes what they gave. False where a decoder refuses. It is both
/// the check of the documented examples and the target of the fuzzer.
/// </summary>
internal static class Reencoder
{
    internal static bool TryRequest(in Frame frame, FrameBuffer target)
    {
        if (!RequestDecoder.TryReadHeader(in frame, out var fields, out _))
        {
            return false;
        }

        switch (frame.Opcode)
        {
            case Opcode.Hello:
                return Hello.TryRead(in frame, out var hello, out _, out _) && Then(() => hello.Write(target, 1));
            case Opcode.Batch:
                var request = new WriteRequest();
                return RequestDecoder.TryReadWrite(in frame, in fields, request, out _)
                    && Then(() => RequestEncoder.WriteBatch(target, 1, in fields, request.Operations));
            case Opcode.GetMany:
                var keys = new List<ReadOnlyMemory<byte>>();
                return RequestDecoder.TryReadGetMany(in frame, keys, out _)
                    && Then(() => RequestEncoder.WriteGetMany(target, 1, in fields, [.. keys.Select(key => new KvsKey(key))]));
            case Opcode.Scan or Opcode.ScanPage:
                var opcode = frame.Opcode;
                return RequestDecoder.TryReadScan(in frame, out var scan, out _)
                    && Then(() => RequestEncoder.WriteScan(target, opcode, 1, in fields, in scan));
            case Opcode.Watch:
                return WatchRequest.TryRead(in frame, out var watch, out _) && Then(() => watch.Write(target, 1, in fields));
            case Opcode.ScanCredit:
                return RequestDecoder.TryReadCredit(in frame, out var chunks, out _) && Then(() => RequestEncoder.WriteCredit(target, 1, chunks));
            case Opcode.Count:
                return RequestDecoder.TryReadCountRange(in frame, out var range, out _)
                    && Then(() => RequestEncoder.WriteCount(target, 1, in fields, in range));
            case Opcode.SnapshotClose:
                return RequestDecoder.TryReadSnapshotClose(in frame, out var snapshot, out _)
                    && Then(() => RequestEncoder.WriteSnapshotClose(target, 1, in fields, snapshot));
            case Opcode.SlowLog:
                return RequestDecoder.TryReadSlowLog(in frame, out var most, out _)
                    && Then(() => RequestEncoder.WriteSlowLog(target, 1, in fields, most));
            case (>= Opcode.ClusterPromote and <= Opcode.ClusterLeave) or Opcode.ClusterForcePromote:
                var verb = frame.Opcode;
                return RequestDecoder.TryReadNode(in frame, out var node, out _)
                    && Then(() => RequestEncoder.WriteNode(target, verb, 1, in fields, node));
            case Opcode.Auth:
                return AuthRequest.TryRead(in frame, out var auth, out _) && Then(() => auth.Write(target, 1, in fields));
            case Opcode.ClusterDigest:
                return DigestRequest.TryRead(in frame, out var digest, out _) && Then(() => digest.Write(target, 1, in fields));
            default:
                return Opcodes.IsOperation(frame.Opcode)
                    ? TryOperation(in frame, fields, target)
                    : TryEmpty(in frame, fields, target);
        }
    }

    internal static bool TryResponse(in Frame frame, FrameBuffer target)
    {
        if (frame.Opcode == Opcode.Error)
        {
            return ErrorResponse.TryRead(in frame, out var closing) && Then(() => closing.WriteClosing(target, 1));
        }

        var request = (Opcode)((byte)frame.Opcode & ~Opcodes.ResponseBit);
        if (!ResponseDecoder.TryReadCode(in frame, out var code, out var body))
        {
            return false;
        }

        if (!ResponseFields.TryRead(frame.Fields, out var fields))
        {
            return false;
        }

        if (code != ErrorCode.None)
        {
            return ErrorResponse.TryRead(in frame, out var error) && Then(() => error.WriteTo(target, request, 1));
        }

        switch (request)
        {
            case Opcode.Hello:
                return HelloAck.TryRead(body, out var ack) && Then(() => ack.Write(target, 1));
            case Opcode.Ping or Opcode.Compact or Opcode.SnapshotClose or Opcode.Auth:
                return body.IsEmpty && Then(() => ResponseEncoder.WriteOk(target, request, 1));
            case Opcode.Get or Opcode.Stat:
                return ResponseDecoder.TryReadResult(body, out var read) && Results(target, request, default, [read], body, fields.Position);
            case Opcode.Batch:
                return ResponseDecoder.TryReadBatch(body, out var batchVersion, out var batch) && Results(target, request, batchVersion, batch, body, fields.Position);
            case Opcode.GetMany:
                return ResponseDecoder.TryReadGetMany(body, out var many) && Then(() => WriteMany(target, many, body));
            case Opcode.Count:
                return ResponseDecoder.TryReadCount(body, out var count) && Then(() => ResponseEncoder.WriteCount(target, 1, count, fields.Position));
            case Opcode.SnapshotOpen:
                return ResponseDecoder.TryReadSnapshot(body, out var id, out var version)
                    && Then(() => ResponseEncoder.WriteSnapshot(target, 1, id, version));
            case Opcode.Stats:
                return StatsCodec.TryRead(body, out var stats) && Then(() => ResponseEncoder.WriteStats(target, 1, stats));
            case Opcode.Info:
                return ServerInfoCodec.TryRead(body, out var info) && Then(() => ResponseEncoder.WriteInfo(target, 1, info));
            case Opcode.ClusterStatus:
                return ClusterStatusCodec.TryRead(body, out var status) && Then(() => ResponseEncoder.WriteClusterStatus(target, 1, status));
            case (>= Opcode.ClusterPromote and <= Opcode.ClusterLeave) or Opcode.ClusterForcePromote:
                return ResponseDecoder.TryReadText(body, out var text) && Then(() => ResponseEncoder.WriteText(target, request, 1, text));
            case Opcode.SlowLog:
                return SlowLogCodec.TryRead(body, out var slow) && Then(() => SlowLogCodec.Write(target, 1, slow));
            case Opcode.Position:
                return ResponseDecoder.TryReadPosition(body, out var position) && Then(() => ResponseEncoder.WritePosition(target, 1, position));
            case Opcode.ClusterDigest when DigestCodec.TryReadKeys(body, out var keys):
                return Then(() => DigestCodec.Write(target, 1, keys));
            case Opcode.ClusterDigest:
                return DigestCodec.TryReadParts(body, out var digest) && Then(() => DigestCodec.Write(target, 1, digest));
            case Opcode.Scan or Opcode.ScanPage:
                var more = frame.Flags.HasFlag(FrameFlags.More);
                return ScanChunkCodec.TryRead(body, out var page) && Then(() => WritePage(target, request, page, more));
            case Opcode.Watch:
                var follows = frame.Flags & FrameFlags.More;
                return ChangeChunkCodec.TryRead(body, out var chunk) && Then(() => WriteChanges(target, chunk, follows));
            default:
                return Opcodes.IsOperation(request)
                    && ResponseDecoder.TryReadWrite(body, out var written, out var result)
                    && Results(target, request, written, [result], body, fields.Position);
        }
    }

    private static void WriteChanges(FrameBuffer target, ChangeChunk chunk, FrameFlags flags)
    {
        var start = ChangeChunkCodec.Begin(target, 1, chunk.Position, chunk.Changes.Count);
        foreach (var change in chunk.Changes)
        {
            ChangeChunkCodec.Write(
                target,
                change.Kind,
                change.Position,
                change.Key.Bytes.Span,
                change.Value.Bytes.Span,
                change.ExpiresAt?.ToUnixTimeMilliseconds() ?? 0,
                change.ContentType);
        }

        target.EndFrame(start, flags);
    }

    private static bool TryOperation(in Frame frame, RequestFields fields, FrameBuffer target) =>
        RequestDecoder.TryReadOperation(in frame, out var operation, out _)
        && Then(() => RequestEncoder.WriteOperation(target, 1, in fields, in operation));

    private static bool TryEmpty(in Frame frame, RequestFields fields, FrameBuffer target)
    {
        var opcode = frame.Opcode;
        return RequestDecoder.TryReadEmpty(in frame, out _) && Then(() => RequestEncoder.WriteEmpty(target, opcode, 1, in fields));
    }

    private static bool Results(
        FrameBuffer target,
        Opcode opcode,
        KvsVersion version,
        List<OperationResult> results,
        ReadOnlyMemory<byte> body,
        KvsVersion position)
    {
        var request = new WriteRequest { Version = version };
        request.Results.AddRange(results);
        request.Operations.AddRange(results.Select(_ => default(Operation)));
        ResponseEncoder.WriteCompleted(target, opcode, 1, request, body.Span, position);
        return true;
    }

    private static void WriteMany(FrameBuffer target, List<OperationResult> results, ReadOnlyMemory<byte> body)
    {
        var start = ResponseEncoder.Begin(target, Opcode.GetMany, 1);
        target.WriteUInt32((uint)results.Count);
        foreach (var result in results)
        {
            ResultCodec.Write(target, in result, body.Span);
        }

        target.EndFrame(start);
    }

    private static void WritePage(FrameBuffer target, Opcode opcode, ScanPage page, bool more)
    {
        var start = ScanChunkCodec.Begin(target, opcode, 1, page.Version);
        foreach (var entry in page.Entries)
        {
            var at = ScanChunkCodec.BeginEntry(target, entry.Key.Bytes.Span);
            target.WriteBytes(entry.Value.Bytes.Span);
            ScanChunkCodec.EndEntry(target, at, entry.Version, entry.ExpiresAt?.ToUnixTimeMilliseconds() ?? 0, entry.ContentType);
        }

        ScanChunkCodec.End(target, start, page.Entries.Count, page.Cursor, more);
    }

    private static bool Then(Action write)
    {
        write();
        return true;
    }
}

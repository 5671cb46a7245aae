using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Core.Client.Connections;

/// <summary>
/// Every call that a client makes, but for the streamed scan. The mapping from wire results to those of the API. Each is
/// made at its first use: a program that makes one call need not load the types of all.
/// </summary>
internal static class Calls
{
    internal static Call<Hello, HelloAck> Hello => field ??= new()
    {
        Opcode = static _ => Opcode.Hello,
        Write = static (FrameBuffer target, uint id, in RequestFields _, in Hello hello) => hello.Write(target, id),
        Read = static (ReadOnlyMemory<byte> body, in Hello _, out HelloAck ack) => HelloAck.TryRead(body, out ack),
    };

    internal static Call<AuthRequest, bool> Auth => field ??= new()
    {
        Opcode = static _ => Opcode.Auth,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in AuthRequest auth) => auth.Write(target, id, in fields),
        Read = static (ReadOnlyMemory<byte> body, in AuthRequest _, out bool done) => done = body.IsEmpty,
    };

    internal static Call<Operation, WriteResult> Write => field ??= new()
    {
        Opcode = static operation => Opcodes.Of(operation.Kind),
        Write = WriteOperation,
        Read = ReadWrite,
        ReadRefusal = ReadCondition,
        Own = Own,
    };

    internal static Call<Operation, OperationResult> Change => field ??= new()
    {
        Opcode = static operation => Opcodes.Of(operation.Kind),
        Write = WriteOperation,
        Read = static (ReadOnlyMemory<byte> body, in Operation _, out OperationResult result) =>
            ResponseDecoder.TryReadWrite(body, out KvsVersion _, out result),
        Own = Own,
    };

    internal static Call<IReadOnlyList<Operation>, BatchResult> Batch => field ??= new()
    {
        Opcode = static _ => Opcode.Batch,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in IReadOnlyList<Operation> operations) =>
            RequestEncoder.WriteBatch(target, id, in fields, operations),
        Read = ReadBatch,
        ReadRefusal = ReadBatchRefusal,
        Own = static operations => [.. operations.Select(Own)],
    };

    internal static Call<KvsKey, KvsEntry?> Get => field ??= new()
    {
        Opcode = static _ => Opcode.Get,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in KvsKey key) =>
            WriteOperation(target, id, in fields, new Operation { Kind = OperationKind.Get, Key = key.Bytes }),
        Read = static (ReadOnlyMemory<byte> body, in KvsKey key, out KvsEntry? entry) =>
        {
            var whole = ResponseDecoder.TryReadResult(body, out var result);
            entry = EntryOf(key, in result, body);
            return whole;
        },
        Own = Own,
    };

    internal static Call<KvsKey, OperationResult> Stat => field ??= new()
    {
        Opcode = static _ => Opcode.Stat,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in KvsKey key) =>
            WriteOperation(target, id, in fields, new Operation { Kind = OperationKind.Stat, Key = key.Bytes }),
        Read = static (ReadOnlyMemory<byte> body, in KvsKey _, out OperationResult result) =>
            ResponseDecoder.TryReadResult(body, out result),
        Own = Own,
    };

    internal static Call<IReadOnlyList<KvsKey>, IReadOnlyList<KvsEntry?>> GetMany => field ??= new()
    {
        Opcode = static _ => Opcode.GetMany,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in IReadOnlyList<KvsKey> keys) =>
            RequestEncoder.WriteGetMany(target, id, in fields, keys),
        Read = ReadGetMany,
        Own = static keys => [.. keys.Select(Own)],
    };

    internal static Call<ScanRequest, ScanPage> ScanPage => field ??= new()
    {
        Opcode = static _ => Opcode.ScanPage,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in ScanRequest request) =>
            RequestEncoder.WriteScan(target, Opcode.ScanPage, id, in fields, in request),
        Read = static (ReadOnlyMemory<byte> body, in ScanRequest _, out ScanPage page) => ScanChunkCodec.TryRead(body, out page),
        Own = static request => request with { Range = Own(request.Range), Cursor = Own(request.Cursor) },
    };

    internal static Call<KeyRange, long> Count => field ??= new()
    {
        Opcode = static _ => Opcode.Count,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in KeyRange range) =>
            RequestEncoder.WriteCount(target, id, in fields, in range),
        Read = static (ReadOnlyMemory<byte> body, in KeyRange _, out long keys) => ResponseDecoder.TryReadCount(body, out keys),
        Own = Own,
    };

    internal static Call<Opcode, (ulong Id, KvsVersion Version)> SnapshotOpen => field ??= new()
    {
        Opcode = static opcode => opcode,
        Write = WriteEmpty,
        Read = static (ReadOnlyMemory<byte> body, in Opcode _, out (ulong Id, KvsVersion Version) snapshot) =>
            ResponseDecoder.TryReadSnapshot(body, out snapshot.Id, out snapshot.Version),
    };

    internal static Call<ulong, bool> SnapshotClose => field ??= new()
    {
        Opcode = static _ => Opcode.SnapshotClose,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in ulong snapshot) =>
            RequestEncoder.WriteSnapshotClose(target, id, in fields, snapshot),
        Read = static (ReadOnlyMemory<byte> body, in ulong _, out bool done) => done = body.IsEmpty,
    };

    /// <summary>Ping and compact: the answer says nothing but done.</summary>
    internal static Call<Opcode, bool> Empty => field ??= new()
    {
        Opcode = static opcode => opcode,
        Write = WriteEmpty,
        Read = static (ReadOnlyMemory<byte> body, in Opcode _, out bool done) => done = body.IsEmpty,
    };

    internal static Call<Opcode, StoreStats> Stats => field ??= new()
    {
        Opcode = static opcode => opcode,
        Write = WriteEmpty,
        Read = static (ReadOnlyMemory<byte> body, in Opcode _, out StoreStats stats) => StatsCodec.TryRead(body, out stats),
    };

    internal static Call<Opcode, ServerInfo> Info => field ??= new()
    {
        Opcode = static opcode => opcode,
        Write = WriteEmpty,
        Read = static (ReadOnlyMemory<byte> body, in Opcode _, out ServerInfo info) => ServerInfoCodec.TryRead(body, out info),
    };

    internal static Call<uint, IReadOnlyList<SlowRequest>> SlowLog => field ??= new()
    {
        Opcode = static _ => Opcode.SlowLog,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in uint most) =>
            RequestEncoder.WriteSlowLog(target, id, in fields, most),
        Read = static (ReadOnlyMemory<byte> body, in uint _, out IReadOnlyList<SlowRequest> entries) =>
            SlowLogCodec.TryRead(body, out entries),
    };

    internal static Call<Opcode, ClusterStatus> ClusterStatus => field ??= new()
    {
        Opcode = static opcode => opcode,
        Write = WriteEmpty,
        Read = static (ReadOnlyMemory<byte> body, in Opcode _, out ClusterStatus status) => ClusterStatusCodec.TryRead(body, out status),
    };

    internal static Call<Opcode, KvsVersion> Position => field ??= new()
    {
        Opcode = static opcode => opcode,
        Write = WriteEmpty,
        Read = static (ReadOnlyMemory<byte> body, in Opcode _, out KvsVersion position) =>
            ResponseDecoder.TryReadPosition(body, out position),
    };

    /// <summary>Promote, transfer, leave.</summary>
    internal static Call<(Opcode Opcode, string Node), string> Node => field ??= new()
    {
        Opcode = static ask => ask.Opcode,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in (Opcode Opcode, string Node) ask) =>
            RequestEncoder.WriteNode(target, ask.Opcode, id, in fields, ask.Node),
        Read = static (ReadOnlyMemory<byte> body, in (Opcode Opcode, string Node) _, out string text) =>
            ResponseDecoder.TryReadText(body, out text),
    };

    internal static Call<DigestRequest, RangeDigest> DigestParts => field ??= new()
    {
        Opcode = static _ => Opcode.ClusterDigest,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in DigestRequest request) =>
            request.Write(target, id, in fields),
        Read = static (ReadOnlyMemory<byte> body, in DigestRequest _, out RangeDigest digest) =>
            DigestCodec.TryReadParts(body, out digest),
    };

    internal static Call<DigestRequest, KeyDigests> DigestKeys => field ??= new()
    {
        Opcode = static _ => Opcode.ClusterDigest,
        Write = static (FrameBuffer target, uint id, in RequestFields fields, in DigestRequest request) =>
            request.Write(target, id, in fields),
        Read = static (ReadOnlyMemory<byte> body, in DigestRequest _, out KeyDigests digests) =>
            DigestCodec.TryReadKeys(body, out digests),
    };

    private static void WriteOperation(FrameBuffer target, uint id, in RequestFields fields, in Operation operation) =>
        RequestEncoder.WriteOperation(target, id, in fields, in operation);

    private static void WriteEmpty(FrameBuffer target, uint id, in RequestFields fields, in Opcode opcode) =>
        RequestEncoder.WriteEmpty(target, opcode, id, in fields);

    private static bool ReadWrite(ReadOnlyMemory<byte> body, in Operation operation, out WriteResult result)
    {
        var whole = ResponseDecoder.TryReadWrite(body, out var version, out var read);
        var applied = operation.Kind != OperationKind.Remove || read.Existed;
        result = new WriteResult(applied, version, read.Existed, ValueOf(in read, body));
        return whole;
    }

    private static bool ReadCondition(in ErrorResponse error, out WriteResult result)
    {
        result = new WriteResult(false, error.FailedVersion, error.FailedVersion != KvsVersion.None, null);
        return error.Code == ErrorCode.ConditionFailed;
    }

    private static bool ReadBatch(ReadOnlyMemory<byte> body, in IReadOnlyList<Operation> operations, out BatchResult result)
    {
        var whole = ResponseDecoder.TryReadBatch(body, out var version, out var read);
        var results = new List<BatchItemResult>(read.Count);
        whole &= read.Count == operations.Count;
        for (var i = 0; whole && i < read.Count; i++)
        {
            var item = read[i];
            results.Add(BatchItemResult.Of(operations[i].Kind, in item, ValueOf(in item, body)));
        }

        result = new BatchResult(true, version, -1, ErrorCode.None, results);
        return whole;
    }

    private static bool ReadBatchRefusal(in ErrorResponse error, out BatchResult result)
    {
        result = new BatchResult(false, default, error.FailedIndex, error.Code, []);
        return ErrorCodes.IsVerdict(error.Code);
    }

    private static bool ReadGetMany(ReadOnlyMemory<byte> body, in IReadOnlyList<KvsKey> keys, out IReadOnlyList<KvsEntry?> entries)
    {
        entries = [];
        if (!ResponseDecoder.TryReadGetMany(body, out var read) || read.Count != keys.Count)
        {
            return false;
        }

        var list = new List<KvsEntry?>(read.Count);
        for (var i = 0; i < read.Count; i++)
        {
            var result = read[i];
            list.Add(EntryOf(keys[i], in result, body));
        }

        entries = list;
        return true;
    }

    private static KvsEntry? EntryOf(KvsKey key, in OperationResult result, ReadOnlyMemory<byte> body) =>
        result is { Existed: true, HasValue: true } && ValueOf(in result, body) is { } value
            ? new KvsEntry(key, value, result.Version, WireTime.ToExpiry(result.ExpiresAtMillis)) { ContentType = result.ContentType }
            : null;

    // A malformed result may name bytes that are not there; its reader has failed by then.
    private static KvsValue? ValueOf(in OperationResult result, ReadOnlyMemory<byte> body) =>
        result.HasValue && result.ValueOffset <= body.Length - result.ValueLength
            ? new KvsValue(body.Slice(result.ValueOffset, result.ValueLength).ToArray())
            : default(KvsValue?);

    private static KvsKey Own(KvsKey key) => new(key.Bytes.ToArray());

    private static Operation Own(Operation operation) =>
        operation with { Key = operation.Key.ToArray(), Value = operation.Value.ToArray() };

    private static KeyRange Own(KeyRange range) => new(range.From.ToArray(), Own(range.To));

    private static ReadOnlyMemory<byte>? Own(ReadOnlyMemory<byte>? bytes) => bytes is { } there ? there.ToArray() : bytes;
}

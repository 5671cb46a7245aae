using System.Text;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol;
using Kvs.Core.Protocol.Requests;
using Kvs.Core.Protocol.Responses;

namespace Kvs.Core.Tests.Protocol;

/// <summary>The frames that docs/protocol.md shows, by name, and how our encoder makes them.</summary>
internal static class ProtocolExamples
{
    private static readonly KvsVersion Version = new(0x00000001_9E3779B9, 12);
    private static readonly KvsVersion Older = new(0x00000001_9E3779B9, 7);

    internal static readonly IReadOnlyDictionary<string, Action<FrameBuffer>> All = new Dictionary<string, Action<FrameBuffer>>(StringComparer.Ordinal)
    {
        ["hello"] = target => new Hello
        {
            VersionMin = 1,
            VersionMax = 1,
            ClientId = 0x1122334455667788,
            FrameBytesMax = 16 * 1024 * 1024,
            ClientName = "my-client 1.0",
        }.Write(target, 1),
        ["hello-ack"] = target => new HelloAck
        {
            Version = 1,
            Role = NodeRole.Standalone,
            Epoch = 0x00000001_9E3779B9,
            FrameBytesMax = Limits.FrameBytesMax,
            KeyBytesMax = Limits.KeyBytesMax,
            ValueBytesMax = Limits.ValueBytesMax,
            BatchOperationsMax = Limits.BatchOperationsMax,
            InFlightMax = 1024,
            StreamsMax = 16,
            SnapshotsMax = 16,
            IdleTimeoutMillis = 0,
            NodeId = "node-1",
            ServerName = "kvs-server",
            ServerVersion = "0.1.0",
        }.Write(target, 1),
        ["hello-positions"] = target => new Hello
        {
            VersionMin = 1,
            VersionMax = 1,
            ClientId = 0x1122334455667788,
            Features = Features.Positions,
            FrameBytesMax = 16 * 1024 * 1024,
            ClientName = "my-client 1.0",
        }.Write(target, 1),
        ["auth-password"] = target => new AuthRequest(AuthKind.Password, "alice", "open sesame"u8.ToArray()).Write(target, 32, default),
        ["auth-ok"] = target => ResponseEncoder.WriteOk(target, Opcode.Auth, 32),
        ["auth-token"] = target => new AuthRequest(AuthKind.Token, "", "kvs_token"u8.ToArray()).Write(target, 33, default),
        ["unauthenticated"] = target => new ErrorResponse(
            ErrorCode.Unauthenticated, WriteOutcome.NotApplied, "Say who you are.").WriteTo(target, Opcode.Get, 9),
        ["ping"] = target => RequestEncoder.WriteEmpty(target, Opcode.Ping, 2, default),
        ["ping-ok"] = target => ResponseEncoder.WriteOk(target, Opcode.Ping, 2),
        ["set"] = target => Write(target, 3, Operation.Set("key", "value", options: null)),
        ["set-ok"] = target => Completed(target, Opcode.Set, 3, Version, new OperationResult { Existed = true }),
        ["set-options"] = target => Write(
            target,
            4,
            Operation.Set("key", "value", new SetOptions
            {
                TimeToLive = TimeSpan.FromSeconds(30),
                Condition = KvsCondition.IfVersion(Version),
                ReturnPrevious = true,
            }),
            new RequestFields { DeadlineMillis = 5000, Durability = Durability.Always, RequestNumber = 17 }),
        ["set-options-ok"] = target => Completed(
            target, Opcode.Set, 4, new KvsVersion(Version.Epoch, 13), new OperationResult { Existed = true, HasValue = true, ValueLength = 5 }),
        ["set-again"] = target => Write(
            target,
            3,
            Operation.Set("key", "value", options: null),
            new RequestFields { DeadlineMillis = 3800, RequestNumber = 17, DoneThrough = 15, Attempt = 2, AgeMillis = 1200 }),
        ["not-primary"] = target => new ErrorResponse(
            ErrorCode.NotPrimary, WriteOutcome.NotApplied, "Not the primary.")
        {
            Fields = new ResponseFields { Primary = "10.0.0.2:4000" },
        }.WriteTo(target, Opcode.Set, 3),
        ["condition-failed"] = target => new ErrorResponse(
            ErrorCode.ConditionFailed, WriteOutcome.NotApplied, "The key has another version.")
        {
            FailedIndex = 0,
            FailedVersion = Older,
        }.WriteTo(target, Opcode.Set, 4),
        ["remove"] = target => Write(target, 5, Operation.Remove("key", options: null)),
        ["remove-missing"] = target => Completed(target, Opcode.Remove, 5, default, default(OperationResult)),
        ["increment"] = target => Write(target, 6, new Operation { Kind = OperationKind.Increment, Key = "n"u8.ToArray(), Delta = -2 }),
        ["increment-ok"] = target => Completed(target, Opcode.Increment, 6, Version, new OperationResult { Existed = true, Number = 40 }),
        ["expire"] = target => Write(target, 7, Operation.Expire("key", TimeSpan.FromSeconds(30))),
        ["expire-ok"] = target => Completed(target, Opcode.Expire, 7, Version, new OperationResult { Existed = true, Number = 1 }),
        ["persist"] = target => Write(target, 8, new Operation { Kind = OperationKind.Persist, Key = "key"u8.ToArray() }),
        ["persist-ok"] = target => Completed(target, Opcode.Persist, 8, Version, new OperationResult { Existed = true, Number = 1 }),
        ["get"] = target => Write(target, 9, new Operation { Kind = OperationKind.Get, Key = "key"u8.ToArray() }),
        ["get-found"] = target => Completed(target, Opcode.Get, 9, default, new OperationResult
        {
            Existed = true,
            Version = Version,
            ExpiresAtMillis = 1_767_225_600_000,
            HasValue = true,
            ValueLength = 5,
        }),
        ["get-missing"] = target => Completed(target, Opcode.Get, 9, default, default(OperationResult)),
        ["get-stale"] = target => Write(
            target,
            9,
            new Operation { Kind = OperationKind.Get, Key = "key"u8.ToArray() },
            new RequestFields { Consistency = Consistency.Stale, AtLeast = Version }),
        ["get-missing-position"] = target => CompletedAt(target, Opcode.Get, 9, default, Version, default(OperationResult)),
        ["get-snapshot"] = target => Write(
            target, 10, new Operation { Kind = OperationKind.Get, Key = "key"u8.ToArray() }, new RequestFields { Snapshot = 5 }),
        ["stat"] = target => Write(target, 11, new Operation { Kind = OperationKind.Stat, Key = "key"u8.ToArray() }),
        ["stat-ok"] = target => Completed(target, Opcode.Stat, 11, default, new OperationResult
        {
            Existed = true,
            Version = Version,
            ExpiresAtMillis = 1_767_225_600_000,
            Number = 29_500,
            ValueLength = 5,
        }),
        ["batch"] = target => RequestEncoder.WriteBatch(target, 12, default, new KvsBatch()
            .Check("a", KvsCondition.Absent).Set("b", "1").Remove("c", new RemoveOptions { ReturnPrevious = true }).Operations),
        ["batch-ok"] = target => Completed(
            target, Opcode.Batch, 12, Version, default, default, new OperationResult { Existed = true, HasValue = true, ValueLength = 5 }),
        ["batch-edits"] = target => RequestEncoder.WriteBatch(target, 32, default, new KvsBatch()
            .Check("w", KvsCondition.IfVersion(Older))
            .Add(Operation.Set("k", "v", new SetOptions { Condition = KvsCondition.Absent, ReturnPrevious = true }) with { IsOptional = true })
            .Add(new Operation { Kind = OperationKind.Append, Key = "log"u8.ToArray(), Value = "line\n"u8.ToArray(), IsOptional = true })
            .SetRange("bits", 2, new byte[] { 1 })
            .Add(new Operation { Kind = OperationKind.IncrementFloat, Key = "n"u8.ToArray(), Value = "0.1"u8.ToArray(), IsOptional = true })
            .Copy("a", "b", replace: true)
            .Operations),
        ["batch-edits-ok"] = target => Completed(
            target,
            Opcode.Batch,
            32,
            Version,
            new OperationResult { Existed = true, Version = Older },
            new OperationResult { Existed = true, HasValue = true, ValueLength = 5, Code = ErrorCode.ConditionFailed },
            new OperationResult { Existed = true, Number = 25 },
            new OperationResult { Number = 3 },
            new OperationResult { Existed = true, HasValue = true, ValueOffset = 5, ValueLength = 4 },
            default),
        ["get-many"] = target => RequestEncoder.WriteGetMany(target, 13, default, ["a", "b"]),
        ["get-many-ok"] = target =>
        {
            var start = ResponseEncoder.Begin(target, Opcode.GetMany, 13);
            target.WriteUInt32(2);
            var found = new OperationResult { Existed = true, Version = Version, HasValue = true, ValueLength = 5 };
            ResultCodec.Write(target, in found, "value"u8);
            var missing = default(OperationResult);
            ResultCodec.Write(target, in missing, default);
            target.EndFrame(start);
        },
        ["scan-page"] = target => RequestEncoder.WriteScan(target, Opcode.ScanPage, 14, default, new ScanRequest
        {
            Range = KeyRange.Prefix("user:"),
            Limit = 2,
        }),
        ["scan-page-ok"] = target => Chunk(target, Opcode.ScanPage, 14, "user:2"u8.ToArray(), more: false, ("user:1", "ann"), ("user:2", "bob")),
        ["scan"] = target => RequestEncoder.WriteScan(target, Opcode.Scan, 15, default, new ScanRequest
        {
            Reverse = true,
            KeysOnly = true,
            ChunkBytes = 65_536,
            Credit = 1,
        }),
        ["scan-chunk"] = target => Chunk(target, Opcode.Scan, 15, null, more: true, ("user:2", "")),
        ["scan-credit"] = target => RequestEncoder.WriteCredit(target, 15, 1),
        ["scan-last"] = target => Chunk(target, Opcode.Scan, 15, null, more: false, ("user:1", "")),
        ["scan-cancel"] = target => RequestEncoder.WriteEmpty(target, Opcode.ScanCancel, 15, default),
        ["watch"] = target => new WatchRequest
        {
            Range = KeyRange.Prefix("user:"),
            Since = new WatchPosition(Older, 2),
            ChunkBytes = 65_536,
            Credit = 4,
        }.Write(target, 32, default),
        ["watch-chunk"] = target =>
        {
            var start = ChangeChunkCodec.Begin(target, 32, Version, 3);
            ChangeChunkCodec.Write(target, ChangeKind.Set, new WatchPosition(Older, 3), "user:1"u8, "ann"u8, 0);
            ChangeChunkCodec.Write(target, ChangeKind.Removed, Older, "user:2"u8, default, 0);
            ChangeChunkCodec.Write(target, ChangeKind.Expired, Version, "user:3"u8, default, 0);
            target.EndFrame(start, FrameFlags.More);
        },
        ["watch-content-type"] = target =>
        {
            var start = ChangeChunkCodec.Begin(target, 32, Version, 1);
            ChangeChunkCodec.Write(target, ChangeKind.Set, Version, "page"u8, "hi"u8, 0, "text/html");
            target.EndFrame(start, FrameFlags.More);
        },
        ["watch-last"] = target => target.EndFrame(ChangeChunkCodec.Begin(target, 32, Version, 0)),
        ["count"] = target => RequestEncoder.WriteCount(target, 16, default, KeyRange.Prefix("user:")),
        ["count-ok"] = target => ResponseEncoder.WriteCount(target, 16, 2),
        ["snapshot-open"] = target => RequestEncoder.WriteEmpty(target, Opcode.SnapshotOpen, 17, default),
        ["snapshot-ok"] = target => ResponseEncoder.WriteSnapshot(target, 17, 5, Version),
        ["snapshot-close"] = target => RequestEncoder.WriteSnapshotClose(target, 18, default, 5),
        ["snapshot-close-ok"] = target => ResponseEncoder.WriteOk(target, Opcode.SnapshotClose, 18),
        ["stats"] = target => RequestEncoder.WriteEmpty(target, Opcode.Stats, 19, default),
        ["stats-ok"] = target => ResponseEncoder.WriteStats(target, 19, new StoreStats { Engine = "kvs", Version = Version, Keys = 2 }),
        ["info"] = target => RequestEncoder.WriteEmpty(target, Opcode.Info, 20, default),
        ["info-ok"] = target => ResponseEncoder.WriteInfo(target, 20, new ServerInfo
        {
            Name = "kvs-server",
            Version = "0.1.0",
            NodeId = "node-1",
            Epoch = Version.Epoch,
            Engine = "kvs",
            Durability = "always",
            Uptime = TimeSpan.FromMinutes(1),
            Connections = 1,
        }),
        ["compact"] = target => RequestEncoder.WriteEmpty(target, Opcode.Compact, 21, default),
        ["compact-ok"] = target => ResponseEncoder.WriteOk(target, Opcode.Compact, 21),
        ["cluster-status"] = target => RequestEncoder.WriteEmpty(target, Opcode.ClusterStatus, 23, default),
        ["cluster-status-ok"] = target => ResponseEncoder.WriteClusterStatus(target, 23, new ClusterStatus
        {
            Cluster = "c1",
            Mode = "static",
            Epoch = Version.Epoch,
            Primary = "n1",
            Acks = "quorum",
            Committed = Version,
            Lease = "held",
            Nodes = [new ClusterNode { NodeId = "n1", Address = "10.0.0.1:4000", Role = NodeRole.Primary, State = "up", InSync = true, Durable = Version, Applied = Version }],
        }),
        ["cluster-promote"] = target => RequestEncoder.WriteNode(target, Opcode.ClusterPromote, 24, default, "n2"),
        ["cluster-promote-ok"] = target => ResponseEncoder.WriteText(target, Opcode.ClusterPromote, 24, "n2 is the primary."),
        ["cluster-transfer"] = target => RequestEncoder.WriteNode(target, Opcode.ClusterTransfer, 25, default, ""),
        ["cluster-leave"] = target => RequestEncoder.WriteNode(target, Opcode.ClusterLeave, 26, default, "n3"),
        ["cluster-force-promote"] = target => RequestEncoder.WriteNode(target, Opcode.ClusterForcePromote, 31, default, ""),
        ["position"] = target => RequestEncoder.WriteEmpty(target, Opcode.Position, 27, default),
        ["position-ok"] = target => ResponseEncoder.WritePosition(target, 27, Version),
        ["digest"] = target => new DigestRequest { Range = KeyRange.Prefix("user:"), Most = 2 }.Write(target, 28, default),
        ["digest-ok"] = target => DigestCodec.Write(target, 28, new RangeDigest(
            Version, [new DigestPart("user:", 2, 0x1122334455667788), new DigestPart("user:3", 1, 0x99AABBCCDDEEFF00)])),
        ["digest-given"] = target => new DigestRequest
        {
            Range = KeyRange.Prefix("user:"),
            Splits = ["user:3"u8.ToArray()],
        }.Write(target, 29, new RequestFields { Consistency = Consistency.Stale, Snapshot = 5 }),
        ["digest-keys"] = target => new DigestRequest { Range = KeyRange.Prefix("user:3"), ListKeys = true, Most = 64 }.Write(target, 30, default),
        ["digest-keys-ok"] = target => DigestCodec.Write(target, 30, new KeyDigests(
            Version, [new KeyDigest("user:3", Older, 0x99AABBCCDDEEFF00)], IsWhole: true)),
        ["slow-log"] = target => RequestEncoder.WriteSlowLog(target, 32, default, 16),
        ["slow-log-ok"] = target => SlowLogCodec.Write(target, 32,
        [
            new SlowRequest
            {
                Id = 7,
                At = DateTimeOffset.FromUnixTimeMilliseconds(0x0000019E_3779B900),
                Duration = TimeSpan.FromMilliseconds(120),
                Operation = "set",
                Result = "ok",
                Key = "user:1",
                KeyBytes = 6,
                Bytes = 106,
                Requests = 1,
                Door = "tcp",
                Client = "127.0.0.1:50000",
            },
        ]),
        ["set-content-type"] = target => Write(target, 33, Operation.Set("key", "value", new SetOptions { ContentType = "text/plain" })),
        ["get-found-content-type"] = target => Completed(target, Opcode.Get, 9, default, new OperationResult
        {
            Existed = true,
            Version = Version,
            HasValue = true,
            ValueLength = 5,
            ContentType = "text/plain",
        }),
        ["scan-page-content-type"] = target =>
        {
            var start = ScanChunkCodec.Begin(target, Opcode.ScanPage, 34, Version);
            var entry = ScanChunkCodec.BeginEntry(target, "user:1"u8);
            target.WriteBytes("ann"u8);
            ScanChunkCodec.EndEntry(target, entry, Older, 0, "text/plain");
            ScanChunkCodec.End(target, start, 1, null, more: false);
        },
        ["error"] = target => new ErrorResponse(ErrorCode.UnknownOpcode, WriteOutcome.NotApplied, "Unknown opcode.").WriteClosing(target, 22),
    };

    private static void Write(FrameBuffer target, uint requestId, Operation operation, RequestFields fields = default) =>
        RequestEncoder.WriteOperation(target, requestId, in fields, in operation);

    private static void Completed(FrameBuffer target, Opcode opcode, uint requestId, KvsVersion version, params OperationResult[] results) =>
        CompletedAt(target, opcode, requestId, version, default, results);

    private static void CompletedAt(
        FrameBuffer target, Opcode opcode, uint requestId, KvsVersion version, KvsVersion position, params OperationResult[] results)
    {
        var request = new WriteRequest { Version = version };
        foreach (var result in results)
        {
            request.Operations.Add(default);
            request.Results.Add(result);
        }

        ResponseEncoder.WriteCompleted(target, opcode, requestId, request, "value10.6"u8, position);
    }

    private static void Chunk(
        FrameBuffer target, Opcode opcode, uint requestId, ReadOnlyMemory<byte>? cursor, bool more, params (string Key, string Value)[] entries)
    {
        var start = ScanChunkCodec.Begin(target, opcode, requestId, Version);
        foreach (var (key, value) in entries)
        {
            var entry = ScanChunkCodec.BeginEntry(target, Encoding.UTF8.GetBytes(key));
            target.WriteBytes(Encoding.UTF8.GetBytes(value));
            ScanChunkCodec.EndEntry(target, entry, Older, 0);
        }

        ScanChunkCodec.End(target, start, entries.Length, cursor, more);
    }
}

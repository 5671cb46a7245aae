using System.Text;
using Google.Protobuf;
using Kvs.Core.Engines.Watch;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Contract = Kvs.Server.Doors.Grpc.Contract;
using Operation = Kvs.Core.Operations.Operation;

namespace Kvs.Server.Doors.Grpc;

/// <summary>
/// Messages of the contract to operations, and results back. What has no meaning is an InvalidArgument. Bytes of a message
/// are used as they are: it is not changed while its call lasts.
/// </summary>
internal static class Translation
{
    /// <summary>A set.</summary>
    /// <param name="request">The request.</param>
    internal static Operation Of(Contract.SetRequest request)
    {
        var (expiry, millis) = ExpiryOf(request.Expiry);
        return new Operation
        {
            Kind = OperationKind.Set,
            Key = request.Key.Memory,
            Value = request.Value.Memory,
            Condition = ConditionOf(request.Condition),
            Expiry = expiry,
            ExpiryMillis = millis,
            ReturnPrevious = request.ReturnPrevious,
            ContentType = ContentTypeOf(request.ContentType),
        };
    }

    /// <summary>A remove.</summary>
    /// <param name="request">The request.</param>
    internal static Operation Of(Contract.RemoveRequest request) => new()
    {
        Kind = OperationKind.Remove,
        Key = request.Key.Memory,
        Condition = ConditionOf(request.Condition),
        ReturnPrevious = request.ReturnPrevious,
    };

    /// <summary>An increment.</summary>
    /// <param name="request">The request.</param>
    internal static Operation Of(Contract.IncrementRequest request) => new()
    {
        Kind = OperationKind.Increment,
        Key = request.Key.Memory,
        Delta = request.HasBy ? request.By : 1,
    };

    /// <summary>An operation of a batch.</summary>
    /// <param name="operation">The operation.</param>
    internal static Operation Of(Contract.Operation operation) => OfKind(operation) with { IsOptional = operation.Optional };

    private static Operation OfKind(Contract.Operation operation) => operation.KindCase switch
    {
        Contract.Operation.KindOneofCase.Set => Of(operation.Set),
        Contract.Operation.KindOneofCase.Remove => Of(operation.Remove),
        Contract.Operation.KindOneofCase.Increment => Of(operation.Increment),
        Contract.Operation.KindOneofCase.Check => new Operation
        {
            Kind = OperationKind.Check,
            Key = operation.Check.Key.Memory,
            Condition = ConditionOf(operation.Check.Condition),
        },
        Contract.Operation.KindOneofCase.Expire => Of(operation.Expire),
        Contract.Operation.KindOneofCase.Get => new Operation { Kind = OperationKind.Get, Key = operation.Get.Key.Memory },
        Contract.Operation.KindOneofCase.Append => new Operation
        {
            Kind = OperationKind.Append,
            Key = operation.Append.Key.Memory,
            Value = operation.Append.Value.Memory,
        },
        Contract.Operation.KindOneofCase.SetRange => Of(operation.SetRange),
        Contract.Operation.KindOneofCase.IncrementFloat => new Operation
        {
            Kind = OperationKind.IncrementFloat,
            Key = operation.IncrementFloat.Key.Memory,
            Value = Encoding.UTF8.GetBytes(operation.IncrementFloat.By),
        },
        Contract.Operation.KindOneofCase.Copy => new Operation
        {
            Kind = OperationKind.Copy,
            Key = operation.Copy.Key.Memory,
            Value = operation.Copy.To.Memory,
            Replace = operation.Copy.Replace,
        },
        _ => throw Refused("An operation of the batch is none of those that this server knows."),
    };

    /// <summary>A version of the contract; null for none.</summary>
    /// <param name="version">The version.</param>
    internal static Contract.Version? Of(KvsVersion version) => version == KvsVersion.None
        ? null
        : new Contract.Version { Epoch = version.Epoch, Sequence = version.Sequence };

    /// <summary>A version of ours.</summary>
    /// <param name="version">The version; null for none.</param>
    internal static KvsVersion Of(Contract.Version? version) =>
        version is null ? KvsVersion.None : new KvsVersion(version.Epoch, version.Sequence);

    /// <summary>Which changes a watch tells, and from where.</summary>
    /// <param name="request">The request.</param>
    internal static WatchOptions Of(Contract.WatchRequest request) => new()
    {
        Range = request.RangeCase switch
        {
            Contract.WatchRequest.RangeOneofCase.Key => KeyRange.Only(new KvsKey(request.Key.Memory)),
            Contract.WatchRequest.RangeOneofCase.Prefix => KeyRange.Prefix(new KvsKey(request.Prefix.Memory)),
            _ => KeyRange.All,
        },
        Since = request.Since is { } since
            ? new WatchPosition(Of(since.Version), (int)Math.Min(since.Changes, int.MaxValue))
            : null,
        KeysOnly = request.KeysOnly,
    };

    /// <summary>Changes that a watch tells. Their bytes are used as they are: the message is sent before they change.</summary>
    /// <param name="changes">The changes; none for the position alone.</param>
    /// <param name="position">The position behind them.</param>
    internal static Contract.WatchResponse Of(ChangeBuffer changes, WatchPosition position)
    {
        var response = new Contract.WatchResponse { Position = Of(position) };
        for (var i = 0; i < changes.Count; i++)
        {
            var change = changes[i];
            response.Changes.Add(new Contract.Change
            {
                Kind = (Contract.Change.Types.Kind)change.Kind,
                Key = UnsafeByteOperations.UnsafeWrap(change.Key),
                Value = UnsafeByteOperations.UnsafeWrap(change.Value),
                ExpiresAtUnixMs = (ulong)change.ExpiresAtMillis,
                ContentType = change.ContentType ?? "",
                Position = Of(change.Position),
            });
        }

        return response;
    }

    /// <summary>What a read may miss.</summary>
    /// <param name="consistency">The contract's word for it.</param>
    internal static Consistency Of(Contract.Consistency consistency) => consistency switch
    {
        Contract.Consistency.Linearizable => Consistency.Linearizable,
        Contract.Consistency.Stale => Consistency.Stale,
        _ => throw Refused($"The consistency {(int)consistency} is unknown."),
    };

    private static Contract.ChangePosition Of(WatchPosition position) =>
        new() { Version = Of(position.Version), Changes = (uint)position.Changes };

    private static Operation Of(Contract.Operation.Types.Expire expire)
    {
        var (expiry, millis) = ExpiryOf(expire.Expiry);
        return expiry switch
        {
            ExpiryKind.None => new Operation { Kind = OperationKind.Persist, Key = expire.Key.Memory },
            ExpiryKind.Keep => throw Refused("An expire cannot keep the expiry."),
            _ => new Operation
            {
                Kind = OperationKind.Expire,
                Key = expire.Key.Memory,
                Expiry = expiry,
                ExpiryMillis = millis,
            },
        };
    }

    private static Operation Of(Contract.Operation.Types.SetRange range) => new()
    {
        Kind = OperationKind.SetRange,
        Key = range.Key.Memory,
        Offset = (long)Math.Min(range.Offset, long.MaxValue),
        Value = range.Value.Memory,
    };

    private static string? ContentTypeOf(string given) =>
        given.Length == 0 ? null
        : ContentTypes.IsValid(given) ? given
        : throw Refused($"content_type is at most {Limits.ContentTypeBytesMax} characters of printable ASCII.");

    private static (ExpiryKind Kind, long Millis) ExpiryOf(Contract.Expiry? expiry) => expiry switch
    {
        null or { KindCase: Contract.Expiry.KindOneofCase.None } => (ExpiryKind.None, 0),
        { KindCase: Contract.Expiry.KindOneofCase.TtlMs, TtlMs: > 0 and <= long.MaxValue } => (ExpiryKind.In, (long)expiry.TtlMs),
        { KindCase: Contract.Expiry.KindOneofCase.AtUnixMs, AtUnixMs: <= long.MaxValue } => (ExpiryKind.At, (long)expiry.AtUnixMs),
        { KindCase: Contract.Expiry.KindOneofCase.Keep, Keep: true } => (ExpiryKind.Keep, 0),
        _ => throw Refused("The expiry has no meaning: ttl_ms is positive, keep is true."),
    };

    private static KvsCondition ConditionOf(Contract.Condition? condition) => condition switch
    {
        null or { KindCase: Contract.Condition.KindOneofCase.None } => default,
        { KindCase: Contract.Condition.KindOneofCase.Absent, Absent: true } => KvsCondition.Absent,
        { KindCase: Contract.Condition.KindOneofCase.Present, Present: true } => KvsCondition.Present,
        { KindCase: Contract.Condition.KindOneofCase.Version } => KvsCondition.IfVersion(Of(condition.Version)),
        _ => throw Refused("The condition has no meaning: absent and present are true when they are given."),
    };

    private static KvsException Refused(string text) => new(ErrorCode.InvalidArgument, text);
}

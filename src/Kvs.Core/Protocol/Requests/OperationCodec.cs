using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Core.Protocol.Requests;

/// <summary>
/// One operation, as the body of a request of its own or as an item of a batch:
/// <code>
/// u8 options: bits 0-1 condition, bits 2-3 expiry, bit 4 return the previous value, bit 5 optional, bit 6 replace, bit 7 content type
/// [u64 epoch, u64 sequence]  condition is Version
/// [i64 milliseconds]         expiry is In or At
/// [i64 delta]                increment
/// [i64 offset]               set-range
/// [u8 length, bytes]         bit 7: content type
/// u32 key length
/// [u32 value length]         set, append, set-range, float increment (what is added), copy (the target)
/// key [value]
/// </code>
/// </summary>
internal static class OperationCodec
{
    /// <summary>Bytes of the smallest item of a batch: kind, options, key length.</summary>
    internal const int ItemBytesMin = 6;

    private const int ConditionMask = 0x03;
    private const int ExpiryShift = 2;
    private const int ExpiryMask = 0x03 << ExpiryShift;
    private const int PreviousBit = 0x10;
    private const int OptionalBit = 0x20;
    private const int ReplaceBit = 0x40;
    private const int ContentTypeBit = 0x80;

    /// <summary>Writes an operation, without its kind.</summary>
    /// <param name="target">Where it is written.</param>
    /// <param name="operation">The operation.</param>
    internal static void Write(FrameBuffer target, in Operation operation)
    {
        target.WriteByte((byte)((int)operation.Condition.Kind
            | ((int)operation.Expiry << ExpiryShift)
            | (operation.ReturnPrevious ? PreviousBit : 0)
            | (operation.IsOptional ? OptionalBit : 0)
            | (operation.Replace ? ReplaceBit : 0)
            | (operation.ContentType is null ? 0 : ContentTypeBit)));
        if (operation.Condition.Kind == ConditionKind.Version)
        {
            target.WriteVersion(operation.Condition.Version);
        }

        if (operation.Expiry is ExpiryKind.In or ExpiryKind.At)
        {
            target.WriteInt64(operation.ExpiryMillis);
        }

        if (operation.Kind == OperationKind.Increment)
        {
            target.WriteInt64(operation.Delta);
        }

        if (operation.Kind == OperationKind.SetRange)
        {
            target.WriteInt64(operation.Offset);
        }

        if (operation.ContentType is { } contentType)
        {
            target.WriteContentType(contentType);
        }

        target.WriteUInt32((uint)operation.Key.Length);
        if (HasValue(operation.Kind))
        {
            target.WriteUInt32((uint)operation.Value.Length);
        }

        target.WriteBytes(operation.Key.Span);
        if (HasValue(operation.Kind))
        {
            target.WriteBytes(operation.Value.Span);
        }
    }

    /// <summary>Reads an operation. Whatever does not fit its kind makes the reader fail.</summary>
    /// <param name="reader">Stands at the options.</param>
    /// <param name="kind">Its kind.</param>
    /// <returns>The operation; key and value are slices of the body.</returns>
    internal static Operation Read(ref FrameReader reader, OperationKind kind)
    {
        var options = reader.ReadByte();
        if ((options & ~AllowedOptions(kind)) != 0)
        {
            reader.Fail();
        }

        var condition = (ConditionKind)(options & ConditionMask);
        var expiry = (ExpiryKind)((options & ExpiryMask) >> ExpiryShift);
        var version = condition == ConditionKind.Version ? reader.ReadVersion() : default;
        var expiryMillis = expiry is ExpiryKind.In or ExpiryKind.At ? reader.ReadInt64() : 0;
        var delta = kind == OperationKind.Increment ? reader.ReadInt64() : 0;
        var offset = kind == OperationKind.SetRange ? reader.ReadInt64() : 0;
        var contentType = (options & ContentTypeBit) != 0 ? reader.ReadContentType() : null;
        var keyLength = reader.ReadUInt32();
        var valueLength = HasValue(kind) ? reader.ReadUInt32() : 0;
        return new Operation
        {
            Kind = kind,
            Condition = new KvsCondition(condition, version),
            Expiry = expiry,
            ExpiryMillis = expiryMillis,
            Delta = delta,
            Offset = offset,
            ReturnPrevious = (options & PreviousBit) != 0,
            IsOptional = (options & OptionalBit) != 0,
            Replace = (options & ReplaceBit) != 0,
            ContentType = contentType,
            Key = reader.ReadBytes(keyLength),
            Value = reader.ReadBytes(valueLength),
        };
    }

    /// <summary>Judges what is well-formed but has no meaning.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="fault">Why it is refused.</param>
    /// <returns>False when it is refused.</returns>
    internal static bool TryJudge(in Operation operation, out DecodeFault fault)
    {
        var meaningful = operation.Expiry switch
        {
            ExpiryKind.In => operation.ExpiryMillis > 0,
            ExpiryKind.At => true,
            _ => operation.Kind != OperationKind.Expire,
        };
        fault = meaningful
            ? default
            : new DecodeFault(ErrorCode.InvalidArgument, "A time to live is at least 1 ms, and an expire gives a time.");
        return meaningful;
    }

    private static bool HasValue(OperationKind kind) => kind
        is OperationKind.Set or OperationKind.Append or OperationKind.SetRange or OperationKind.IncrementFloat
        or OperationKind.Copy;

    private static int AllowedOptions(OperationKind kind) => OptionalBit | kind switch
    {
        OperationKind.Set => ConditionMask | ExpiryMask | PreviousBit | ContentTypeBit,
        OperationKind.Remove => ConditionMask | PreviousBit,
        OperationKind.Expire => ConditionMask | ExpiryMask,
        OperationKind.Copy => ConditionMask | ReplaceBit,
        OperationKind.Get or OperationKind.Stat => 0,
        _ => ConditionMask,
    };
}

using System.Text.Json;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors.Http.Batches;

/// <summary>The words of a condition or an operation.</summary>
internal enum BatchWord
{
    /// <summary>None that has a meaning.</summary>
    None = 0,

    /// <summary>What is done.</summary>
    Op,

    /// <summary>The key.</summary>
    Key,

    /// <summary>The value of a set.</summary>
    Value,

    /// <summary>What the value of a set is.</summary>
    ContentType,

    /// <summary>How long a key lives.</summary>
    Ttl,

    /// <summary>What an increment adds.</summary>
    By,

    /// <summary>The version that a key must have.</summary>
    Version,

    /// <summary>That a key must not be there.</summary>
    Absent,

    /// <summary>That a key must be there.</summary>
    Present,
}

/// <summary>The words as they are written.</summary>
internal static class BatchWords
{
    /// <summary>The word that a reader stands on.</summary>
    /// <param name="json">The reader.</param>
    /// <param name="isCondition">Whether it stands in a condition.</param>
    internal static BatchWord Of(ref Utf8JsonReader json, bool isCondition) =>
        json.ValueTextEquals("key"u8) ? BatchWord.Key
        : isCondition
            ? json.ValueTextEquals("version"u8) ? BatchWord.Version
                : json.ValueTextEquals("absent"u8) ? BatchWord.Absent
                : json.ValueTextEquals("present"u8) ? BatchWord.Present
                : BatchWord.None
            : json.ValueTextEquals("op"u8) ? BatchWord.Op
                : json.ValueTextEquals("value"u8) ? BatchWord.Value
                : json.ValueTextEquals("content_type"u8) ? BatchWord.ContentType
                : json.ValueTextEquals("ttl"u8) ? BatchWord.Ttl
                : json.ValueTextEquals("by"u8) ? BatchWord.By
                : BatchWord.None;
}

/// <summary>A condition or an operation while it is read: its words, in whatever order they come.</summary>
internal struct BatchItem
{
    /// <summary>The key.</summary>
    internal ReadOnlyMemory<byte> Key;

    /// <summary>The value of a set.</summary>
    internal ReadOnlyMemory<byte> Value;

    /// <summary>What the value of a set is; null for nothing.</summary>
    internal string? ContentType;

    /// <summary>How long the key lives.</summary>
    internal long TtlMillis;

    /// <summary>What an increment adds.</summary>
    internal long By;

    /// <summary>The version that the key must have.</summary>
    internal KvsVersion Version;

    private int _words;
    private OperationKind _kind;

    /// <summary>Notes that a word is there.</summary>
    /// <param name="word">The word.</param>
    /// <returns>False when it was there before.</returns>
    internal bool TryMark(BatchWord word)
    {
        var bit = 1 << (int)word;
        var isNew = (_words & bit) == 0;
        _words |= bit;
        return isNew;
    }

    /// <summary>Sets what is done.</summary>
    /// <param name="op">The word for it.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    internal string? SetOp(string op)
    {
        _kind = op switch
        {
            "set" => OperationKind.Set,
            "remove" => OperationKind.Remove,
            "increment" => OperationKind.Increment,
            "expire" => OperationKind.Expire,
            "persist" => OperationKind.Persist,
            "get" => OperationKind.Get,
            _ => OperationKind.None,
        };
        return _kind == OperationKind.None ? "op is set, remove, increment, expire, persist or get." : null;
    }

    /// <summary>Sets what the value is.</summary>
    /// <param name="contentType">The content type.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    internal string? SetContentType(string contentType)
    {
        ContentType = contentType;
        return ContentTypes.IsValid(contentType)
            ? null : $"content_type is 1 to {Limits.ContentTypeBytesMax} characters of printable ASCII.";
    }

    /// <summary>The condition, as the operation that judges it.</summary>
    /// <param name="operation">The operation.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    internal readonly string? ToCondition(out Operation operation)
    {
        operation = default;
        if (!Has(BatchWord.Key))
        {
            return "it has no key.";
        }

        KvsCondition? condition = (Has(BatchWord.Version), Has(BatchWord.Absent), Has(BatchWord.Present)) switch
        {
            (true, false, false) => KvsCondition.IfVersion(Version),
            (false, true, false) => KvsCondition.Absent,
            (false, false, true) => KvsCondition.Present,
            _ => null,
        };
        operation = new Operation { Kind = OperationKind.Check, Key = Key, Condition = condition ?? default };
        return condition is null ? "it has one of version, absent and present." : null;
    }

    /// <summary>The operation.</summary>
    /// <param name="operation">The operation.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    internal readonly string? ToOperation(out Operation operation)
    {
        operation = new Operation
        {
            Kind = _kind,
            Key = Key,
            Value = Value,
            ContentType = ContentType,
            Expiry = Has(BatchWord.Ttl) ? ExpiryKind.In : ExpiryKind.None,
            ExpiryMillis = TtlMillis,
            Delta = Has(BatchWord.By) ? By : 1,
        };
        return !Has(BatchWord.Op) ? "it has no op."
            : !Has(BatchWord.Key) ? "it has no key."
            : Has(BatchWord.Value) != (_kind == OperationKind.Set) ? "value belongs to set, and set needs one."
            : Has(BatchWord.ContentType) && _kind != OperationKind.Set ? "content_type belongs to set."
            : Has(BatchWord.Ttl) && _kind is not (OperationKind.Set or OperationKind.Expire) ? "ttl belongs to set and expire."
            : _kind == OperationKind.Expire && !Has(BatchWord.Ttl) ? "expire needs a ttl."
            : Has(BatchWord.By) && _kind != OperationKind.Increment ? "by belongs to increment."
            : null;
    }

    private readonly bool Has(BatchWord word) => (_words & (1 << (int)word)) != 0;
}

using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Server.Doors.Http.Batches;

/// <summary>A condition or an operation while it is read: its words, in whatever order they come.</summary>
internal struct BatchItem
{
    private static readonly int _common = BatchWords.Set(BatchWord.Op, BatchWord.Key, BatchWord.Optional);
    private static readonly int _conditions = BatchWords.Set(BatchWord.Version, BatchWord.Absent, BatchWord.Present);

    /// <summary>The key.</summary>
    internal ReadOnlyMemory<byte> Key;

    /// <summary>The value of a set; the bytes of an append or set-range.</summary>
    internal ReadOnlyMemory<byte> Value;

    /// <summary>What the value of a set is; null for nothing.</summary>
    internal string? ContentType;

    /// <summary>How long the key lives.</summary>
    internal long TtlMillis;

    /// <summary>What an increment adds, as text.</summary>
    internal ReadOnlyMemory<byte> ByText;

    /// <summary>The same as a whole number; null when it is none.</summary>
    internal long? By;

    /// <summary>Where a set-range begins.</summary>
    internal long Offset;

    /// <summary>Where a copy goes.</summary>
    internal ReadOnlyMemory<byte> To;

    /// <summary>The version that the key must have.</summary>
    internal KvsVersion Version;

    private int _words;
    private OperationKind _kind;
    private string _op;

    /// <summary>What must hold before it; null where that is not exactly one thing.</summary>
    private readonly KvsCondition? Condition => (Has(BatchWord.Version), Has(BatchWord.Absent), Has(BatchWord.Present)) switch
    {
        (true, false, false) => KvsCondition.IfVersion(Version),
        (false, true, false) => KvsCondition.Absent,
        (false, false, true) => KvsCondition.Present,
        _ => null,
    };

    /// <summary>Notes that a word is there.</summary>
    /// <param name="word">The word.</param>
    /// <returns>False when it was there before.</returns>
    internal bool TryMark(BatchWord word)
    {
        var bit = BatchWords.Set(word);
        var isNew = (_words & bit) == 0;
        _words |= bit;
        return isNew;
    }

    /// <summary>Sets what is done.</summary>
    /// <param name="op">The word for it.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    internal string? SetOp(string op)
    {
        _op = op;
        _kind = op switch
        {
            "set" => OperationKind.Set,
            "remove" => OperationKind.Remove,
            "increment" => OperationKind.Increment,
            "increment_float" => OperationKind.IncrementFloat,
            "append" => OperationKind.Append,
            "set_range" => OperationKind.SetRange,
            "copy" => OperationKind.Copy,
            "expire" => OperationKind.Expire,
            "persist" => OperationKind.Persist,
            "get" => OperationKind.Get,
            _ => OperationKind.None,
        };
        return _kind == OperationKind.None
            ? "op is set, remove, increment, increment_float, append, set_range, copy, expire, persist or get."
            : null;
    }

    /// <summary>Sets what the value is.</summary>
    /// <param name="contentType">The content type.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    internal string? SetContentType(string contentType)
    {
        ContentType = contentType;
        return ContentTypes.IsValid(contentType)
            ? null
            : $"content_type is 1 to {Limits.ContentTypeBytesMax} characters of printable ASCII.";
    }

    /// <summary>The condition, as the operation that judges it.</summary>
    /// <param name="operation">The operation.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    internal readonly string? ToCondition(out Operation operation)
    {
        operation = new Operation { Kind = OperationKind.Check, Key = Key, Condition = Condition ?? default };
        return !Has(BatchWord.Key) ? "it has no key." : Condition is null ? "it has one of version, absent and present." : null;
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
            Value = _kind switch
            {
                OperationKind.IncrementFloat => ByText,
                OperationKind.Copy => To,
                _ => Value,
            },
            ContentType = ContentType,
            Expiry = Has(BatchWord.Ttl) ? ExpiryKind.In : ExpiryKind.None,
            ExpiryMillis = TtlMillis,
            Delta = By ?? 1,
            Offset = Offset,
            Replace = Has(BatchWord.Replace),
            Condition = Condition ?? default,
            IsOptional = Has(BatchWord.Optional),
        };
        if (!Has(BatchWord.Op) || !Has(BatchWord.Key))
        {
            return Has(BatchWord.Op) ? "it has no key." : "it has no op.";
        }

        var (needs, takes) = WordsOf(_kind);
        takes |= _kind == OperationKind.Get ? 0 : _conditions;
        var missing = needs & ~_words;
        var strange = _words & ~(needs | takes | _common);
        return missing != 0 ? $"{_op} needs {BatchWords.FirstOf(missing)}."
            : strange != 0 ? $"{_op} takes no {BatchWords.FirstOf(strange)}."
            : (_words & _conditions) != 0 && Condition is null ? "it has one of version, absent and present."
            : _kind == OperationKind.Increment && Has(BatchWord.By) && By is null ? "by is a whole number of 64 bits."
            : null;
    }

    /// <summary>The words that an operation needs and those that it takes beside, without op and key.</summary>
    private static (int Needs, int Takes) WordsOf(OperationKind kind) => kind switch
    {
        OperationKind.Set => (BatchWords.Set(BatchWord.Value), BatchWords.Set(BatchWord.ContentType, BatchWord.Ttl)),
        OperationKind.Increment => (0, BatchWords.Set(BatchWord.By)),
        OperationKind.IncrementFloat => (BatchWords.Set(BatchWord.By), 0),
        OperationKind.Append => (BatchWords.Set(BatchWord.Value), 0),
        OperationKind.SetRange => (BatchWords.Set(BatchWord.Offset, BatchWord.Value), 0),
        OperationKind.Copy => (BatchWords.Set(BatchWord.To), BatchWords.Set(BatchWord.Replace)),
        OperationKind.Expire => (BatchWords.Set(BatchWord.Ttl), 0),
        _ => (0, 0),
    };

    private readonly bool Has(BatchWord word) => (_words & BatchWords.Set(word)) != 0;
}

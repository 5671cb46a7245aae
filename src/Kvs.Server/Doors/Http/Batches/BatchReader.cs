using System.Text.Json;
using System.Text.Unicode;
using Kvs.Core.Engines.Facade;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.Server.Doors.Http.Requests;

namespace Kvs.Server.Doors.Http.Batches;

/// <summary>
/// Reads a batch from JSON (docs/http.md has its form). Strict: an unknown word, a word that stands twice, or one that means
/// nothing where it stands is refused, because a condition that is overheard is worse than an error. Keys and values without
/// escapes are not copied.
/// </summary>
internal ref struct BatchReader
{
    private const int DepthMax = 8;

    private readonly ReadOnlyMemory<byte> _body;
    private readonly List<Operation> _conditions = [];
    private readonly List<Operation> _operations = [];
    private Utf8JsonReader _json;

    private BatchReader(ReadOnlyMemory<byte> body)
    {
        _body = body;
        _json = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = DepthMax });
    }

    /// <summary>Reads a batch.</summary>
    /// <param name="body">The body of the request; stays as it is until the write is done.</param>
    /// <param name="write">Gets the conditions, then the operations.</param>
    /// <param name="conditions">How many conditions there are.</param>
    /// <param name="fault">What is wrong with it; null when nothing is.</param>
    /// <returns>The code of the refusal; none when it was read.</returns>
    internal static ErrorCode TryRead(ReadOnlyMemory<byte> body, PendingWrite write, out int conditions, out string? fault)
    {
        conditions = 0;
        if (!Utf8.IsValid(body.Span))
        {
            fault = "The body is no UTF-8.";
            return ErrorCode.InvalidArgument;
        }

        var reader = new BatchReader(body);
        var code = ErrorCode.InvalidArgument;
        try
        {
            fault = reader.ReadBatch();
        }
        catch (JsonException malformed)
        {
            fault = $"The body is no JSON: {malformed.Message}";
        }
        catch (InvalidOperationException)
        {
            // What the JSON reader says of an escape that is half a character.
            fault = "The body has a text that is no Unicode.";
        }

        var count = reader._conditions.Count + reader._operations.Count;
        if (fault is null && count == 0)
        {
            fault = "The batch has neither conditions nor operations.";
        }
        else if (count > Limits.BatchOperationsMax)
        {
            code = ErrorCode.BatchTooLarge;
            fault = $"The batch has more than {Limits.BatchOperationsMax} conditions and operations. Split it.";
        }

        if (fault is not null)
        {
            return code;
        }

        conditions = reader._conditions.Count;
        reader._conditions.ForEach(operation => write.AddOwned(in operation));
        reader._operations.ForEach(operation => write.AddOwned(in operation));
        return ErrorCode.None;
    }

    private string? ReadBatch()
    {
        _json.Read();
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            return "The body is an object with operations, and conditions where there are any.";
        }

        var seen = 0;
        while (NextProperty())
        {
            var isConditions = _json.ValueTextEquals("conditions"u8);
            if (!isConditions && !_json.ValueTextEquals("operations"u8))
            {
                return "The batch has a word other than conditions and operations.";
            }

            var bit = isConditions ? 1 : 2;
            if ((seen & bit) != 0)
            {
                return "conditions or operations stand there twice.";
            }

            seen |= bit;
            if (ReadList(isConditions) is { } fault)
            {
                return fault;
            }
        }

        // Behind its end the reader takes nothing but blanks.
        _json.Read();
        return null;
    }

    private string? ReadList(bool areConditions)
    {
        var what = areConditions ? "conditions" : "operations";
        var list = areConditions ? _conditions : _operations;
        _json.Read();
        if (_json.TokenType != JsonTokenType.StartArray)
        {
            return $"{what} is a list.";
        }

        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.StartObject)
            {
                return $"{what} is a list of objects.";
            }

            var item = default(BatchItem);
            var operation = default(Operation);
            var fault = ReadItem(ref item, areConditions)
                ?? (areConditions ? item.ToCondition(out operation) : item.ToOperation(out operation));
            if (fault is not null)
            {
                return $"{(areConditions ? "Condition" : "Operation")} {list.Count}: {fault}";
            }

            list.Add(operation);
            if (list.Count > Limits.BatchOperationsMax)
            {
                return "too many";
            }
        }

        return null;
    }

    private string? ReadItem(ref BatchItem item, bool isCondition)
    {
        while (NextProperty())
        {
            var word = BatchWords.Of(ref _json, isCondition);
            if (word == BatchWord.None)
            {
                return $"it has a word other than {BatchWords.All(isCondition)}.";
            }

            if (!item.TryMark(word))
            {
                return "it has a word twice.";
            }

            _json.Read();
            if (ReadWord(ref item, word) is { } fault)
            {
                return fault;
            }
        }

        return null;
    }

    private string? ReadWord(ref BatchItem item, BatchWord word)
    {
        switch (word)
        {
            case BatchWord.Key:
                return TryBytes(out item.Key) ? null : "key is a text, or an object with b64.";
            case BatchWord.Value:
                return TryBytes(out item.Value) ? null : "value is a text, or an object with b64.";
            case BatchWord.To:
                return TryBytes(out item.To) ? null : "to is a text, or an object with b64.";
            case BatchWord.By:
                return TryNumber(out item.ByText, out item.By) ? null : "by is a number, or a text that is one.";
            case BatchWord.Offset:
                return _json.TokenType == JsonTokenType.Number && _json.TryGetInt64(out item.Offset) && item.Offset >= 0
                    ? null : "offset is a whole number from 0 on.";
            case BatchWord.Absent or BatchWord.Present or BatchWord.Replace or BatchWord.Optional:
                return _json.TokenType == JsonTokenType.True ? null : "absent, present, replace and optional are true, or not there.";
            default:
                if (_json.TokenType != JsonTokenType.String)
                {
                    return "op, version, content_type and ttl are texts.";
                }

                var text = _json.GetString()!;
                return word switch
                {
                    BatchWord.Op => item.SetOp(text),
                    BatchWord.ContentType => item.SetContentType(text),
                    BatchWord.Ttl => TimeText.TryMillis(text, out item.TtlMillis) ? null : $"ttl is {TimeText.Form}.",
                    _ => KvsVersion.TryParse(text, out item.Version) ? null : "version is one that an answer has given.",
                };
        }
    }

    private bool TryBytes(out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        if (_json.TokenType == JsonTokenType.String)
        {
            bytes = Text();
            return true;
        }

        if (_json.TokenType != JsonTokenType.StartObject || !NextProperty() || !_json.ValueTextEquals("b64"u8))
        {
            return false;
        }

        _json.Read();
        if (_json.TokenType != JsonTokenType.String || !_json.TryGetBytesFromBase64(out var decoded))
        {
            return false;
        }

        bytes = decoded;
        return !NextProperty();
    }

    /// <summary>A number as it is written, which says more than any type of ours holds; and as a whole one, where it is that.</summary>
    private bool TryNumber(out ReadOnlyMemory<byte> text, out long? whole)
    {
        var isNumber = _json.TokenType == JsonTokenType.Number;
        whole = isNumber && _json.TryGetInt64(out var number) ? number : null;
        text = isNumber ? _body.Slice((int)_json.TokenStartIndex, _json.ValueSpan.Length)
            : _json.TokenType == JsonTokenType.String ? Text()
            : default;
        return isNumber || _json.TokenType == JsonTokenType.String;
    }

    private ReadOnlyMemory<byte> Text()
    {
        if (!_json.ValueIsEscaped)
        {
            return _body.Slice((int)_json.TokenStartIndex + 1, _json.ValueSpan.Length);
        }

        var text = new byte[_json.ValueSpan.Length];
        return text.AsMemory(0, _json.CopyString(text));
    }

    private bool NextProperty() => _json.Read() && _json.TokenType == JsonTokenType.PropertyName;
}

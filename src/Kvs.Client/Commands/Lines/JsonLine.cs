using System.Globalization;
using System.Text.Json;
using Kvs.Client.Commands.CommandLine;

namespace Kvs.Client.Commands.Lines;

/// <summary>
/// Reads a JSON line: one object. Keys and values are strings, or {"b64": "..."} for bytes that are no text. Unknown
/// members are errors, and so are those that are there twice: a misspelt condition must not be ignored, nor a key.
/// </summary>
internal static class JsonLine
{
    /// <summary>
    /// Reads an operation: op, key, value and the options of the commands with underscores for dashes.
    /// </summary>
    /// <param name="line">The line.</param>
    /// <returns>The draft.</returns>
    internal static OperationDraft ReadOperation(ReadOnlySpan<byte> line) => Read(line, ReadMember);

    /// <summary>
    /// Reads an entry of an export: key, value, content_type, expires_at. The version that a scan shows is passed over.
    /// </summary>
    /// <param name="line">The line.</param>
    /// <returns>The draft of the set that restores it.</returns>
    internal static OperationDraft ReadEntry(ReadOnlySpan<byte> line)
    {
        var draft = Read(line, ReadEntryMember);
        draft.Name = "set";
        return draft;
    }

    private delegate void MemberReader(ref Utf8JsonReader reader, string name, OperationDraft draft);

    private static OperationDraft Read(ReadOnlySpan<byte> line, MemberReader readMember)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            var draft = new OperationDraft();
            var names = new List<string>(capacity: 8);
            Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject, "a JSON object is expected");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                Expect(!names.Contains(name), $"\"{name}\" is there twice");
                names.Add(name);
                reader.Read();
                readMember(ref reader, name, draft);
            }

            Expect(!reader.Read(), "there is more behind the JSON object");
            return draft;
        }
        catch (JsonException damage)
        {
            throw new InputException(
                $"no JSON object: near byte {(damage.BytePositionInLine ?? 0) + 1} of the line", damage);
        }
        catch (InvalidOperationException damage)
        {
            // The reader's complaint about a string that is no valid text, such as half of a surrogate pair.
            throw new InputException("a JSON string is no valid text; give such bytes as {\"b64\": ...}", damage);
        }
    }

    private static void ReadMember(ref Utf8JsonReader reader, string name, OperationDraft draft)
    {
        switch (name)
        {
            case "op": draft.Name = Text(ref reader, name); break;
            case "key": draft.Key = Bytes(ref reader, name); break;
            case "value": draft.Value = Bytes(ref reader, name); break;
            case "by": draft.By = Number(ref reader, name); break;
            case "expires_at": draft.ExpiresAt = Time(ref reader, name); break;
            case "ttl" or "content_type" or "if_version": draft.SetOption(OptionName(name), Text(ref reader, name)); break;
            default: ReadFlag(ref reader, name, draft); break;
        }
    }

    private static void ReadEntryMember(ref Utf8JsonReader reader, string name, OperationDraft draft)
    {
        switch (name)
        {
            case "key": draft.Key = Bytes(ref reader, name); break;
            case "value": draft.Value = Bytes(ref reader, name); break;
            case "content_type": draft.ContentType = Text(ref reader, name); break;
            case "expires_at": draft.ExpiresAt = Time(ref reader, name); break;
            case "version": Text(ref reader, name); break;
            default: throw new InputException($"unknown member \"{name}\"");
        }
    }

    private static void ReadFlag(ref Utf8JsonReader reader, string name, OperationDraft draft)
    {
        var isSet = reader.TokenType == JsonTokenType.True;
        Expect(
            name is "if_absent" or "if_present" or "get" or "keep_ttl",
            $"unknown member \"{name}\"");
        Expect(isSet || reader.TokenType == JsonTokenType.False, $"\"{name}\" must be true or false");
        if (isSet)
        {
            draft.TrySetFlag(OptionName(name));
        }
    }

    private static byte[] Bytes(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return StringBytes(ref reader);
        }

        var complaint = $"\"{name}\" must be a string or {{\"b64\": \"...\"}}";
        Expect(
            reader.TokenType == JsonTokenType.StartObject
                && reader.Read() && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("b64"u8)
                && reader.Read() && reader.TokenType == JsonTokenType.String,
            complaint);
        var isBase64 = reader.TryGetBytesFromBase64(out var bytes);
        Expect(isBase64 && reader.Read() && reader.TokenType == JsonTokenType.EndObject, complaint);
        return bytes!;
    }

    private static byte[] StringBytes(ref Utf8JsonReader reader)
    {
        // Unescaping only ever makes a string shorter.
        var bytes = new byte[reader.ValueSpan.Length];
        var length = reader.CopyString(bytes);
        return length == bytes.Length ? bytes : bytes[..length];
    }

    private static string Text(ref Utf8JsonReader reader, string name)
    {
        Expect(reader.TokenType == JsonTokenType.String, $"\"{name}\" must be a string");
        return reader.GetString()!;
    }

    private static string Number(ref Utf8JsonReader reader, string name)
    {
        var number = 0L;
        Expect(
            reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out number),
            $"\"{name}\" must be a 64-bit integer");
        return number.ToString(CultureInfo.InvariantCulture);
    }

    private static DateTimeOffset Time(ref Utf8JsonReader reader, string name)
    {
        var time = default(DateTimeOffset);
        Expect(
            reader.TokenType == JsonTokenType.String && reader.TryGetDateTimeOffset(out time),
            $"\"{name}\" must be a time such as \"2030-01-31T12:00:00Z\"");
        return time;
    }

    private static string OptionName(string member) => "--" + member.Replace('_', '-');

    private static void Expect(bool holds, string complaint)
    {
        if (!holds)
        {
            throw new InputException(complaint);
        }
    }
}

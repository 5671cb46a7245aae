using System.Text;
using Kvs.Client.Commands.CommandLine;

namespace Kvs.Client.Commands.Lines;

/// <summary>
/// Reads a simple line: an operation as it would stand on the command line, such as set KEY VALUE --ttl 30s.
/// </summary>
internal static class SimpleLine
{
    /// <summary>Reads a line.</summary>
    /// <param name="line">The line; not empty.</param>
    /// <returns>The draft.</returns>
    internal static OperationDraft Read(ReadOnlySpan<byte> line)
    {
        var words = LineWords.Split(line);
        var draft = new OperationDraft { Name = Text(words[0]) };
        draft.CheckName();
        var operands = ReadOptions(words, draft);
        if (operands.Count > 0)
        {
            draft.Key = operands[0].Bytes;
        }

        var taken = 1;
        if (operands.Count > 1 && draft.Name is "set" or "incr" or "expire")
        {
            taken = 2;
            TakeSecond(draft, operands);
        }

        return operands.Count <= taken
            ? draft
            : throw new InputException(
                $"'{Text(operands[taken])}' is too much; quote what has blanks");
    }

    private static void TakeSecond(OperationDraft draft, List<Word> operands)
    {
        if (operands.Count < 2)
        {
            return;
        }

        switch (draft.Name)
        {
            case "set": draft.Value = operands[1].Bytes; break;
            case "incr": draft.By = Text(operands[1]); break;
            default: draft.TimeToLive = Text(operands[1]); break;
        }
    }

    /// <summary>Gives the options to the draft and keeps the operands. Behind "--" everything is an operand.</summary>
    private static List<Word> ReadOptions(List<Word> words, OperationDraft draft)
    {
        var operands = new List<Word>();
        var isBehindDashes = false;
        for (var i = 1; i < words.Count; i++)
        {
            var word = words[i];
            if (isBehindDashes || word.IsQuoted || !word.Bytes.AsSpan().StartsWith("--"u8))
            {
                operands.Add(word);
            }
            else if (word.Bytes.Length == 2)
            {
                isBehindDashes = true;
            }
            else if (!draft.TrySetFlag(Text(word)))
            {
                var (name, value) = SplitOption(Text(word));
                OperationDraft.CheckOption(name);
                value ??= i + 1 < words.Count ? Text(words[++i]) : throw new InputException($"{name} needs a value");
                draft.SetOption(name, value);
            }
        }

        return operands;
    }

    private static (string Name, string? Value) SplitOption(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (text, null) : (text[..equals], text[(equals + 1)..]);
    }

    private static string Text(Word word) => Encoding.UTF8.GetString(word.Bytes);
}

using System.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Core.Operations;

namespace Kvs.Client.Commands.Ranges;

/// <summary>The options that choose a range of keys, the same for scan, count, export and watch.</summary>
internal sealed class RangeOptions
{
    private readonly Option<string?> _prefix = Operand.Value("--prefix", "P", "keys that begin with P");
    private readonly Option<string?> _from = Operand.Value("--from", "A", "keys from A on, A included");
    private readonly Option<string?> _to = Operand.Value("--to", "B", "keys up to B, B excluded");
    private readonly Option<bool> _base64 = KeyOperand.Base64Option();

    /// <summary>Adds them to a command.</summary>
    /// <param name="command">The command.</param>
    internal void AddTo(Command command)
    {
        command.Options.Add(_prefix);
        command.Options.Add(_from);
        command.Options.Add(_to);
        command.Options.Add(_base64);
    }

    /// <summary>Reads the range: keys must satisfy all options given.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <returns>The range.</returns>
    internal KeyRange Read(ParseResult parse)
    {
        var range = new KeyRange(Key(parse, _from) ?? default, Key(parse, _to));
        return Key(parse, _prefix) is { } prefix ? range.Intersect(KeyRange.Prefix(prefix)) : range;
    }

    /// <summary>Reads the range, and the one key that may be given instead.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="key">The option that names one key.</param>
    /// <returns>The range.</returns>
    internal KeyRange Read(ParseResult parse, Option<string?> key) =>
        Key(parse, key) is { } one ? Read(parse).Intersect(KeyRange.Only(new KvsKey(one))) : Read(parse);

    private ReadOnlyMemory<byte>? Key(ParseResult parse, Option<string?> option)
    {
        // No conditional expression: in one, null becomes an empty memory (by way of byte[]), which is a bound.
        if (parse.GetValue(option) is not { } text)
        {
            return null;
        }

        return parse.GetValue(_base64) ? Arguments.Base64(option.Name, text) : KvsKey.FromString(text).Bytes;
    }
}

using System.CommandLine;
using Kvs.Core.Operations;

namespace Kvs.Client.Commands.CommandLine.Operands;

/// <summary>The operand KEY with the option that says that it is base64, for keys that are no text.</summary>
internal sealed class KeyOperand
{
    private readonly Argument<string> _key = Operand.Required("KEY", "the key");
    private readonly Option<bool> _base64 = Base64Option();

    /// <summary>The option that says that keys are given as base64.</summary>
    /// <returns>The option.</returns>
    internal static Option<bool> Base64Option() =>
        Operand.Flag("--key-b64", "keys on the command line are base64 (any bytes)");

    /// <summary>Adds both to a command: KEY becomes its next operand.</summary>
    /// <param name="command">The command.</param>
    internal void AddTo(Command command)
    {
        command.Arguments.Add(_key);
        command.Options.Add(_base64);
    }

    /// <summary>Reads the key.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <returns>The key.</returns>
    internal KvsKey Read(ParseResult parse)
    {
        if (Operand.IsStandardInput(parse, _key))
        {
            throw new InputException("KEY cannot come from stdin; for the key '-' itself write: -- -");
        }

        var text = parse.GetValue(_key)!;
        return parse.GetValue(_base64) ? new KvsKey(Arguments.Base64("KEY", text)) : KvsKey.FromString(text);
    }
}

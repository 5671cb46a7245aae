using System.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Core.Operations;

namespace Kvs.Client.Commands.Keys;

/// <summary>The options that make a set conditional.</summary>
internal sealed class ConditionOptions
{
    private readonly Option<bool> _ifAbsent = Operand.Flag("--if-absent", "only if the key is not there");
    private readonly Option<bool> _ifPresent = Operand.Flag("--if-present", "only if the key is there");
    private readonly Option<string?> _ifVersion = IfVersionOption();

    /// <summary>The option --if-version.</summary>
    /// <returns>The option.</returns>
    internal static Option<string?> IfVersionOption() =>
        Operand.Value("--if-version", "TOKEN", "only if the key has this version (see get -o json)");

    /// <summary>Adds them to a command.</summary>
    /// <param name="command">The command.</param>
    internal void AddTo(Command command)
    {
        command.Options.Add(_ifAbsent);
        command.Options.Add(_ifPresent);
        command.Options.Add(_ifVersion);
    }

    /// <summary>Reads the condition.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <returns>The condition.</returns>
    internal KvsCondition Read(ParseResult parse) =>
        Arguments.Condition(parse.GetValue(_ifAbsent), parse.GetValue(_ifPresent), parse.GetValue(_ifVersion));
}

using System.CommandLine;
using System.CommandLine.Parsing;

namespace Kvs.Client.Commands.CommandLine.Help;

/// <summary>Says what the parser found wrong in the words of the other messages.</summary>
internal static class UsageText
{
    /// <summary>The first thing that is wrong.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <returns>One line, without a full stop; null when nothing is wrong.</returns>
    internal static string? Of(ParseResult parse) => (parse.UnmatchedTokens, parse.Errors) switch
    {
        ([var word, ..], _) => $"unexpected operand '{word}'",
        (_, [var first, ..]) => Of(first),
        _ => null,
    };

    private static string Of(ParseError error) => error.SymbolResult switch
    {
        ArgumentResult { Argument: { } operand, Tokens.Count: 0 } => $"{operand.Name} is missing",
        OptionResult { Option: { } option, Tokens.Count: 0 } => $"{option.Name} needs a value: {option.HelpName}",
        OptionResult { Option: { } option, Tokens.Count: > 1 } => $"{option.Name} is given more than once",
        _ => error.Message.TrimEnd('.'),
    };
}

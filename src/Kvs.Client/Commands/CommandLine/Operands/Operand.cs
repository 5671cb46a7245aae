using System.CommandLine;
using System.CommandLine.Parsing;

namespace Kvs.Client.Commands.CommandLine.Operands;

/// <summary>
/// Makes operands and options in the one shape that all commands use, and reads what needs the raw tokens.
/// </summary>
internal static class Operand
{
    /// <summary>An operand that must be given.</summary>
    /// <param name="name">Its name, in capitals.</param>
    /// <param name="description">What it is.</param>
    /// <returns>The operand.</returns>
    internal static Argument<string> Required(string name, string description) =>
        new(name) { Description = description };

    /// <summary>An operand that may be given.</summary>
    /// <param name="name">Its name, in capitals.</param>
    /// <param name="description">What it is.</param>
    /// <returns>The operand.</returns>
    internal static Argument<string?> Optional(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.ZeroOrOne };

    /// <summary>An option without a value.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it does.</param>
    /// <returns>The option.</returns>
    /// <remarks>
    /// With the default arity, a following operand "true" or "false" would be taken for the option's value.
    /// </remarks>
    internal static Option<bool> Flag(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.Zero };

    /// <summary>An option with a value.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">What its value is called in the help.</param>
    /// <param name="description">What it does.</param>
    /// <returns>The option.</returns>
    internal static Option<string?> Value(string name, string value, string description) =>
        new(name) { Description = description, HelpName = value };

    /// <summary>
    /// Whether an operand is the lone dash that stands for stdin, rather than a literal one behind "--".
    /// </summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="operand">The operand.</param>
    /// <returns>True for stdin.</returns>
    internal static bool IsStandardInput(ParseResult parse, Argument operand)
    {
        if (parse.GetResult(operand) is not { Tokens: [{ Value: "-" } token] })
        {
            return false;
        }

        foreach (var candidate in parse.Tokens)
        {
            if (ReferenceEquals(candidate, token))
            {
                return true;
            }

            if (candidate.Type == TokenType.DoubleDash)
            {
                return false;
            }
        }

        return true;
    }
}

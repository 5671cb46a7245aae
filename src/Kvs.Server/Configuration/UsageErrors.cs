using System.CommandLine;

namespace Kvs.Server.Configuration;

/// <summary>Says in one line what is wrong with a command line.</summary>
internal static class UsageErrors
{
    /// <summary>Describes the first error; for an unknown flag or command, names the nearest known one.</summary>
    /// <param name="parsed">What was parsed, with errors.</param>
    /// <param name="root">The root command.</param>
    /// <returns>One line.</returns>
    internal static string Describe(ParseResult parsed, RootCommand root)
    {
        if (parsed.UnmatchedTokens is not [var word, ..])
        {
            return $"{parsed.Errors[0].Message} See kvs-server --help.";
        }

        var command = parsed.CommandResult.Command;
        var flags = command.Options.Concat(command == root ? [] : root.Options.Where(option => option.Recursive))
            .Select(option => option.Name);
        var nearest = word.StartsWith('-')
            ? NearestName.Of(word, flags)
            : NearestName.Of(word, command.Subcommands.Select(sub => sub.Name).DefaultIfEmpty("--help"));
        var kind = word.StartsWith('-') ? "flag" : "argument";
        return $"'{word}' is not a known {kind}; the nearest is '{nearest}'. See kvs-server --help.";
    }
}

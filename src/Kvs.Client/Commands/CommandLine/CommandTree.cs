using System.CommandLine;
using Kvs.Client.Commands.CommandLine.Help;
using Kvs.Client.Commands.CommandLine.Operands;

namespace Kvs.Client.Commands.CommandLine;

/// <summary>
/// The command line as the parser knows it. Only commands whose name stands among the arguments are built: a script
/// that calls the client once for each key pays for one.
/// </summary>
internal sealed class CommandTree
{
    /// <summary>Builds the tree for these arguments.</summary>
    /// <param name="args">The arguments as given.</param>
    internal CommandTree(IReadOnlyList<string> args)
    {
        Root = new RootCommand();
        Root.Options.Clear();
        Common = new CommonOptions();
        Common.Output.CompletionSources.Add("text", "json");
        Root.Options.Add(Common.Address);
        Root.Options.Add(Common.Timeout);
        Root.Options.Add(Common.Output);
        Common.Consistency.CompletionSources.Add("linearizable", "stale");
        Root.Options.Add(Common.Consistency);
        Root.Options.Add(Common.AtLeast);
        foreach (var option in Common.Access.All.Concat(Common.Tls.All))
        {
            Root.Options.Add(option);
        }

        Root.Options.Add(new Option<bool>("--help", "-h")
        {
            Description = "show help and end",
            Arity = ArgumentArity.Zero,
            Recursive = true,
            Action = new PageAction(WriteHelp),
        });
        Root.Options.Add(new Option<bool>("--version", "-V")
        {
            Description = "show the version and end",
            Arity = ArgumentArity.Zero,
            Action = new PageAction((_, output) => output.Write($"kvs-client {Version}\n")),
        });
        AddVerbs(args);
    }

    /// <summary>The program's version: three numbers, the same as the server's.</summary>
    internal static string Version { get; } = typeof(CommandTree).Assembly.GetName().Version!.ToString(3);

    /// <summary>The root.</summary>
    internal RootCommand Root { get; }

    /// <summary>The options that every command has.</summary>
    internal CommonOptions Common { get; }

    /// <summary>Parses the arguments.</summary>
    /// <param name="args">The arguments as given.</param>
    /// <returns>What they mean.</returns>
    internal ParseResult Parse(IReadOnlyList<string> args) =>
        Root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null, EnablePosixBundling = false });

    /// <summary>Writes the help page of the command that the arguments name.</summary>
    /// <param name="parse">What they mean.</param>
    /// <param name="output">Where to.</param>
    internal void WriteHelp(ParseResult parse, TextWriter output)
    {
        var isProgram = parse.CommandResult.Command == Root;
        var common = new List<Option>();
        foreach (var option in Root.Options)
        {
            if (isProgram || option.Recursive)
            {
                common.Add(option);
            }
        }

        HelpPage.Write(parse.CommandResult.Command, common, output);
    }

    private void AddVerbs(IReadOnlyList<string> args)
    {
        // A directive ([suggest] of the shell completion) may ask for any command.
        var all = args is [['[', ..], ..];
        foreach (var verb in VerbTable.Verbs)
        {
            if (all || Contains(args, verb.Name))
            {
                Root.Subcommands.Add(verb.Create());
            }
        }
    }

    private static bool Contains(IReadOnlyList<string> args, string name)
    {
        foreach (var arg in args)
        {
            if (arg == name)
            {
                return true;
            }
        }

        return false;
    }
}

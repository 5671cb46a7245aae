using System.CommandLine;
using System.Text;
using Kvs.Client.Commands.CommandLine.Help;
using Kvs.Client.Output;

namespace Kvs.Client.Commands.CommandLine;

/// <summary>
/// The program without its process: arguments in, bytes and an exit code out. Parses, runs the command, and turns
/// everything that can go wrong into one line on stderr and its exit code; no exception leaves it.
/// </summary>
/// <param name="io">The seam to the process.</param>
/// <param name="connector">Where stores come from.</param>
internal sealed class ClientApp(IConsoleIo io, IStoreConnector connector)
{
    /// <summary>Runs the program.</summary>
    /// <param name="args">The arguments.</param>
    /// <returns>The exit code.</returns>
    internal Task<ExitCode> RunAsync(IReadOnlyList<string> args)
    {
        var tree = new CommandTree(args);
        var parse = tree.Parse(args);
        try
        {
            if (parse.Errors.Count == 0 && parse.Action is not null)
            {
                return Task.FromResult(WritePage(parse));
            }

            OptionScan.RefuseUnknown(args, parse.CommandResult.Command, tree.Root);
            return parse.CommandResult.Command is VerbCommand verb
                ? RunVerbAsync(verb, Prepare(tree, parse))
                : Task.FromResult(ExplainMissingVerb(tree, parse));
        }
        catch (InputException complaint)
        {
            return Task.FromResult(Refuse(parse, complaint));
        }
        catch (IOException failure)
        {
            WriteError(failure.Message);
            return Task.FromResult(ExitCode.Usage);
        }
    }

    private Invocation Prepare(CommandTree tree, ParseResult parse) => UsageText.Of(parse) is { } complaint
        ? throw new InputException(complaint)
        : new Invocation(parse, tree.Common.Read(parse, io), io, connector);

    private async Task<ExitCode> RunVerbAsync(VerbCommand verb, Invocation prepared)
    {
        await using var invocation = prepared;
        try
        {
            var code = await verb.Run(invocation);
            invocation.Results.Flush();
            return code;
        }
        catch (InputException complaint)
        {
            FlushQuietly(invocation.Results);
            return Refuse(invocation.Parse, complaint);
        }
        catch (Exception failure)
        {
            // The one place where a decision is taken on every failure: which exit code, which line.
            var (code, text) = Failures.Explain(failure, verb, invocation);
            FlushQuietly(invocation.Results);
            WriteError(text);
            return code;
        }
    }

    /// <summary>What was found before a failure is shown; that stdout is broken too is then no news.</summary>
    private static void FlushQuietly(ResultWriter results)
    {
        try
        {
            results.Flush();
        }
        catch (IOException)
        {
            // The failure that is being reported comes first.
        }
    }

    private ExitCode Refuse(ParseResult parse, InputException complaint)
    {
        WriteError(complaint.Message);
        WriteErrorLine($"Help: kvs-client {VerbPrefix(parse)}--help");
        return ExitCode.Usage;
    }

    private ExitCode ExplainMissingVerb(CommandTree tree, ParseResult parse)
    {
        if (parse.UnmatchedTokens is [var word, ..])
        {
            var names = Array.ConvertAll(VerbTable.Verbs, verb => verb.Name);
            throw new InputException(names.Contains(word)
                ? $"the command '{word}' goes before --"
                : Spelling.Nearest(word, names) is { } meant
                ? $"unknown command '{word}'; did you mean '{meant}'?"
                : $"unknown command '{word}'");
        }

        if (parse.Tokens.Count > 0 && UsageText.Of(parse) is { } complaint)
        {
            throw new InputException(complaint);
        }

        using var page = new StringWriter();
        tree.WriteHelp(parse, page);
        WriteError("no command given\n\n" + page.ToString().TrimEnd());
        return ExitCode.Usage;
    }

    private ExitCode WritePage(ParseResult parse)
    {
        using var page = new StringWriter();
        var code = parse.Invoke(new InvocationConfiguration
        {
            Output = page,
            Error = page,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
        io.Output.Write(Encoding.UTF8.GetBytes(page.ToString()));
        io.Output.Flush();
        return code == 0 ? ExitCode.Done : ExitCode.Usage;
    }

    private static string VerbPrefix(ParseResult parse) =>
        parse.CommandResult.Command is VerbCommand verb ? verb.Name + " " : "";

    private void WriteError(string text) => WriteErrorLine("kvs-client: " + text);

    private void WriteErrorLine(string line)
    {
        io.Error.Write(Encoding.UTF8.GetBytes(line + "\n"));
        io.Error.Flush();
    }
}

using System.CommandLine;

namespace Kvs.Client.Commands.CommandLine.Help;

/// <summary>
/// Writes help: for the program, or for one command. Every page fits 80 columns (golden pages hold it).
/// </summary>
internal static class HelpPage
{
    private const int Columns = 80;
    private const int LabelColumns = 26;

    /// <summary>Writes the page of a command.</summary>
    /// <param name="command">The command; the root gives the page of the program.</param>
    /// <param name="common">The options that all commands have.</param>
    /// <param name="output">Where to.</param>
    internal static void Write(Command command, IList<Option> common, TextWriter output)
    {
        if (command is VerbCommand verb)
        {
            WriteVerb(verb, common, output);
        }
        else
        {
            WriteProgram(common, output);
        }
    }

    private static void WriteProgram(IList<Option> common, TextWriter output)
    {
        output.Write("""
            Talks to a kvs-server: stores, reads and lists keys and their values.

            Usage: kvs-client COMMAND [OPERANDS] [OPTIONS]

            Commands:

            """.ReplaceLineEndings("\n"));
        foreach (var verb in VerbTable.Verbs)
        {
            WriteRow(output, verb.Name, verb.Summary);
        }

        WriteOptions(output, "Options, before or behind the command:", common);
        output.Write(ProgramNotes.ReplaceLineEndings("\n"));
    }

    private static string ProgramNotes => """

        Operands that begin with a dash go behind --, but for negative numbers. As a
        VALUE, a lone - means stdin; a literal dash is: -- -

        Exit codes: 0 done, 1 missing or condition failed, 2 usage, 3 not reachable,
        4 timed out or outcome unknown, 5 refused by the server.

        More on a command: kvs-client COMMAND --help
        Completion in the shell: docs/cli.md

        """;

    private static void WriteVerb(VerbCommand verb, IList<Option> common, TextWriter output)
    {
        WriteWrapped(output, verb.Description ?? "", 0);
        output.Write("\n");
        var label = "Usage:";
        foreach (var form in verb.Usage)
        {
            output.Write($"{label} kvs-client {form}\n");
            label = "      ";
        }

        if (verb.Arguments.Count > 0)
        {
            output.Write("\nOperands:\n");
            foreach (var argument in verb.Arguments)
            {
                WriteRow(output, argument.Name, argument.Description ?? "");
            }
        }

        WriteOptions(output, "Options:", verb.Options);
        WriteOptions(output, "Common options:", common);
        if (verb.Notes.Length > 0)
        {
            output.Write("\n" + verb.Notes.ReplaceLineEndings("\n").TrimEnd() + "\n");
        }
    }

    private static void WriteOptions(TextWriter output, string title, IList<Option> options)
    {
        if (options.Count == 0)
        {
            return;
        }

        output.Write($"\n{title}\n");
        foreach (var option in options)
        {
            WriteRow(output, Label(option), option.Description ?? "");
        }
    }

    private static string Label(Option option)
    {
        var shortName = "   ";
        foreach (var alias in option.Aliases)
        {
            shortName = alias + ",";
        }

        var value = option.Arity.MaximumNumberOfValues == 0 ? "" : " " + option.HelpName;
        return $"{shortName} {option.Name}{value}";
    }

    private static void WriteRow(TextWriter output, string label, string description)
    {
        output.Write("  " + label.PadRight(LabelColumns - 2));
        if (label.Length > LabelColumns - 3)
        {
            output.Write("\n" + new string(' ', LabelColumns));
        }

        WriteWrapped(output, description, LabelColumns);
    }

    private static void WriteWrapped(TextWriter output, string text, int indent)
    {
        var column = indent;
        foreach (var word in text.Split(' '))
        {
            if (column > indent && column + 1 + word.Length > Columns)
            {
                output.Write("\n" + new string(' ', indent));
                column = indent;
            }

            var gap = column > indent ? " " : "";
            output.Write(gap + word);
            column += gap.Length + word.Length;
        }

        output.Write("\n");
    }
}

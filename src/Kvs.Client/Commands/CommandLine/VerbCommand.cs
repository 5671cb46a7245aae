using System.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Client.Output;

namespace Kvs.Client.Commands.CommandLine;

/// <summary>A command of the client: its operands and options, its help page, and what it does.</summary>
internal sealed class VerbCommand : Command
{
    /// <summary>Creates the command.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="summary">One sentence on what it does.</param>
    /// <param name="usage">Its forms, without the name of the program.</param>
    internal VerbCommand(string name, string summary, params string[] usage)
        : base(name, summary) => Usage = usage;

    /// <summary>Its forms, without the name of the program.</summary>
    internal IReadOnlyList<string> Usage { get; }

    /// <summary>What the help says behind the lists: details and examples. At most 80 columns.</summary>
    internal string Notes { get; init; } = "";

    /// <summary>Whether it can change the store, so that a missing answer leaves the outcome open.</summary>
    internal bool Writes { get; init; }

    /// <summary>
    /// What it does: reads its arguments first (throwing <see cref="InputException"/>), connects, calls the store,
    /// gives results to the invocation.
    /// </summary>
    internal required Func<Invocation, Task<ExitCode>> Run { get; init; }

    /// <summary>A command that reads what it writes to the store from stdin, or from the file of its one option.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="summary">One sentence on what it does.</param>
    /// <param name="notes">What the help says behind the lists.</param>
    /// <param name="run">What it does; given the file, or null for stdin.</param>
    /// <returns>The command.</returns>
    internal static VerbCommand ReadingInput(
        string name, string summary, string notes, Func<Invocation, string?, Task<ExitCode>> run)
    {
        var file = Operand.Value("--file", "FILE", "read from a file instead of stdin");
        var command = new VerbCommand(name, summary, $"{name} [OPTIONS]")
        {
            Notes = notes,
            Writes = true,
            Run = invocation => run(invocation, invocation.Parse.GetValue(file)),
        };
        command.Options.Add(file);
        return command;
    }
}

using System.CommandLine;
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
}

using Kvs.Client.Commands.Watch;

namespace Kvs.Client.Commands.CommandLine;

/// <summary>
/// The seam between the commands and the process: standard streams, files named on the command line, environment and
/// time. Commands touch nothing else of the machine, so that a test drives a whole command in process.
/// Ownership: the standard streams belong to the implementation; an opened file belongs to the caller.
/// </summary>
internal interface IConsoleIo
{
    /// <summary>Stdin, as bytes.</summary>
    Stream Input { get; }

    /// <summary>Stdout, as bytes, unbuffered.</summary>
    Stream Output { get; }

    /// <summary>Stderr, as bytes, unbuffered.</summary>
    Stream Error { get; }

    /// <summary>Whether a person reads stderr.</summary>
    bool IsErrorTerminal { get; }

    /// <summary>The clock.</summary>
    TimeProvider Clock { get; }

    /// <summary>Reads an environment variable.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its value, or null.</returns>
    string? Variable(string name);

    /// <summary>Runs a program to its end; its output is this process's.</summary>
    /// <param name="command">The program.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Its exit code.</returns>
    /// <exception cref="InputException">It cannot be run.</exception>
    Task<int> RunAsync(ChildCommand command, CancellationToken cancellationToken);

    /// <summary>Opens a file for reading.</summary>
    /// <param name="path">Its path.</param>
    /// <returns>The file.</returns>
    Stream OpenRead(string path);

    /// <summary>Opens a file that takes the place of another one by <see cref="Replace"/>, once it is whole.</summary>
    /// <param name="path">The path of the file that it will replace.</param>
    /// <returns>The new file.</returns>
    Stream OpenReplacement(string path);

    /// <summary>Puts the closed replacement of a file into its place.</summary>
    /// <param name="path">The path of the file.</param>
    void Replace(string path);
}

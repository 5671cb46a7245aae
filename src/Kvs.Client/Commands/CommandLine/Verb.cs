namespace Kvs.Client.Commands.CommandLine;

/// <summary>
/// A line of the list of commands. The command itself is built only when it is asked for: starting is quick.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Summary">What it does, in a few words.</param>
/// <param name="Create">Builds it.</param>
internal readonly record struct Verb(string Name, string Summary, Func<VerbCommand> Create);

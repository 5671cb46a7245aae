using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;

namespace Kvs.Client.Commands.Keys;

/// <summary>ttl KEY.</summary>
internal static class TtlCommand
{
    private const string Notes = """
        Prints a duration such as 29.5s, or none for a key that does not expire. A
        missing key prints "Key not found" on stderr and is exit code 1.

        Example:
          kvs-client ttl session
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var key = new KeyOperand();
        var command = new VerbCommand("ttl", "Prints how long a key has to live.", "ttl KEY [OPTIONS]")
        {
            Notes = Notes,
            Run = run =>
                run.RunKeyOperationAsync(new KeyOperation { Verb = KeyVerb.TimeToLive, Key = key.Read(run.Parse) }),
        };
        key.AddTo(command);
        return command;
    }
}

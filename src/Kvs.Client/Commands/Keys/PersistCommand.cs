using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;

namespace Kvs.Client.Commands.Keys;

/// <summary>persist KEY.</summary>
internal static class PersistCommand
{
    private const string Notes = """
        Success prints nothing; a key without an expiry stays as it is. A missing key
        prints "Key not found" on stderr and is exit code 1.

        Example:
          kvs-client persist session
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var key = new KeyOperand();
        var command = new VerbCommand(
            "persist", "Clears the expiry of a key: it lives for ever again.", "persist KEY [OPTIONS]")
        {
            Notes = Notes,
            Writes = true,
            Run = run =>
                run.RunKeyOperationAsync(new KeyOperation { Verb = KeyVerb.Persist, Key = key.Read(run.Parse) }),
        };
        key.AddTo(command);
        return command;
    }
}

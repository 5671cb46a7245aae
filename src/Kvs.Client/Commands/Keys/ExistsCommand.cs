using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;

namespace Kvs.Client.Commands.Keys;

/// <summary>exists KEY.</summary>
internal static class ExistsCommand
{
    private const string Notes = """
        Prints true with exit code 0, or false with exit code 1.

        Example:
          if kvs-client exists lock > /dev/null; then echo taken; fi
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var key = new KeyOperand();
        var command = new VerbCommand(
            "exists", "Tells whether a key is there, without reading its value.", "exists KEY [OPTIONS]")
        {
            Notes = Notes,
            Run = run =>
                run.RunKeyOperationAsync(new KeyOperation { Verb = KeyVerb.Exists, Key = key.Read(run.Parse) }),
        };
        key.AddTo(command);
        return command;
    }
}

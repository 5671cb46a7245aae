using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;

namespace Kvs.Client.Commands.Keys;

/// <summary>incr KEY [BY].</summary>
internal static class IncrCommand
{
    private const string Notes = """
        Prints the new value. A missing key counts as 0; an expiry stays. A value that
        is no decimal 64-bit integer is refused, exit code 5.

        Examples:
          kvs-client incr visits
          kvs-client incr stock -3
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var key = new KeyOperand();
        var by = Operand.Optional("BY", "what is added, negative too [1]");
        var command = new VerbCommand("incr", "Adds to a counter, atomically.", "incr KEY [BY] [OPTIONS]")
        {
            Notes = Notes,
            Writes = true,
            Run = run => run.RunKeyOperationAsync(new KeyOperation
            {
                Verb = KeyVerb.Increment,
                Key = key.Read(run.Parse),
                By = run.Parse.GetValue(by) is { } text ? Arguments.Integer("BY", text) : 1,
            }),
        };
        key.AddTo(command);
        command.Arguments.Add(by);
        return command;
    }
}

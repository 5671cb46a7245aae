using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Core.Operations;

namespace Kvs.Client.Commands.Keys;

/// <summary>rm KEY.</summary>
internal static class RmCommand
{
    private const string Notes = """
        Success prints nothing. A missing key prints "Key not found" on stderr and is
        exit code 1; so is a version that the key does not have.

        Examples:
          kvs-client rm colour
          kvs-client rm lock --if-version 65c1a3f2e-2a
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var key = new KeyOperand();
        var ifVersion = ConditionOptions.IfVersionOption();
        var get = Operand.Flag("--get", "print the value that is removed");
        var command = new VerbCommand("rm", "Removes a key.", "rm KEY [OPTIONS]")
        {
            Notes = Notes,
            Writes = true,
            Run = run => run.RunKeyOperationAsync(new KeyOperation
            {
                Verb = KeyVerb.Remove,
                Key = key.Read(run.Parse),
                Condition = run.Parse.GetValue(ifVersion) is { } token
                    ? KvsCondition.IfVersion(Arguments.Version("--if-version", token))
                    : default,
                ReturnPrevious = run.Parse.GetValue(get),
            }),
        };
        key.AddTo(command);
        command.Options.Add(ifVersion);
        command.Options.Add(get);
        return command;
    }
}

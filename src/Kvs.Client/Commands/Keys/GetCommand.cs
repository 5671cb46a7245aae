using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Client.Output;
using Kvs.Client.Output.Keys;

namespace Kvs.Client.Commands.Keys;

/// <summary>get KEY.</summary>
internal static class GetCommand
{
    private const string Notes = """
        A missing key prints "Key not found" on stdout and is no error, so that old
        scripts run; --strict makes it exit code 1. --raw prints the bytes of the
        value without a line end; a missing key then leaves stdout empty and is exit
        code 1. -o json shows the version and the expiry too.

        Examples:
          kvs-client get colour
          kvs-client get --raw photo > photo.jpg
          kvs-client get colour -o json
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var key = new KeyOperand();
        var strict = Operand.Flag("--strict", "a missing key is exit code 1");
        var raw = Operand.Flag("--raw", "print the bytes of the value and nothing else");
        var command = new VerbCommand("get", "Prints the value of a key.", "get KEY [OPTIONS]")
        {
            Notes = Notes,
            Run = async run =>
            {
                var isRaw = run.Parse.GetValue(raw);
                if (isRaw && run.Settings.Format == OutputFormat.Json)
                {
                    throw new InputException("give one of --raw and -o json");
                }

                var operation = new KeyOperation { Verb = KeyVerb.Get, Key = key.Read(run.Parse) };
                var store = await run.ConnectAsync();
                var result = (ValueResult)await operation.RunAsync(store, run.Token);
                return run.ReportWithPosition(result with { Strict = run.Parse.GetValue(strict), Raw = isRaw });
            },
        };
        key.AddTo(command);
        command.Options.Add(strict);
        command.Options.Add(raw);
        return command;
    }
}

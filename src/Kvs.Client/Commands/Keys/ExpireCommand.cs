using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;

namespace Kvs.Client.Commands.Keys;

/// <summary>expire KEY DURATION.</summary>
internal static class ExpireCommand
{
    private const string Notes = """
        Success prints nothing. A missing key prints "Key not found" on stderr and is
        exit code 1.

        Example:
          kvs-client expire session 30m
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var key = new KeyOperand();
        var duration = Operand.Required("DURATION", "time until it is gone: 500ms, 30s, 5m, 2h, 1d");
        var command = new VerbCommand(
            "expire",
            "Lets a key expire after a time; replaces an expiry that it has.",
            "expire KEY DURATION [OPTIONS]")
        {
            Notes = Notes,
            Writes = true,
            Run = run => run.RunKeyOperationAsync(new KeyOperation
            {
                Verb = KeyVerb.Expire,
                Key = key.Read(run.Parse),
                TimeToLive = Arguments.Duration("DURATION", run.Parse.GetValue(duration)!),
            }),
        };
        key.AddTo(command);
        command.Arguments.Add(duration);
        return command;
    }
}

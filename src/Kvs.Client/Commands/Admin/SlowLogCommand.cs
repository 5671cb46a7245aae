using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Commands.CommandLine.Operands;
using Kvs.Client.Output;
using Kvs.Client.Output.Admin;
using Kvs.Core.Operations;

namespace Kvs.Client.Commands.Admin;

/// <summary>slowlog.</summary>
internal static class SlowLogCommand
{
    private const int MostByDefault = 16;

    private const string Notes = """
        Requests that took as long as the server's slow-log-threshold or longer, the
        newest first: 16 of them, or N. The server keeps its newest in memory. One line
        is one request, or a pipelined burst of them, which are committed together: its
        first one, and how many there were.

        Example:
          kvs-client slowlog 100 -o json
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var most = Operand.Optional("N", "how many at most");
        var command = new VerbCommand("slowlog", "Prints the newest requests that took long.", "slowlog [N] [OPTIONS]")
        {
            Notes = Notes,
            Run = run => RunAsync(run, run.Parse.GetValue(most) is { } text ? Arguments.Positive("N", text) : MostByDefault),
        };
        command.Arguments.Add(most);
        return command;
    }

    private static async Task<ExitCode> RunAsync(Invocation run, long most)
    {
        var entries = await run.SlowLogAsync((int)Math.Min(most, int.MaxValue));
        return run.Report(new SlowLogResult([.. entries.Select(ViewOf)]));
    }

    private static SlowRequestView ViewOf(SlowRequest entry) => new(
        entry.Id, entry.At, entry.Duration, entry.Operation, entry.Result, entry.Key, entry.KeyBytes, entry.Bytes, entry.Requests,
        entry.Door, entry.Client);
}

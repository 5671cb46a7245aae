using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Output;
using Kvs.Client.Output.Ranges;
using Kvs.Core.Operations;

namespace Kvs.Client.Commands.Ranges;

/// <summary>count.</summary>
internal static class CountCommand
{
    private const string Notes = """
        Without options, counts all keys. The keys are not read: it is quick.

        Example:
          kvs-client count --prefix user:
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create()
    {
        var range = new RangeOptions();
        var command = new VerbCommand("count", "Counts keys.", "count [OPTIONS]")
        {
            Notes = Notes,
            Run = run => RunAsync(run, range.Read(run.Parse)),
        };
        range.AddTo(command);
        return command;
    }

    private static async Task<ExitCode> RunAsync(Invocation run, KeyRange range)
    {
        var store = await run.ConnectAsync();
        return run.Report(new CountResult(await store.CountAsync(range, run.Token)));
    }
}

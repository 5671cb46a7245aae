using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Output;

namespace Kvs.Client.Commands.Keys;

/// <summary>How the commands on one key end: connect, run, report.</summary>
internal static class KeyOperationRun
{
    /// <summary>Runs an operation and reports its result.</summary>
    /// <param name="run">The run of the command.</param>
    /// <param name="operation">The operation.</param>
    /// <returns>The exit code.</returns>
    internal static async Task<ExitCode> RunKeyOperationAsync(this Invocation run, KeyOperation operation)
    {
        var store = await run.ConnectAsync();
        return run.ReportWithPosition(await operation.RunAsync(store, run.Token));
    }
}

using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Output;
using Kvs.Client.Output.Admin;

namespace Kvs.Client.Commands.Admin;

/// <summary>compact.</summary>
internal static class CompactCommand
{
    private const string Notes = """
        The server does this by itself in the background; asking for it now is for
        before a backup, or after a large removal. Reads and writes go on meanwhile.
        Waits until it is done, however long that takes, unless --timeout is given.

        Example:
          kvs-client compact
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create() => new(
        "compact",
        "Reclaims the space of overwritten and removed keys now.",
        "compact [OPTIONS]")
    {
        Notes = Notes,
        Run = RunAsync,
    };

    private static async Task<ExitCode> RunAsync(Invocation run)
    {
        var store = await run.ConnectAsync();
        if (!run.Settings.IsTimeoutGiven)
        {
            run.Deadline.Suspend();
        }

        await store.CompactAsync(run.Token);
        return run.Report(new DoneResult());
    }
}

using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Output;
using Kvs.Client.Output.Admin;
using Kvs.Core.Operations;

namespace Kvs.Client.Commands.Admin;

/// <summary>stats.</summary>
internal static class StatsCommand
{
    private const string Notes = """
        Bytes and counts at this moment; 0 where the engine has no such thing. Counts
        of batches, groups, syncs, compactions and expired keys begin when the server
        opens the store. read_only says why the store takes no writes, if it does not.

        Example:
          kvs-client stats -o json
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create() => new("stats", "Prints figures about the store.", "stats [OPTIONS]")
    {
        Notes = Notes,
        Run = RunAsync,
    };

    private static async Task<ExitCode> RunAsync(Invocation run)
    {
        var store = await run.ConnectAsync();
        return run.Report(new FiguresResult(Figures(await store.StatsAsync(run.Token))));
    }

    private static Figure[] Figures(StoreStats stats) =>
    [
        new("engine", null, stats.Engine),
        new("version", null, stats.Version.ToString()),
        new("keys", stats.Keys),
        new("disk_bytes", stats.DiskBytes),
        new("live_bytes", stats.LiveBytes),
        new("dead_bytes", stats.DeadBytes),
        new("segments", stats.Segments),
        new("index_bytes", stats.IndexBytes),
        new("index_bytes_live", stats.IndexBytesLive),
        new("index_bytes_max", stats.IndexBytesMax),
        new("batches", stats.Batches),
        new("groups", stats.Groups),
        new("syncs", stats.Syncs),
        new("compactions", stats.Compactions),
        new("expired", stats.Expired),
        new("snapshots", stats.Snapshots),
        new("oldest_snapshot_ms", (long)stats.OldestSnapshot.TotalMilliseconds),
        new("request_clients", stats.RequestClients),
        new("request_bytes", stats.RequestBytes),
        new("request_window_ms", (long)stats.RequestWindow.TotalMilliseconds),
        new("read_only", null, stats.ReadOnlyReason),
    ];
}

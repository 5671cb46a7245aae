using Kvs.Client.Commands.CommandLine;
using Kvs.Client.Output;
using Kvs.Client.Output.Admin;
using Kvs.Core.Operations;

namespace Kvs.Client.Commands.Admin;

/// <summary>info.</summary>
internal static class InfoCommand
{
    private const string Notes = """
        What the server that is asked is: product and version, node and role in its
        cluster, epoch, engine, durability, how long it has been running, connections,
        and its doors, each with its port.

        Example:
          kvs-client info -o json
        """;

    /// <summary>Builds the command.</summary>
    /// <returns>The command.</returns>
    internal static VerbCommand Create() => new("info", "Prints what the server is.", "info [OPTIONS]")
    {
        Notes = Notes,
        Run = RunAsync,
    };

    private static async Task<ExitCode> RunAsync(Invocation run) =>
        run.Report(new FiguresResult(Figures(await run.InfoAsync())));

    private static Figure[] Figures(ServerInfo info) =>
    [
        new("server", null, info.Name),
        new("version", null, info.Version),
        new("node", null, info.NodeId.Length > 0 ? info.NodeId : null),
        new("role", null, info.Role.ToString().ToLowerInvariant()),
        new("epoch", (long)info.Epoch),
        new("engine", null, info.Engine),
        new("durability", null, info.Durability),
        new("uptime_ms", (long)info.Uptime.TotalMilliseconds),
        new("connections", info.Connections),
        new("doors", null, info.Doors.Length > 0 ? info.Doors : null),
    ];
}

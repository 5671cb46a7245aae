using Kvs.Server.Hosting;

namespace Kvs.Server.Offline;

/// <summary>A command that works on a data directory that no server has open.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Help">What it does, one sentence.</param>
/// <param name="Run">Runs it; gives the exit code.</param>
internal sealed record OfflineCommand(string Name, string Help, Func<ProgramContext, ServerOptions, int> Run);

/// <summary>The offline commands.</summary>
internal static class OfflineCommands
{
    /// <summary>All of them, in the order of the help text.</summary>
    internal static IReadOnlyList<OfflineCommand> All { get; } = [];
}

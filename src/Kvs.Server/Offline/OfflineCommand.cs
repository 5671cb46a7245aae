using Kvs.Server.Configuration;
using Kvs.Server.Engines;
using Kvs.Server.Hosting;

namespace Kvs.Server.Offline;

/// <summary>A command that works on a data directory which no server has open.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Help">What it does, one sentence.</param>
/// <param name="RunAsync">Runs it; gives the exit code.</param>
internal sealed record OfflineCommand(
    string Name, string Help, Func<ProgramContext, ServerOptions, Task<int>> RunAsync);

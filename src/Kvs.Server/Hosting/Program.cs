using Kvs.Core.Platform;
using Kvs.Server.Configuration;
using Kvs.Server.Engines;

namespace Kvs.Server.Hosting;

/// <summary>The entry point: ties the program to the process and nothing else.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] arguments)
    {
        // First of all: the runtime reads these when the first socket is made.
        SocketSwitches.Set();
        using var signals = new StopSignals();
        var context = new ProgramContext
        {
            Output = Console.Out,
            Error = Console.Error,
            Variables = Environment.GetEnvironmentVariables(),
            ProgramDirectory = AppContext.BaseDirectory,
            Machine = KvsEnvironment.Real(),
            LimitHeap = ProcessMemory.TryLimitHeap,
            Signals = signals,
        };
        return await new ServerCommandLine(context).RunAsync(arguments);
    }
}

using System.CommandLine;
using Kvs.Bench.Overload;

namespace Kvs.Bench.Commands;

/// <summary>The verbs idle and flood: what many clients cost that do nothing, and that do too much. Exit code 1 when it is too much.</summary>
internal static class OverloadCommands
{
    /// <summary>Idle connections on each door.</summary>
    internal static Command Idle()
    {
        var doors = Shared.Of("--doors", "which", "tcp,resp,http,grpc");
        var connections = Shared.Of("--connections", "how many", 10_000);
        var burstBytes = Shared.Of("--burst-bytes", "what each writes before it rests", 0);
        var directory = Shared.Directory();
        var command = new Command("idle", "Idle connections on each door: the memory of the server.") { doors, connections, burstBytes, directory };
        command.SetAction(parsed => Shared.InFreshDirectoryAsync(parsed.GetValue(directory)!, async path =>
            await IdleRun.RunAsync(
                path, Shared.Split(parsed.GetValue(doors)), parsed.GetValue(connections), parsed.GetValue(burstBytes), Console.Out) ? 0 : 1));
        return command;
    }

    /// <summary>Many times the writes that a server can do.</summary>
    internal static Command Flood()
    {
        var doors = Shared.Of("--doors", "which of tcp and resp", "tcp,resp");
        var clients = Shared.Of("--clients", "how many", 500);
        var factor = Shared.Of("--factor", "times the writes on their way with which the server is busy already", 10);
        var seconds = Shared.Of("--seconds", "seconds of the flood", 30.0);
        var valueBytes = Shared.ValueBytes();
        var memoryMiB = Shared.Of("--memory-mib", "memory-limit of the server", 512);
        var waitMax = Shared.Of("--wait-max", "seconds that 99 of 100 may wait", 8.0);
        var directory = Shared.Directory();
        var command = new Command("flood", "Many times the writes that a server can do: who waits how long, its memory.")
        {
            doors, clients, factor, seconds, valueBytes, memoryMiB, waitMax, directory,
        };
        command.SetAction(parsed => Shared.InFreshDirectoryAsync(parsed.GetValue(directory)!, async path =>
        {
            var load = new FloodLoad
            {
                Doors = Shared.Split(parsed.GetValue(doors)),
                Clients = parsed.GetValue(clients),
                Factor = parsed.GetValue(factor),
                Time = TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                ValueBytes = parsed.GetValue(valueBytes),
                MemoryMiB = parsed.GetValue(memoryMiB),
                WaitMax = TimeSpan.FromSeconds(parsed.GetValue(waitMax)),
            };
            return await FloodRun.RunAsync(path, load, Console.Out) ? 0 : 1;
        }));
        return command;
    }
}

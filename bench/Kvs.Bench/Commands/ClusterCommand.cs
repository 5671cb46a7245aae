using System.CommandLine;
using Kvs.Bench.Clusters;

namespace Kvs.Bench.Commands;

/// <summary>The verb cluster: what copies on other nodes cost.</summary>
internal static class ClusterCommand
{
    /// <summary>The command.</summary>
    internal static Command Make()
    {
        var clients = Shared.Of("--clients", "numbers of clients", "1,50,500");
        var valueBytes = Shared.ValueBytes();
        var seconds = Shared.Of("--seconds", "seconds of a cell", 2.0);
        var rounds = Shared.Of("--rounds", "rounds, interleaved", 3);
        var directory = Shared.Directory();
        var command = new Command("cluster", "Durable sets: one node, three with a fixed list, three in etcd, beside three members of etcd.")
        {
            clients, valueBytes, seconds, rounds, directory,
        };
        command.SetAction(parsed => Shared.InFreshDirectoryAsync(parsed.GetValue(directory)!, async path =>
        {
            await ClusterRun.RunAsync(
                path,
                Shared.Split(parsed.GetValue(clients)).Select(int.Parse).ToArray(),
                parsed.GetValue(valueBytes),
                parsed.GetValue(seconds),
                parsed.GetValue(rounds),
                Console.Out);
            return 0;
        }));
        return command;
    }
}

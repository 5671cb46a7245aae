using System.CommandLine;
using Kvs.Bench.Clusters;
using Kvs.Bench.Reports;
using Kvs.Bench.Servers;

namespace Kvs.Bench.Commands;

/// <summary>The verb cluster: what copies on other nodes cost.</summary>
internal static class ClusterCommand
{
    private const string Name = "cluster";

    /// <summary>The command.</summary>
    internal static Command Make()
    {
        var clients = Shared.Of("--clients", "numbers of clients", "1,50,500");
        var valueBytes = Shared.ValueBytes();
        var seconds = Shared.Of("--seconds", "seconds of a cell", 2.0);
        var rounds = Shared.Of("--rounds", "rounds, interleaved", 3);
        var directory = Shared.Directory();
        var report = Shared.Report();
        var command = new Command(Name, "Durable sets: one node, three with a fixed list, three in etcd, beside three members of etcd.")
        {
            clients, valueBytes, seconds, rounds, directory, report,
        };
        command.SetAction(parsed => Shared.InFreshDirectoryAsync(parsed.GetValue(directory)!, async path =>
        {
            if (Programs.Find(ClusterRun.Etcd) is not { } etcd)
            {
                await Console.Error.WriteLineAsync("etcd is not installed; to install it: apt-get install etcd-server");
                return 1;
            }

            var machine = Machine.Here(path, Shared.CommandLine());
            var results = await ClusterRun.RunAsync(
                path,
                Shared.Split(parsed.GetValue(clients)).Select(int.Parse).ToArray(),
                parsed.GetValue(valueBytes),
                parsed.GetValue(seconds),
                parsed.GetValue(rounds),
                Console.Error.WriteLine);
            var page = new PlainReport
            {
                Title = "What copies on other nodes cost",
                Lines =
                [
                    $"{parsed.GetValue(rounds)} rounds, interleaved; {parsed.GetValue(seconds)} s for each side of each cell in a round; the "
                        + $"number behind a cell is that of clients, each one task of this process; values of {parsed.GetValue(valueBytes)} bytes",
                    "one: a single node; quorum: three nodes of a fixed list, a majority has synced before the answer; "
                        + "isr: three nodes in etcd, all in sync have",
                    $"etcd: three members, version {Machine.VersionOf(etcd)}; all processes on this machine",
                ],
                Peers = [ClusterRun.Etcd],
            };
            await Shared.WriteAsync(parsed.GetValue(report), Name, page, machine, results);
            return 0;
        }));
        return command;
    }
}

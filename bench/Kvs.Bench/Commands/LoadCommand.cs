using System.CommandLine;
using System.Net;
using Kvs.Bench.Load;
using Kvs.Bench.Servers;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Commands;

/// <summary>The verb load: one load on one server, which runs already or is started.</summary>
internal static class LoadCommand
{
    private static readonly Option<string> _server = Shared.Of("--server", "a server to start: kvs, kvs-os, redis, redis-always ...", "kvs");
    private static readonly Option<string?> _to = new("--to") { Description = "HOST:PORT of a server that runs, instead" };
    private static readonly Option<string?> _wire = new("--wire") { Description = "kvs or resp; the first that the server speaks" };
    private static readonly Option<string> _workload = Shared.Of("--workload", "ping, set, get, 90/10", "set");
    private static readonly Option<int> _clients = Shared.Of("--clients", "connections", 50);
    private static readonly Option<int> _pipeline = Shared.Of("--pipeline", "requests that each sends at once", 1);
    private static readonly Option<int> _threads = Shared.Of("--threads", "threads that carry the clients", 1);
    private static readonly Option<double?> _rate = new("--rate") { Description = "requests a second of an open loop; without it a closed loop" };
    private static readonly Option<long> _keys = Shared.Of("--keys", "keys; all are set before", 100_000L);
    private static readonly Option<int> _valueBytes = Shared.ValueBytes();
    private static readonly Option<double> _seconds = Shared.Of("--seconds", "seconds of the measured part", 5.0);
    private static readonly Option<double> _warmUp = Shared.Of("--warm-up", "seconds before it", 1.0);
    private static readonly Option<int?> _pid = new("--pid") { Description = "process of a server that runs, to tell its processor time" };
    private static readonly Option<string> _directory = Shared.Directory();

    /// <summary>The command.</summary>
    internal static Command Make()
    {
        var command = new Command("load", "One load on one server: throughput and latencies, in a closed loop or at a set rate.")
        {
            _server, _to, _wire, _workload, _clients, _pipeline, _threads, _rate, _keys, _valueBytes, _seconds, _warmUp, _pid, _directory,
        };
        command.SetAction(async parsed =>
        {
            if (parsed.GetValue(_to) is { } address)
            {
                Run(parsed, IPEndPoint.Parse(address), parsed.GetValue(_wire) ?? ServerKinds.KvsWire, parsed.GetValue(_pid));
                return 0;
            }

            return await Shared.InFreshDirectoryAsync(parsed.GetValue(_directory)!, path => StartAndRunAsync(parsed, path));
        });
        return command;
    }

    private static async Task<int> StartAndRunAsync(ParseResult parsed, string directory)
    {
        var kind = ServerKinds.Of(parsed.GetValue(_server)!);
        if (kind.Program() is not { } program)
        {
            await Console.Error.WriteLineAsync($"{kind.Name} is not installed; to install it: {kind.Install}");
            return 1;
        }

        await using var server = await RunningServer.StartAsync(kind, program, directory);
        var wire = parsed.GetValue(_wire) ?? kind.Wires[0];
        Run(parsed, server.AddressOf(wire), wire, server.ProcessId);
        return 0;
    }

    private static void Run(ParseResult parsed, IPEndPoint address, string wire, int? processId)
    {
        var plan = new LoadPlan
        {
            Address = address,
            Wire = RunningServer.WireOf(wire, new BenchValue(parsed.GetValue(_valueBytes))),
            Mix = RequestMix.Of(parsed.GetValue(_workload)!),
            Clients = parsed.GetValue(_clients),
            Pipeline = parsed.GetValue(_pipeline),
            Threads = parsed.GetValue(_threads),
            Rate = parsed.GetValue(_rate),
            Keys = parsed.GetValue(_keys),
            WarmUpSeconds = parsed.GetValue(_warmUp),
            Seconds = parsed.GetValue(_seconds),
        };
        var load = LoadRun.Run(LoadPlan.LoadOf(plan), processId);
        Console.WriteLine($"load       {load.Rate,12:N0} keys/s");
        Print(LoadRun.Run(plan, processId));
    }

    private static void Print(LoadResult result)
    {
        Console.WriteLine($"rate       {result.Rate,12:N0} requests/s");
        foreach (var (name, latencies) in new[] { ("reads", result.Reads), ("writes", result.Writes) })
        {
            if (latencies.Count > 0)
            {
                Console.WriteLine($"{name,-10} p50 {latencies.Micros(0.5):N1}, p90 {latencies.Micros(0.9):N1}, p99 {latencies.Micros(0.99):N1}, "
                    + $"p99.9 {latencies.Micros(0.999):N1}, max {latencies.Micros(1):N1} us");
            }
        }

        Console.WriteLine($"processors server {result.ServerCores:F2}, client {result.ClientCores:F2}, others {result.ForeignCores:F2} cores; "
            + $"server {result.ServerMicros:F2} us for each request");
        if (result.Unanswered > 0)
        {
            Console.WriteLine($"The rate is not carried: {result.Unanswered:N0} requests had no reply, and their latencies are only what had passed.");
        }
    }
}

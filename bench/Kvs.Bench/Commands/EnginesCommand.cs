using System.CommandLine;
using Kvs.Bench.Engines;

namespace Kvs.Bench.Commands;

/// <summary>The verb engines: engines in this process, side by side.</summary>
internal static class EnginesCommand
{
    private static readonly Option<string> _engines = Shared.Of("--engines", "kvs, sqlite, memory", "kvs,sqlite");
    private static readonly Option<string> _durabilities = Shared.Of("--durability", "always, interval:MILLISECONDS, os", "always,os");
    private static readonly Option<string> _workloads = Shared.Of("--workloads", "get, set, scan", "get,set,scan");
    private static readonly Option<string> _threads = Shared.Of("--threads", "threads at once", "1,8,50");
    private static readonly Option<int> _keys = Shared.Of("--keys", "keys that are there before", 100_000);
    private static readonly Option<int> _valueBytes = Shared.ValueBytes();
    private static readonly Option<double> _seconds = Shared.Of("--seconds", "seconds of a cell", 2.0);
    private static readonly Option<int> _rounds = Shared.Of("--rounds", "rounds, interleaved", 3);
    private static readonly Option<string> _directory = Shared.Directory();
    private static readonly Option<string?> _output = new("--out") { Description = "file for JSON lines" };

    /// <summary>The command.</summary>
    internal static Command Make()
    {
        var command = new Command("engines", "Engines in one process, side by side: throughput and latency of set, get and scan.")
        {
            _engines, _durabilities, _workloads, _threads, _keys, _valueBytes, _seconds, _rounds, _directory, _output,
        };
        command.SetAction(parsed => Shared.InFreshDirectoryAsync(parsed.GetValue(_directory)!, path => RunAsync(parsed, path)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, string directory)
    {
        var options = new EngineOptions
        {
            Engines = Shared.Split(parsed.GetValue(_engines)),
            Durabilities = Shared.Split(parsed.GetValue(_durabilities)),
            Workloads = Shared.Split(parsed.GetValue(_workloads)),
            Clients = Shared.Split(parsed.GetValue(_threads)).Select(int.Parse).ToArray(),
            Keys = parsed.GetValue(_keys),
            ValueBytes = parsed.GetValue(_valueBytes),
            Seconds = parsed.GetValue(_seconds),
            Rounds = parsed.GetValue(_rounds),
            Directory = directory,
            Output = parsed.GetValue(_output),
        };
        await using var lines = options.Output is null ? TextWriter.Null : new StreamWriter(options.Output);
        var results = await EngineRun.RunAsync(options, result =>
        {
            lines.WriteLine(EngineReport.JsonLine(result));
            Console.Error.WriteLine($"round {result.Round} {result.Cell}: {result.OperationsPerSecond:N0}/s, p99 {result.P99:N0} us");
        });
        Console.WriteLine(EngineReport.Markdown(results));
        return 0;
    }
}

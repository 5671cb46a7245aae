using System.CommandLine;
using Kvs.Bench.Engines;
using Kvs.Bench.Reports;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Commands;

/// <summary>The verb engines: engines in this process, side by side.</summary>
internal static class EnginesCommand
{
    private const string StandardWorkloads = "set,get,scan";
    private const string StandardThreads = "1,2,8,50";
    private const string StandardEngines = "kvs,sqlite,memory,lmdb,rocksdb";
    private const string Name = "engines";

    private static readonly Option<string> _name = Shared.Of("--name", "name of the report", Name);
    private static readonly Option<string> _engines = Shared.Of("--engines", "which", StandardEngines);
    private static readonly Option<string> _durabilities = Shared.Of("--durability", "durable (each set is synced), os (none is)", "durable,os");
    private static readonly Option<string> _workloads = Shared.Of("--workloads", "set, get, get-zipfian, scan, ycsb-a to ycsb-f", StandardWorkloads);
    private static readonly Option<string> _threads = Shared.Of("--threads", "threads at once", StandardThreads);
    private static readonly Option<int> _keys = Shared.Of("--keys", "keys that are there before", 1_000_000);
    private static readonly Option<string> _values = Shared.Of("--value-bytes", "lengths of values, such as 100 or 1-100000", "100");
    private static readonly Option<double> _seconds = Shared.Of("--seconds", "seconds of a cell", 1.0);
    private static readonly Option<int> _rounds = Shared.Of("--rounds", "rounds, interleaved", 5);
    private static readonly Option<string> _directory = Shared.Directory();
    private static readonly Option<string?> _report = Shared.Report();

    /// <summary>The command.</summary>
    internal static Command Make()
    {
        var command = new Command(Name, "Engines in one process, side by side: ours, SQLite, LMDB, RocksDB. Writes a report with the target table.")
        {
            _name, _engines, _durabilities, _workloads, _threads, _keys, _values, _seconds, _rounds, _directory, _report,
        };
        command.SetAction(parsed => Shared.InFreshDirectoryAsync(parsed.GetValue(_directory)!, path => RunAsync(parsed, path)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, string directory)
    {
        var asked = Shared.Split(parsed.GetValue(_engines)).Select(EngineKind.Of).ToList();
        var notes = asked.Where(static kind => !kind.IsInstalled)
            .Select(static kind => $"{kind.Name} is not installed and left out; to install it: {kind.Install}")
            .ToList();
        notes.ForEach(Console.Error.WriteLine);
        var plan = new EnginePlan
        {
            Engines = [.. asked.Where(static kind => kind.IsInstalled)],
            IsDurable = [.. Shared.Split(parsed.GetValue(_durabilities)).Select(IsDurable)],
            Workloads = [.. Shared.Split(parsed.GetValue(_workloads)).Select(Workload.Of)],
            Threads = [.. Shared.Split(parsed.GetValue(_threads)).Select(int.Parse)],
            Values = [.. Shared.Split(parsed.GetValue(_values)).Select(ValueSize.Parse)],
            Keys = parsed.GetValue(_keys),
            Seconds = parsed.GetValue(_seconds),
            Rounds = parsed.GetValue(_rounds),
            Directory = directory,
        };
        var machine = Machine.Here(directory, Shared.CommandLine());
        var results = await new EngineRun(plan, Console.Error.WriteLine).RunAsync();
        var page = EngineReport.Page(parsed.GetValue(_name)!, machine, plan, notes, results);
        await ReportFiles.WriteAsync(
            ReportFiles.Folder(parsed.GetValue(_report), isWhole: false), parsed.GetValue(_name)!, page, machine, results);
        Console.WriteLine(page);
        return 0;
    }

    private static bool IsDurable(string word) => word switch
    {
        "durable" => true,
        "os" => false,
        _ => throw new ArgumentException($"No durability '{word}'; there are durable and os.", nameof(word)),
    };
}

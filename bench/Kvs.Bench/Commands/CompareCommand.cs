using System.CommandLine;
using Kvs.Bench.Compare;
using Kvs.Bench.Reports;
using Kvs.Bench.Servers;

namespace Kvs.Bench.Commands;

/// <summary>The verb compare: our server beside Redis and Garnet.</summary>
internal static class CompareCommand
{
    private const string RedisBenchmark = "redis-benchmark";

    private static readonly Option<bool> _short =
        new("--short") { Description = "one quick round over few keys, which proves that it works; its figures mean nothing" };

    private static readonly Option<string> _driver = Shared.Of("--driver", "the client: kvs-bench or redis-benchmark", "kvs-bench");
    private static readonly Option<int> _rounds = Shared.Of("--rounds", "rounds, interleaved", 5);
    private static readonly Option<double> _seconds = Shared.Of("--seconds", "seconds of a side of a cell in a round", 2.0);
    private static readonly Option<double> _warmUp = Shared.Of("--warm-up", "seconds before that", 0.5);
    private static readonly Option<long> _keys = Shared.Of("--keys", "keys that are there before", 1_000_000L);
    private static readonly Option<int> _valueBytes = Shared.ValueBytes();
    private static readonly Option<string> _cells = Shared.Of("--cells", "cells whose names contain one of these words; all without", "");
    private static readonly Option<string> _sides = Shared.Of("--sides", "only these sides", "");
    private static readonly Option<string> _directory = Shared.Directory();
    private static readonly Option<string?> _report =
        new("--report") { Description = "directory for the report; docs/benchmarks, or artifacts/bench for a part or --short" };

    /// <summary>The command.</summary>
    internal static Command Make()
    {
        var command = new Command("compare", "Servers side by side: ours, Redis, Garnet. Writes a report with the target table.")
        {
            _short, _driver, _rounds, _seconds, _warmUp, _keys, _valueBytes, _cells, _sides, _directory, _report,
        };
        command.SetAction(parsed => Shared.InFreshDirectoryAsync(parsed.GetValue(_directory)!, path => RunAsync(parsed, path)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, string directory)
    {
        var options = OptionsOf(parsed, directory);
        if (DriverOf(parsed.GetValue(_driver)!, options) is not { } driver)
        {
            await Console.Error.WriteLineAsync("redis-benchmark is not installed; to install it: apt-get install redis-tools");
            return 1;
        }

        var machine = Machine.Here(directory, Shared.CommandLine());
        var results = new List<CellResult>();
        await using var run = new CompareRun(options, [.. options.ChosenCells], driver, Console.Error.WriteLine);
        await run.RunAsync(results.Add);
        if (results.Count == 0)
        {
            await Console.Error.WriteLineAsync("Nothing was measured.");
            return 1;
        }

        var page = CompareReport.Page(machine, options, run, driver.Name, results);
        var name = driver.Name == RedisBenchmark ? "servers-redis-benchmark" : "servers";
        await ReportFiles.WriteAsync(ReportFiles.Folder(parsed.GetValue(_report), IsWhole(parsed)), name, page, machine, results);
        Console.WriteLine(page);
        return run.HasFailed ? 1 : 0;
    }

    private static ComparisonOptions OptionsOf(ParseResult parsed, string directory)
    {
        var options = new ComparisonOptions
        {
            Rounds = parsed.GetValue(_rounds),
            Seconds = parsed.GetValue(_seconds),
            WarmUpSeconds = parsed.GetValue(_warmUp),
            Keys = parsed.GetValue(_keys),
            ValueBytes = parsed.GetValue(_valueBytes),
            Directory = directory,
            Cells = Shared.Split(parsed.GetValue(_cells)),
            Sides = Shared.Split(parsed.GetValue(_sides)),
        };
        return parsed.GetValue(_short) ? options with { Rounds = 1, Seconds = 0.1, WarmUpSeconds = 0.05, Keys = 10_000 } : options;
    }

    private static ICellDriver? DriverOf(string name, ComparisonOptions options) => name switch
    {
        "kvs-bench" => new OwnDriver(options),
        RedisBenchmark => Programs.Find(RedisBenchmark) is { } program ? new RedisBenchmarkDriver(options, program) : null,
        _ => throw new ArgumentException($"No driver '{name}'; there are kvs-bench and {RedisBenchmark}.", nameof(name)),
    };

    private static bool IsWhole(ParseResult parsed) =>
        !parsed.GetValue(_short) && parsed.GetValue(_cells)!.Length == 0 && parsed.GetValue(_sides)!.Length == 0;
}

using System.CommandLine;
using Kvs.Bench.Reports;
using Kvs.Bench.Servers;

namespace Kvs.Bench.Commands;

/// <summary>The verbs plots and all: the pictures of a report, and the whole of it.</summary>
internal static class ReportCommands
{
    private static readonly Option<string?> _report = new("--report") { Description = "directory of the report; docs/benchmarks without" };
    private static readonly Option<bool> _short = new("--short") { Description = "quick runs, which prove that it works; their figures mean nothing" };

    private static string? Gnuplot => Programs.Find("gnuplot");

    /// <summary>Draws the plots of what is there, and writes the page that shows them.</summary>
    internal static Command Plots()
    {
        var command = new Command("plots", "Draws the plots of a report, and writes the page with them and the target table.") { _report };
        command.SetAction(parsed => FrontPage.WriteAsync(ReportFiles.Folder(parsed.GetValue(_report), isWhole: true), isShort: false, Gnuplot));
        return command;
    }

    /// <summary>Everything, one after the other.</summary>
    internal static Command All()
    {
        var command = new Command("all", "The whole report: servers, engines, many keys, clusters, starts, plots. It takes about 100 minutes.")
        {
            _report, _short,
        };
        command.SetAction(async parsed =>
        {
            var isShort = parsed.GetValue(_short);
            var folder = ReportFiles.Folder(parsed.GetValue(_report), !isShort);
            var code = 0;
            foreach (var (run, arguments) in isShort ? Short : Long)
            {
                code |= await run.Parse(["--report", folder, .. arguments]).InvokeAsync();
            }

            await FrontPage.WriteAsync(folder, isShort, Gnuplot);
            return code;
        });
        return command;
    }

    private static IEnumerable<(Command Command, string[] Arguments)> Long =>
    [
        (CompareCommand.Make(), []),
        (CompareCommand.Make(), ["--driver", "redis-benchmark"]),
        (CurvesCommand.Make(), []),
        (EnginesCommand.Make(), []),
        (EnginesCommand.Make(), [.. Ycsb, "--keys", "200000", "--rounds", "3"]),
        (EnginesCommand.Make(), [.. Sizes, "--keys", "20000"]),
        (StoreCommands.Big(), []),
        (ClusterCommand.Make(), []),
        (StartCommand.Make(), []),
    ];

    private static IEnumerable<(Command Command, string[] Arguments)> Short =>
    [
        (CompareCommand.Make(), ["--short"]),
        (CompareCommand.Make(), ["--short", "--driver", "redis-benchmark"]),
        (CurvesCommand.Make(), ["--short"]),
        (EnginesCommand.Make(), [.. Brief, "--keys", "2000"]),
        (EnginesCommand.Make(), [.. Ycsb, .. Brief, "--keys", "2000"]),
        (EnginesCommand.Make(), [.. Sizes, .. Brief, "--keys", "100"]),
        (StoreCommands.Big(), [.. Brief, "--keys", "2000,20000"]),
        (ClusterCommand.Make(), [.. Brief, "--clients", "1,2"]),
        (StartCommand.Make(), ["--rounds", "1", "--starts", "2"]),
    ];

    private static string[] Brief => ["--seconds", "0.05", "--rounds", "1"];

    private static string[] Ycsb =>
        ["--name", "ycsb", "--workloads", "ycsb-a,ycsb-b,ycsb-c,ycsb-d,ycsb-e,ycsb-f", "--threads", "8", "--value-bytes", "1000"];

    private static string[] Sizes =>
        ["--name", "sizes", "--workloads", "set,get", "--threads", "1,2", "--value-bytes", "1-100000"];
}

using System.CommandLine;
using System.Text;
using Kvs.Bench.Reports;
using Kvs.Bench.Servers;

namespace Kvs.Bench.Commands;

/// <summary>The verbs plots and all: the pictures of a report, and the whole of it.</summary>
internal static class ReportCommands
{
    private const string Gnuplot = "gnuplot";
    private static readonly string[] _pages = ["servers", "servers-redis-benchmark", "engines", "ycsb", "sizes", "curves"];
    private static readonly Option<string?> _report = new("--report") { Description = "directory of the report; docs/benchmarks without" };
    private static readonly Option<bool> _short = new("--short") { Description = "quick runs, which prove that it works; their figures mean nothing" };

    /// <summary>Draws the plots of what is there, and writes the page that shows them.</summary>
    internal static Command Plots()
    {
        var command = new Command("plots", "Draws the plots of a report, and writes the page that shows them.") { _report };
        command.SetAction(parsed => DrawAsync(ReportFiles.Folder(parsed.GetValue(_report), isWhole: true)));
        return command;
    }

    /// <summary>Everything, one after the other.</summary>
    internal static Command All()
    {
        var command = new Command("all", "The whole report: servers, engines, curves, plots. It takes about an hour.") { _report, _short };
        command.SetAction(async parsed =>
        {
            var isShort = parsed.GetValue(_short);
            var folder = ReportFiles.Folder(parsed.GetValue(_report), !isShort);
            string[] brief = isShort ? ["--short"] : [];
            string[] few = isShort ? ["--keys", "2000", "--seconds", "0.05", "--rounds", "1"] : [];
            string[] values = ["--value-bytes", "1-100000", "--keys", isShort ? "100" : "20000", "--threads", "1,2", "--workloads", "set,get"];
            var code = await RunAsync(CompareCommand.Make(), folder, brief)
                | await RunAsync(CompareCommand.Make(), folder, ["--driver", "redis-benchmark", .. brief])
                | await RunAsync(EnginesCommand.Make(), folder, few)
                | await RunAsync(EnginesCommand.Make(), folder, ["--name", "ycsb", "--workloads", "ycsb-a,ycsb-b,ycsb-c,ycsb-d,ycsb-e,ycsb-f",
                    "--threads", "8", "--value-bytes", "1000", .. isShort ? few : ["--keys", "200000", "--rounds", "3"]])
                | await RunAsync(EnginesCommand.Make(), folder, ["--name", "sizes", .. isShort ? ["--seconds", "0.05", "--rounds", "1"] : Array.Empty<string>(), .. values])
                | await RunAsync(CurvesCommand.Make(), folder, brief);
            return code | await DrawAsync(folder);
        });
        return command;
    }

    private static Task<int> RunAsync(Command command, string folder, string[] arguments) =>
        command.Parse(["--report", folder, .. arguments]).InvokeAsync();

    private static async Task<int> DrawAsync(string folder)
    {
        if (Programs.Find(Gnuplot) is not { } gnuplot)
        {
            await Console.Error.WriteLineAsync("gnuplot is not installed; to install it: apt-get install gnuplot-nox");
            return 1;
        }

        var page = new StringBuilder("""
            # Benchmarks

            What `./dev bench all` has written, on one machine at one time: the pages say which, when, and by which commands. Client and server share the
            machine, so ratios within a page mean more than its figures; figures of two runs are not comparable. A durable figure is bounded by the syncs of
            the disk, which each page gives beside it.


            """.ReplaceLineEndings("\n"));
        foreach (var name in _pages.Where(name => File.Exists(Path.Combine(folder, $"{name}.md"))))
        {
            page.Append($"- [{name}]({name}.md): {File.ReadLines(Path.Combine(folder, $"{name}.md")).First().TrimStart('#', ' ')}\n");
        }

        foreach (var plot in Reports.Plots.Of(ReportFiles.Read(folder, "engines"), ReportFiles.Read(folder, "curves")))
        {
            plot.Draw(gnuplot, folder);
            page.Append($"\n![{plot.Title}]({plot.Name}.svg)\n");
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "README.md"), page.ToString());
        return 0;
    }
}

using System.Globalization;
using System.Text;

namespace Kvs.Bench.Reports;

/// <summary>The page in front of all reports of a folder: which there are, the target table, the plots.</summary>
internal static class FrontPage
{
    private const string Head = """
        # Benchmarks

        What `./dev bench all`, or parts of it, have written: each page says on which machine, when, and by which command. Client and
        server share the machine, so ratios within a page mean more than its figures; figures of two runs are not comparable. A
        durable figure is bounded by the syncs of the disk, which each page gives beside it. How it is measured, and why so:
        [decision 0024](../decisions/0024-how-speed-is-measured.md).


        """;

    private static readonly string[] _reports =
        ["servers", "servers-redis-benchmark", "curves", "engines", "ycsb", "sizes", "big", "cluster", "start"];

    /// <summary>Writes it, and draws the plots.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="isShort">Whether the figures mean nothing: then the page says so.</param>
    /// <param name="gnuplot">The program that draws; null when it is not installed: then the page says so.</param>
    internal static async Task WriteAsync(string folder, bool isShort, string? gnuplot)
    {
        Directory.CreateDirectory(folder);
        var page = new StringBuilder(Head.ReplaceLineEndings("\n"));
        if (isShort)
        {
            page.Append("**A short run, which proves that it works: its figures mean nothing.**\n\n");
        }

        foreach (var name in _reports.Where(name => File.Exists(Path.Combine(folder, $"{name}.md"))))
        {
            var title = File.ReadLines(Path.Combine(folder, $"{name}.md")).First().TrimStart('#', ' ');
            page.Append(CultureInfo.InvariantCulture, $"- [{name}]({name}.md): {title}\n");
        }

        TargetTable.Write(page, folder);
        page.Append("\n## Plots\n");
        if (gnuplot is null)
        {
            page.Append("\nNot drawn: gnuplot is not installed; to install it: apt-get install gnuplot-nox\n");
        }

        foreach (var plot in gnuplot is null ? [] : Plots.Of(ReportFiles.Read(folder, "engines"), ReportFiles.Read(folder, "curves")))
        {
            plot.Draw(gnuplot!, folder);
            page.Append(CultureInfo.InvariantCulture, $"\n![{plot.Title}]({plot.Name}.svg)\n");
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "README.md"), page.ToString());
    }
}

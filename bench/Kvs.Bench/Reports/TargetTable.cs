using System.Globalization;
using System.Text;
using Kvs.Bench.Compare;
using Kvs.Bench.Engines;
using Kvs.Bench.Starts;
using Kvs.Bench.Stores;

namespace Kvs.Bench.Reports;

/// <summary>All lines of the target table, with what the reports of one folder have seen.</summary>
internal static class TargetTable
{
    private const string Legend = """
        Median of the rounds, least and most in parentheses; a ratio is one of rates, taken within a round. A cell is named by what is
        asked, the number of clients or threads, and `-pN` where each client sends N requests at once. kvs is reached by its own protocol,
        kvs-resp through its door for Redis clients; kvs-os does not sync. redis has no persistence, redis-always has `appendonly yes` and
        `appendfsync always`.


        """;

    /// <summary>Each report with its lines. The client of Redis measures some of those of the servers, once more.</summary>
    private static readonly (string Report, IEnumerable<Goal> Goals, bool IsWhole)[] _parts =
    [
        ("servers", ServerGoals.All, true),
        ("servers-redis-benchmark", ServerGoals.All, false),
        ("curves", CurveGoals.All, true),
        ("engines", EngineGoals.All, true),
        ("big", BigGoals.All, true),
        ("start", StartGoals.All, true),
    ];

    /// <summary>Writes it. A line that no report has seen is there too, so that none is missing unnoticed.</summary>
    /// <param name="page">The page.</param>
    /// <param name="folder">The folder.</param>
    internal static void Write(StringBuilder page, string folder)
    {
        page.Append("\n## Targets\n\n");
        page.Append(Legend.ReplaceLineEndings("\n"));
        page.Append("| target | wanted | measured | met | report |\n|---|---|---|---|---|\n");
        foreach (var (report, goals, isWhole) in _parts)
        {
            var results = ReportFiles.Read(folder, report);
            foreach (var goal in goals)
            {
                var measured = goal.Measured(results);
                if (measured is not null || isWhole)
                {
                    var link = results.Count > 0 ? $"[{report}]({report}.md)" : $"{report}: not there";
                    page.Append(CultureInfo.InvariantCulture, $"{ResultTable.GoalRow(goal, measured)} {link} |\n");
                }
            }
        }
    }
}

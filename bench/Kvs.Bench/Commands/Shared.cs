using System.CommandLine;
using Kvs.Bench.Reports;
using Kvs.Bench.Servers;

namespace Kvs.Bench.Commands;

/// <summary>Options that several commands have.</summary>
internal static class Shared
{
    /// <summary>Bytes of a value.</summary>
    internal static Option<int> ValueBytes() => Of("--value-bytes", "bytes of a value", 100);

    /// <summary>Where data go: below the repository, for what is meant for temporary files is often no disk.</summary>
    internal static Option<string> Directory() =>
        Of("--directory", "where data go; a fresh directory is made there, and removed", Path.Combine(Programs.Repository(), "artifacts/bench-data"));

    /// <summary>Where a report goes that is only of a part.</summary>
    internal static Option<string?> Report() => new("--report") { Description = "directory for the report; artifacts/bench without" };

    /// <summary>Writes a report, and shows its page.</summary>
    /// <param name="folder">The directory that was asked for, or null.</param>
    /// <param name="name">Name of the report.</param>
    /// <param name="report">What it says.</param>
    /// <param name="machine">Where and when it was.</param>
    /// <param name="results">The results.</param>
    internal static async Task WriteAsync(
        string? folder, string name, PlainReport report, Machine machine, IReadOnlyList<CellResult> results)
    {
        var page = report.Page(machine, results);
        await ReportFiles.WriteAsync(ReportFiles.Folder(folder, isWhole: false), name, page, machine, results);
        Console.WriteLine(page);
    }

    /// <summary>An option with a default.</summary>
    /// <typeparam name="T">Of what type.</typeparam>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it is.</param>
    /// <param name="standard">The default.</param>
    internal static Option<T> Of<T>(string name, string description, T standard) =>
        new(name) { Description = description, DefaultValueFactory = _ => standard };

    /// <summary>What was typed, for a report.</summary>
    internal static string CommandLine() => $"./dev bench {string.Join(' ', Environment.GetCommandLineArgs().Skip(1))}";

    /// <summary>Words of a list that is separated by commas.</summary>
    /// <param name="list">The list.</param>
    internal static string[] Split(string? list) =>
        (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>A fresh directory that goes when the work is done.</summary>
    /// <param name="below">Where.</param>
    /// <param name="work">The work.</param>
    internal static async Task<int> InFreshDirectoryAsync(string below, Func<string, Task<int>> work)
    {
        var path = Path.Combine(below, $"run-{Environment.ProcessId}-{Environment.TickCount64:x}");
        System.IO.Directory.CreateDirectory(path);
        try
        {
            return await work(path);
        }
        finally
        {
            System.IO.Directory.Delete(path, recursive: true);
        }
    }
}

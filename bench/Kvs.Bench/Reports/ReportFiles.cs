using System.Text.Json;
using Kvs.Bench.Servers;

namespace Kvs.Bench.Reports;

/// <summary>Where reports go: a page and the results as JSON lines, of which the first is the machine.</summary>
internal static class ReportFiles
{
    /// <summary>The directory of a report.</summary>
    /// <param name="asked">The one that was asked for, or null.</param>
    /// <param name="isWhole">A part, or a run whose figures mean nothing, must not replace what is published.</param>
    internal static string Folder(string? asked, bool isWhole) =>
        asked ?? Path.Combine(Programs.Repository(), isWhole ? "docs/benchmarks" : "artifacts/bench");

    /// <summary>Writes both.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="name">Name of the report.</param>
    /// <param name="page">The page.</param>
    /// <param name="machine">Where and when it was.</param>
    /// <param name="results">The results.</param>
    internal static async Task WriteAsync(string folder, string name, string page, Machine machine, IEnumerable<CellResult> results)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, $"{name}.md"), page);
        await File.WriteAllLinesAsync(
            Path.Combine(folder, $"{name}.jsonl"),
            [JsonSerializer.Serialize(machine), .. results.Select(static result => JsonSerializer.Serialize(result))]);
    }

    /// <summary>Reads the results of a report.</summary>
    /// <param name="folder">Where it is.</param>
    /// <param name="name">Its name.</param>
    /// <returns>None when there is no such report.</returns>
    internal static IReadOnlyList<CellResult> Read(string folder, string name)
    {
        var path = Path.Combine(folder, $"{name}.jsonl");
        return File.Exists(path) ? [.. File.ReadLines(path).Skip(1).Select(static line => JsonSerializer.Deserialize<CellResult>(line)!)] : [];
    }
}

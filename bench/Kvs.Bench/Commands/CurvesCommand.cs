using System.CommandLine;
using Kvs.Bench.Compare;
using Kvs.Bench.Reports;

namespace Kvs.Bench.Commands;

/// <summary>The verb curves: throughput against clients and keys, latency against load, for the plots.</summary>
internal static class CurvesCommand
{
    private const string Name = "curves";

    private static readonly Option<bool> _short = new("--short") { Description = "a quick round over few points; its figures mean nothing" };
    private static readonly Option<string> _curves = Shared.Of("--curves", "curves whose names contain one of these words; all without", "");
    private static readonly Option<int> _rounds = Shared.Of("--rounds", "rounds, interleaved", 3);
    private static readonly Option<double> _seconds = Shared.Of("--seconds", "seconds of a side of a point in a round", 1.0);
    private static readonly Option<long> _keys = Shared.Of("--keys", "keys that are there before", 1_000_000L);
    private static readonly Option<long> _keysMost = Shared.Of("--keys-most", "most keys of the curve by keys", 10_000_000L);
    private static readonly Option<int> _valueBytes = Shared.ValueBytes();
    private static readonly Option<string> _directory = Shared.Directory();
    private static readonly Option<string?> _report = new("--report") { Description = "directory for the report; artifacts/bench without" };

    /// <summary>The command.</summary>
    internal static Command Make()
    {
        var command = new Command(Name, "Servers side by side, against the number of clients, the number of keys, and the load.")
        {
            _short, _curves, _rounds, _seconds, _keys, _keysMost, _valueBytes, _directory, _report,
        };
        command.SetAction(async parsed =>
        {
            var words = Shared.Split(parsed.GetValue(_curves));
            var results = new List<CellResult>();
            var code = 0;
            foreach (var curve in Curve.All.Where(curve => words.Length == 0 || words.Any(word => curve.Name.Contains(word, StringComparison.Ordinal))))
            {
                code |= await Shared.InFreshDirectoryAsync(parsed.GetValue(_directory)!, path => RunAsync(parsed, curve, path, results));
            }

            var machine = Machine.Here(parsed.GetValue(_directory)!, Shared.CommandLine());
            await ReportFiles.WriteAsync(ReportFiles.Folder(parsed.GetValue(_report), isWhole: false), Name, CurveReport.Page(machine, results), machine, results);
            return code;
        });
        return command;
    }

    // Each curve with servers of its own: what one has written must not slow down the next.
    private static async Task<int> RunAsync(ParseResult parsed, Curve curve, string directory, List<CellResult> results)
    {
        var isShort = parsed.GetValue(_short);
        var keysMost = isShort ? 20_000 : parsed.GetValue(_keysMost);
        var options = new ComparisonOptions
        {
            Rounds = isShort ? 1 : parsed.GetValue(_rounds),
            Seconds = isShort ? 0.1 : parsed.GetValue(_seconds),
            WarmUpSeconds = isShort ? 0.05 : parsed.GetValue(_seconds) / 4,
            Keys = isShort ? 1000 : parsed.GetValue(_keys),
            ValueBytes = parsed.GetValue(_valueBytes),
            Directory = directory,
        };
        var cells = curve.Cells.Where(cell => (cell.Keys ?? 0) <= keysMost).Take(isShort ? 2 : int.MaxValue).ToList();
        await using var run = new CompareRun(options, cells, new OwnDriver(options), Console.Error.WriteLine);
        await run.RunAsync(results.Add);
        return run.HasFailed ? 1 : 0;
    }
}

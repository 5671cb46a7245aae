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
    private static readonly Option<string?> _report = Shared.Report();

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
            var (results, notes) = (new List<CellResult>(), new List<string>());
            var code = 0;
            foreach (var curve in Curve.All.Where(curve => words.Length == 0 || words.Any(word => curve.Name.Contains(word, StringComparison.Ordinal))))
            {
                code |= await Shared.InFreshDirectoryAsync(
                    parsed.GetValue(_directory)!, path => RunAsync(OptionsOf(parsed, path), curve, results, notes));
            }

            var machine = Machine.Here(parsed.GetValue(_directory)!, Shared.CommandLine());
            await Shared.WriteAsync(parsed.GetValue(_report), Name, ReportOf(OptionsOf(parsed, ""), notes), machine, results);
            return code;
        });
        return command;
    }

    private static ComparisonOptions OptionsOf(ParseResult parsed, string directory)
    {
        var options = new ComparisonOptions
        {
            Rounds = parsed.GetValue(_rounds),
            Seconds = parsed.GetValue(_seconds),
            WarmUpSeconds = parsed.GetValue(_seconds) / 4,
            Keys = parsed.GetValue(_keys),
            KeysMost = parsed.GetValue(_keysMost),
            ValueBytes = parsed.GetValue(_valueBytes),
            Directory = directory,
        };
        return parsed.GetValue(_short)
            ? options with { Rounds = 1, Seconds = 0.1, WarmUpSeconds = 0.05, Keys = 1000, KeysMost = 20_000, PointsMost = 2 }
            : options;
    }

    // Each curve with servers of its own: what one has written must not slow down the next.
    private static async Task<int> RunAsync(ComparisonOptions options, Curve curve, List<CellResult> results, List<string> notes)
    {
        var cells = curve.Cells.Where(cell => (cell.Keys ?? 0) <= options.KeysMost).Take(options.PointsMost).ToList();
        await using var run = new CompareRun(options, cells, new OwnDriver(options), Console.Error.WriteLine);
        await run.RunAsync(results.Add);
        notes.AddRange(run.Notes.Except(notes));
        return run.HasFailed ? 1 : 0;
    }

    private static PlainReport ReportOf(ComparisonOptions options, IEnumerable<string> notes) => new()
    {
        Title = "Servers against clients, keys and load",
        Lines =
        [
            $"{options.Rounds} rounds, interleaved; {options.Seconds} s for each side of each cell in a round, after "
                + $"{options.WarmUpSeconds} s of warm-up",
            "the number behind a cell is that of clients (closed loop, no pipeline), of keys (50 clients, no pipeline), or the rate at which "
                + "requests come (open loop over 50 connections; latency counts from when a request was due)",
            $"{options.Keys:N0} keys of 16 bytes where it is not that of keys, values of {options.ValueBytes} bytes; "
                + "settings of the servers: as in servers.md",
            .. notes,
        ],
        Goals = CurveGoals.All,
        Peers = [Side.RedisAlways, Side.Redis],
    };
}

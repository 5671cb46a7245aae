using System.Diagnostics;
using System.Globalization;
using Kvs.Bench.Load;
using Kvs.Bench.Reports;
using Kvs.Bench.Servers;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Compare;

/// <summary>
/// redis-benchmark, Redis' own client, so that nobody need trust ours. It counts requests rather than time, so the warm-up of a
/// cell tells how many there should be; it checks no replies but for errors.
/// </summary>
/// <param name="options">How it is done.</param>
/// <param name="program">Its path.</param>
internal sealed class RedisBenchmarkDriver(ComparisonOptions options, string program) : ICellDriver
{
    private const int FirstGuess = 2000; // requests of a warm-up for each client and place in the pipeline, at most
    private const double FirstRate = 20_000;
    private readonly Dictionary<(string Cell, string Side), double> _rates = [];

    /// <inheritdoc/>
    public string Name => "redis-benchmark";

    /// <inheritdoc/>
    public KeyWriter Keys => BenchKeys.Numbered;

    /// <inheritdoc/>
    public bool Covers(Cell cell, Side side) => side.Wire == ServerKinds.RespWire && cell.Mix.SetPercent == 0 && cell.Mix.Kind != RequestKind.Ping;

    /// <inheritdoc/>
    public CellResult Measure(Cell cell, Side side, RunningServer server, int round)
    {
        var place = (cell.Name, side.Name);
        var rate = _rates.GetValueOrDefault(place, Math.Min(FirstRate, (double)FirstGuess * cell.Clients * cell.Pipeline));
        var warmUp = Run(cell, server, rate * options.WarmUpSeconds);
        var result = Run(cell, server, warmUp.Rate * options.Seconds);
        _rates[place] = result.Rate;
        return result with { Side = side.Name, Durability = side.Server.Durability, Round = round };
    }

    private CellResult Run(Cell cell, RunningServer server, double requests)
    {
        var test = cell.Mix.Name;
        var count = Math.Max((long)requests, cell.Clients * cell.Pipeline);
        using var process = Process.Start(new ProcessStartInfo(program,
        [
            "-h", "127.0.0.1", "-p", $"{server.PortOf(ServerKinds.RespWire)}", "-t", test, "-c", $"{cell.Clients}", "-P", $"{cell.Pipeline}",
            "-n", $"{count}", "-r", $"{options.Keys}", "-d", $"{options.ValueBytes}", "--csv",
        ])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        var line = text.Split('\n').FirstOrDefault(line => line.StartsWith($"\"{test}\"", StringComparison.OrdinalIgnoreCase))
            ?? throw new LoadFaultException($"redis-benchmark gave no figures: {text}");
        return ResultOf(cell, line);
    }

    // "test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"
    private static CellResult ResultOf(Cell cell, string line)
    {
        const double MicrosOfMilli = 1000;
        var fields = line.Trim().Split(',').Skip(1)
            .Select(static field => double.Parse(field.Trim('"'), CultureInfo.InvariantCulture))
            .ToList();
        return new CellResult
        {
            Cell = cell.Name,
            Side = "",
            Durability = "",
            Round = 0,
            Rate = fields[0],
            P50 = fields[3] * MicrosOfMilli,
            P99 = fields[5] * MicrosOfMilli,
            Max = fields[6] * MicrosOfMilli,
            SyncP50 = 0,
        };
    }
}

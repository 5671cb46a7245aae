using Kvs.Bench.Figures;
using Kvs.Bench.Load;
using Kvs.Bench.Reports;
using Kvs.Bench.Servers;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Compare;

/// <summary>
/// Measures all cells in turn, side by side and round by round, so that a drift of the machine meets all of them. All servers are
/// there from the beginning, loaded, and only the measured one runs: the others are stopped where they stand.
/// Ownership: of the servers.
/// </summary>
/// <param name="options">How it is done.</param>
/// <param name="cells">What is measured, in this order.</param>
/// <param name="driver">The client.</param>
/// <param name="progress">Told line by line.</param>
internal sealed class CompareRun(ComparisonOptions options, IReadOnlyList<Cell> cells, ICellDriver driver, Action<string> progress) : IAsyncDisposable
{
    private readonly Dictionary<string, RunningServer> _servers = [];
    private readonly List<string> _notes = [];

    /// <summary>What could not be measured, and why.</summary>
    internal IReadOnlyList<string> Notes => _notes;

    /// <summary>Whether a server or a client failed: then the comparison is not whole.</summary>
    internal bool HasFailed { get; private set; }

    /// <summary>The servers that take part.</summary>
    internal IEnumerable<ServerKind> Servers => _servers.Values.Select(static server => server.Kind);

    /// <summary>Runs it.</summary>
    /// <param name="result">Told of each result.</param>
    internal async Task RunAsync(Action<CellResult> result)
    {
        foreach (var kind in cells.SelectMany(SidesOf).Select(static side => side.Server).Distinct().ToList())
        {
            await StartAsync(kind);
        }

        // Cells that ask for more keys than those before them come in steps: all rounds of one, then of the next.
        foreach (var step in cells.GroupBy(static cell => cell.Keys))
        {
            // Round 0 does not count: what is compiled while it runs must learn first what it is asked, much longer than a warm-up.
            for (var round = options.HasRoundZero ? 0 : 1; round <= options.Rounds; round++)
            {
                foreach (var cell in step)
                {
                    await MeasureAsync(cell, round, round == 0 ? static _ => { } : result);
                }
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers.Values)
        {
            await server.DisposeAsync();
        }
    }

    private IEnumerable<Side> SidesOf(Cell cell) => options.ChosenSides(cell).Where(side => driver.Covers(cell, side));

    private async Task StartAsync(ServerKind kind)
    {
        if (kind.Program() is not { } program)
        {
            Note($"{kind.Name} is not installed and left out; to install it: {kind.Install}");
            return;
        }

        try
        {
            var server = await RunningServer.StartAsync(kind, program, options.Directory);
            _servers.Add(kind.Name, server);
            Load(server, cells[0].Keys ?? options.Keys);
            server.Pause();
        }
        catch (Exception failure) when (failure is LoadFaultException or InvalidOperationException)
        {
            Fail($"{kind.Name} is left out: {failure.Message}");
            if (_servers.Remove(kind.Name, out var server))
            {
                await server.DisposeAsync();
            }
        }
    }

    private void Load(RunningServer server, long keys)
    {
        if (server.Keys < keys)
        {
            var load = server.Load(keys, new BenchValue(options.ValueBytes), driver.Keys);
            progress($"{server.Kind.Name}: {keys:N0} keys loaded, {load.Rate:N0} a second");
        }
    }

    private async Task MeasureAsync(Cell cell, int round, Action<CellResult> result)
    {
        var sides = SidesOf(cell).Where(side => _servers.ContainsKey(side.Server.Name)).ToList();
        for (var i = 0; i < sides.Count; i++)
        {
            await MeasureAsync(cell, sides[(i + round) % sides.Count], round, result); // another one begins each round
        }
    }

    private async Task MeasureAsync(Cell cell, Side side, int round, Action<CellResult> result)
    {
        var server = _servers[side.Server.Name];
        var sync = SyncProbe.MicrosP50(options.Directory, options.Seconds);
        server.Resume();
        try
        {
            Load(server, cell.Keys ?? options.Keys);
            await using var groups = await GroupMeter.OpenAsync(server);
            var figures = driver.Measure(cell, side, server, round);
            figures = figures with { SyncP50 = sync, GroupSize = await groups.SinceAsync() };
            result(figures);
            progress($"round {round} {cell.Name} {side.Name}: {figures.Rate:N0}/s, p50 {figures.P50:N0}, p99 {figures.P99:N0} us; "
                + $"server {figures.ServerMicros:F1} us each; others {figures.ForeignCores:F2} cores; sync {sync:N0} us");
        }
        catch (LoadFaultException failure)
        {
            Fail($"round {round} {cell.Name} {side.Name} is void: {failure.Message}");
        }

        server.Pause();
    }

    private void Fail(string note)
    {
        HasFailed = true;
        Note(note);
    }

    private void Note(string note)
    {
        _notes.Add(note);
        progress(note);
    }
}

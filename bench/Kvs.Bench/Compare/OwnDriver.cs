using Kvs.Bench.Load;
using Kvs.Bench.Reports;
using Kvs.Bench.Servers;
using Kvs.Bench.Workloads;

namespace Kvs.Bench.Compare;

/// <summary>Our own load generator, a closed loop.</summary>
/// <param name="options">How it is done.</param>
internal sealed class OwnDriver(ComparisonOptions options) : ICellDriver
{
    private readonly BenchValue _value = new(options.ValueBytes);

    /// <inheritdoc/>
    public string Name => "kvs-bench";

    /// <inheritdoc/>
    public KeyWriter Keys => BenchKeys.Mixed;

    /// <inheritdoc/>
    public bool Covers(Cell cell, Side side) => true;

    /// <inheritdoc/>
    public CellResult Measure(Cell cell, Side side, RunningServer server, int round)
    {
        var result = LoadRun.Run(
            new LoadPlan
            {
                Address = server.AddressOf(side.Wire),
                Wire = RunningServer.WireOf(side.Wire, _value),
                Mix = cell.Mix,
                Clients = cell.Clients,
                Pipeline = cell.Pipeline,
                Rate = cell.Rate,
                Keys = cell.Keys ?? options.Keys,
                WarmUpSeconds = options.WarmUpSeconds,
                Seconds = options.Seconds,
                Seed = round,
            },
            server.ProcessId);
        return CellResult.Of(result.Rate, result.All) with
        {
            Cell = cell.Name,
            Side = side.Name,
            Durability = side.Server.Durability,
            Round = round,
            ReadP99 = result.Reads.Count > 0 ? result.Reads.Micros(0.99) : null,
            ServerMicros = result.ServerMicros,
            ClientCores = result.ClientCores,
            ForeignCores = result.ForeignCores,
            Unanswered = result.Unanswered,
        };
    }
}

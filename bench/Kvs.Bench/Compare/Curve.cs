using Kvs.Bench.Workloads;

namespace Kvs.Bench.Compare;

/// <summary>Cells that differ in one number, for a plot.</summary>
/// <param name="Name">Its name; that of a cell is this and the number.</param>
/// <param name="Points">The numbers.</param>
/// <param name="CellAt">The cell of a number.</param>
internal sealed record Curve(string Name, IReadOnlyList<long> Points, Func<string, long, Cell> CellAt)
{
    /// <summary>Durable sets against the number of clients; group sizes too.</summary>
    internal const string SetsByClients = "durable-set-clients";

    /// <summary>Gets against the number of clients.</summary>
    internal const string GetsByClients = "get-clients";

    /// <summary>Latency of durable sets against the rate at which they come.</summary>
    internal const string SetsByRate = "durable-set-rate";

    /// <summary>Latency of gets against the rate at which they come.</summary>
    internal const string GetsByRate = "get-rate";

    /// <summary>Gets against the number of keys.</summary>
    internal const string GetsByKeys = "get-keys";

    private const int Clients = 50;
    private const int OpenLoopPipeline = 64;

    private static readonly long[] _clients = [1, 2, 5, 10, 20, 50, 100, 200, 500];
    private static readonly string[] _writers = [Side.Kvs, Side.KvsResp, Side.RedisAlways];
    private static readonly string[] _readers = [Side.Kvs, Side.KvsResp, Side.Redis];

    /// <summary>All.</summary>
    internal static IReadOnlyList<Curve> All { get; } =
    [
        new(SetsByClients, _clients, static (name, clients) => new Cell(name, RequestMix.Of("set"), (int)clients, 1, _writers)),
        new(GetsByClients, _clients, static (name, clients) => new Cell(name, RequestMix.Of("get"), (int)clients, 1, _readers)),
        new(SetsByRate, [1000, 2000, 5000, 10_000, 20_000, 30_000, 40_000, 60_000], static (name, rate) =>
            new Cell(name, RequestMix.Of("set"), Clients, OpenLoopPipeline, _writers) { Rate = rate }),
        new(GetsByRate, [5000, 10_000, 20_000, 40_000, 60_000, 80_000, 100_000, 120_000], static (name, rate) =>
            new Cell(name, RequestMix.Of("get"), Clients, OpenLoopPipeline, _readers) { Rate = rate }),
        new(GetsByKeys, [10_000, 100_000, 1_000_000, 10_000_000], static (name, keys) =>
            new Cell(name, RequestMix.Of("get"), Clients, 1, _readers) { Keys = keys }),
    ];

    /// <summary>Its cells.</summary>
    internal IEnumerable<Cell> Cells => Points.Select(point => CellAt($"{Name}-{point}", point));
}

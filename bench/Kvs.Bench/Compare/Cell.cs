using Kvs.Bench.Workloads;

namespace Kvs.Bench.Compare;

/// <summary>What is measured: a load, and the sides that carry it in turn.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Mix">Which requests.</param>
/// <param name="Clients">How many clients.</param>
/// <param name="Pipeline">How many requests each sends at once.</param>
/// <param name="Sides">Names of the sides.</param>
internal sealed record Cell(string Name, RequestMix Mix, int Clients, int Pipeline, IReadOnlyList<string> Sides)
{
    /// <summary>Requests a second, in an open loop; null for a closed one.</summary>
    public double? Rate { get; init; }

    /// <summary>How many keys there are; null for as many as the comparison has.</summary>
    public long? Keys { get; init; }

    private static readonly string[] _durable = [Side.Kvs, Side.KvsResp, Side.RedisAlways, Side.Redis];
    private static readonly string[] _volatile = [Side.KvsOs, Side.KvsOsResp, Side.Redis, Side.RedisEverySecond, Side.Garnet];
    private static readonly string[] _reads = [Side.Kvs, Side.KvsResp, Side.Redis, Side.Garnet];

    /// <summary>The cells of the target table that are about servers.</summary>
    internal static IReadOnlyList<Cell> All { get; } =
    [
        Of("ping-1", "ping", 1, 1, Side.Kvs, Side.KvsResp, Side.RedisAlways),
        Of("durable-set-1", "set", 1, 1, _durable),
        Of("durable-set-50", "set", 50, 1, [.. _durable, Side.GarnetCommitWait]),
        Of("durable-set-50-p16", "set", 50, 16, _durable),
        Of("durable-set-50-p64", "set", 50, 64, _durable),
        Of("durable-set-500", "set", 500, 1, _durable),
        Of("durable-90/10-50", "90/10", 50, 1, _durable),
        Of("os-set-50", "set", 50, 1, _volatile),
        Of("os-set-50-p16", "set", 50, 16, _volatile),
        Of("os-set-50-p64", "set", 50, 64, _volatile),
        Of("get-50", "get", 50, 1, _reads),
        Of("get-50-p16", "get", 50, 16, _reads),
        Of("get-50-p64", "get", 50, 64, _reads),
    ];

    private static Cell Of(string name, string mix, int clients, int pipeline, params string[] sides) =>
        new(name, RequestMix.Of(mix), clients, pipeline, sides);
}

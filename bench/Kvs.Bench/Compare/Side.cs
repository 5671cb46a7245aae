using Kvs.Bench.Servers;

namespace Kvs.Bench.Compare;

/// <summary>A server as it is reached by one protocol: a column of the comparison.</summary>
/// <param name="Name">Its name in tables.</param>
/// <param name="Server">The server.</param>
/// <param name="Wire">The protocol.</param>
internal sealed record Side(string Name, ServerKind Server, string Wire)
{
    /// <summary>Our server through the binary protocol.</summary>
    internal const string Kvs = "kvs";

    /// <summary>Our server through the door for Redis clients.</summary>
    internal const string KvsResp = "kvs-resp";

    /// <summary>The same without syncs.</summary>
    internal const string KvsOs = "kvs-os";

    /// <summary>The same through the door for Redis clients.</summary>
    internal const string KvsOsResp = "kvs-os-resp";

    /// <summary>Redis without persistence: R of the target table.</summary>
    internal const string Redis = "redis";

    /// <summary>Redis that syncs once a second.</summary>
    internal const string RedisEverySecond = "redis-everysec";

    /// <summary>Redis that syncs before it answers: A of the target table.</summary>
    internal const string RedisAlways = "redis-always";

    /// <summary>Garnet without persistence.</summary>
    internal const string Garnet = "garnet";

    /// <summary>Garnet that writes before it answers.</summary>
    internal const string GarnetCommitWait = "garnet-commit-wait";

    /// <summary>All.</summary>
    internal static IReadOnlyList<Side> All { get; } =
    [
        new(Kvs, ServerKinds.Of(Kvs), ServerKinds.KvsWire),
        new(KvsResp, ServerKinds.Of(Kvs), ServerKinds.RespWire),
        new(KvsOs, ServerKinds.Of(KvsOs), ServerKinds.KvsWire),
        new(KvsOsResp, ServerKinds.Of(KvsOs), ServerKinds.RespWire),
        .. new[] { Redis, RedisEverySecond, RedisAlways, Garnet, GarnetCommitWait }
            .Select(static name => new Side(name, ServerKinds.Of(name), ServerKinds.RespWire)),
    ];
}

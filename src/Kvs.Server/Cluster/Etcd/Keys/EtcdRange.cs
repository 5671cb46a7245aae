using Kvs.Server.Cluster.Etcd.Wire;

namespace Kvs.Server.Cluster.Etcd.Keys;

/// <summary>What a Range found.</summary>
/// <param name="Revision">The revision that it shows; a watch that misses nothing begins at the next.</param>
/// <param name="KeyValues">In the order of their keys.</param>
internal sealed record EtcdRange(long Revision, IReadOnlyList<EtcdKeyValue> KeyValues)
{
    /// <summary>From the wire.</summary>
    /// <param name="wire">The message.</param>
    internal static EtcdRange Of(RangeResponse wire) =>
        new(wire.Header?.Revision ?? 0, [.. wire.Kvs.Select(EtcdKeyValue.Of)]);
}

using Kvs.Server.Cluster.Etcd.Keys;
using Kvs.Server.Cluster.Etcd.Wire;

namespace Kvs.Server.Cluster.Etcd.Watches;

/// <summary>A change that a watch tells of.</summary>
/// <param name="IsDelete">Whether the key was removed, by someone or with its lease.</param>
/// <param name="KeyValue">The key and its new value; of a removal the key, and the revision of the removal.</param>
internal readonly record struct EtcdEvent(bool IsDelete, EtcdKeyValue KeyValue)
{
    /// <summary>From the wire.</summary>
    /// <param name="wire">The message.</param>
    internal static EtcdEvent Of(Event wire) =>
        new(wire.Type == Event.Types.EventType.Delete, EtcdKeyValue.Of(wire.Kv ?? new KeyValue()));
}

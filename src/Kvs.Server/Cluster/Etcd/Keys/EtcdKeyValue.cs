using Kvs.Server.Cluster.Etcd.Wire;

namespace Kvs.Server.Cluster.Etcd.Keys;

/// <summary>A key of etcd with its value and its history in numbers.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
/// <param name="CreateRevision">The revision that made it.</param>
/// <param name="ModRevision">The revision that wrote it last: what a compare-and-set compares.</param>
/// <param name="Version">How often it was written since it was made.</param>
/// <param name="LeaseId">The lease that it lives on; 0 without one.</param>
internal sealed record EtcdKeyValue(
    string Key, ReadOnlyMemory<byte> Value, long CreateRevision, long ModRevision, long Version, long LeaseId)
{
    /// <summary>From the wire.</summary>
    /// <param name="wire">The message.</param>
    internal static EtcdKeyValue Of(KeyValue wire) => new(
        wire.Key.ToStringUtf8(), wire.Value.Memory, wire.CreateRevision, wire.ModRevision, wire.Version, wire.Lease);
}

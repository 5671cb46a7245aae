using System.Collections.Immutable;
using Kvs.Server.Cluster.Etcd;
using Kvs.Server.Cluster.Etcd.Keys;

namespace Kvs.Server.Cluster.ControlPlane;

/// <summary>
/// Where the nodes of a cluster are: each registers its address under its id. The address of a node that is gone is kept:
/// it may come back there. Threading: read by any thread; one watch at a time.
/// </summary>
/// <param name="etcd">The way to etcd.</param>
/// <param name="keys">The cluster's keys.</param>
internal sealed class NodeDirectory(EtcdClient etcd, ClusterKeys keys)
{
    private ImmutableDictionary<string, string> _addresses = ImmutableDictionary<string, string>.Empty; // ImmutableInterlocked
    private ImmutableHashSet<string> _present = []; // ImmutableInterlocked

    /// <summary>The nodes that are registered at the moment.</summary>
    internal IReadOnlyCollection<string> Present => _present;

    /// <summary>Address of a node.</summary>
    /// <param name="node">Its id.</param>
    /// <returns>Null when it never registered, as far as is known.</returns>
    internal string? AddressOf(string node) => _addresses.GetValueOrDefault(node);

    /// <summary>Follows the registrations until it is stopped.</summary>
    /// <param name="stop">Stops it.</param>
    internal async Task WatchAsync(CancellationToken stop)
    {
        var range = await etcd.RangeAsync(EtcdKeys.Prefix(keys.Nodes), isSerializable: false, stop);
        _present = [];
        foreach (var value in range.KeyValues)
        {
            Take(isDelete: false, value);
        }

        await using var watch = etcd.Watch(EtcdKeys.Prefix(keys.Nodes), range.Revision + 1);
        while (true)
        {
            var step = await watch.NextAsync(stop);
            if (step.IsCompacted)
            {
                return;
            }

            foreach (var change in step.Events)
            {
                Take(change.IsDelete, change.KeyValue);
            }
        }
    }

    private void Take(bool isDelete, EtcdKeyValue value)
    {
        var node = value.Key[keys.Nodes.Length..];
        if (isDelete)
        {
            ImmutableInterlocked.Update(ref _present, static (present, gone) => present.Remove(gone), node);
            return;
        }

        ImmutableInterlocked.Update(ref _present, static (present, here) => present.Add(here), node);
        ImmutableInterlocked.AddOrUpdate(
            ref _addresses, node, _ => GroupCodec.ReadAddress(value), (_, _) => GroupCodec.ReadAddress(value));
    }
}

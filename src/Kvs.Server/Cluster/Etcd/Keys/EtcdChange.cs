namespace Kvs.Server.Cluster.Etcd.Keys;

/// <summary>The answer to a Put or a removal.</summary>
/// <param name="Revision">etcd's revision after it.</param>
/// <param name="Count">How many keys it wrote or removed.</param>
internal sealed record EtcdChange(long Revision, long Count);

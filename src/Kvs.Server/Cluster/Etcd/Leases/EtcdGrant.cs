namespace Kvs.Server.Cluster.Etcd.Leases;

/// <summary>A lease that etcd has made.</summary>
/// <param name="Id">Its name.</param>
/// <param name="TimeToLive">How long it lives without a keepalive; etcd may give more than was asked for.</param>
/// <param name="SentAt">When it was asked for, by the monotonic clock: it lives at least until then plus its time.</param>
internal sealed record EtcdGrant(long Id, TimeSpan TimeToLive, long SentAt);

using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd;
using Kvs.Server.Cluster.Etcd.Keys;
using Kvs.Server.Cluster.Etcd.Leases;
using Kvs.Server.Cluster.Etcd.Watches;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Etcd.Real;

/// <summary>Three members of a real etcd, some of which die or are paused.</summary>
[Collection(RealEtcd.Name)]
public sealed class EtcdFailureTests
{
    private const string Key = "/kvs/test/leader";

    // Long beside the seconds that each attempt may take: what is shown is that keepalives go on, not how fast this machine is.
    private static readonly TimeSpan _timeToLive = TimeSpan.FromSeconds(20);

    [EtcdFact]
    public async Task A_lease_survives_the_death_of_the_etcd_leader()
    {
        using var cluster = await EtcdCluster.StartAsync(3);
        using var client = new EtcdClient(cluster.Options);
        await using var lease = await HoldAsync(client);
        var leader = await cluster.LeaderAsync();

        await leader.SignalAsync("KILL");

        await IsKeptAfterAsync(lease, TimeProvider.System.GetTimestamp());
        Assert.NotEqual(leader.Address, lease.Member);
        await IsThereAsync(client, lease);
    }

    [EtcdFact]
    public async Task A_lease_survives_the_pause_of_the_member_that_it_is_kept_at()
    {
        using var cluster = await EtcdCluster.StartAsync(3);
        using var client = new EtcdClient(cluster.Options);
        await using var lease = await HoldAsync(client);
        var paused = cluster.At(lease.Member);

        await paused.SignalAsync("STOP");

        await IsKeptAfterAsync(lease, TimeProvider.System.GetTimestamp());
        Assert.NotEqual(paused.Address, lease.Member);
        await IsThereAsync(client, lease);
    }

    [EtcdTheory]
    [InlineData("KILL")]
    [InlineData("STOP")]
    public async Task A_watch_misses_nothing_when_its_member_goes(string signal)
    {
        using var cluster = await EtcdCluster.StartAsync(3);
        using var client = new EtcdClient(cluster.Options);
        var begin = (await client.RangeAsync(EtcdKeys.One(Key), isSerializable: false, default)).Revision;
        await using var watch = client.Watch(EtcdKeys.Prefix("/kvs/test/"), begin + 1);
        var seen = new List<EtcdEvent>();

        await WriteAsync(client, 20);
        await SeeAsync(watch, seen, 1);
        var gone = cluster.At(watch.Member);
        await gone.SignalAsync(signal);
        await WriteAsync(client, 20);
        var last = Assert.Single((await client.RangeAsync(EtcdKeys.One(Key), isSerializable: false, default)).KeyValues);
        await SeeAsync(watch, seen, last.Version);

        // A write of unknown outcome may be done or not: the key's version counts those that were.
        Assert.InRange(last.Version, 20, 40);
        Assert.Equal(Enumerable.Range(1, (int)last.Version), seen.Select(one => (int)one.KeyValue.Version));
        Assert.NotEqual(gone.Address, watch.Member);
    }

    [EtcdFact]
    public async Task Without_a_majority_a_write_is_unknown_and_only_serializable_reads_are_answered()
    {
        using var cluster = await EtcdCluster.StartAsync(3);
        using var client = new EtcdClient(cluster.Options with { Addresses = [cluster.Members[0].Address] });
        await client.PutAsync(Key, "v"u8.ToArray(), 0, default);
        await cluster.Members[1].SignalAsync("STOP");
        await cluster.Members[2].SignalAsync("STOP");

        var write = await client.TxnAsync(new EtcdTxn().IfVersion(Key, 1).Put(Key, "w"u8), default);

        Assert.Equal(EtcdWriteState.Unknown, write.State);
        await Assert.ThrowsAsync<KvsUnavailableException>(() => client.RangeAsync(EtcdKeys.One(Key), isSerializable: false, default));
        Assert.Single((await client.RangeAsync(EtcdKeys.One(Key), isSerializable: true, default)).KeyValues);

        // It was unknown with reason: etcd does it when the majority is back.
        await cluster.Members[1].SignalAsync("CONT");
        await cluster.Members[2].SignalAsync("CONT");
        await Until.HoldsAsync(
            async () => (await client.RangeAsync(EtcdKeys.One(Key), isSerializable: true, default)).KeyValues[0].Version == 2,
            EtcdCluster.Patience);
    }

    private static async Task<EtcdLease> HoldAsync(EtcdClient client)
    {
        var grant = (await client.GrantAsync(_timeToLive, default)).Answer!;
        Assert.Equal(EtcdWriteState.Done, (await client.PutAsync(Key, "me"u8.ToArray(), grant.Id, default)).State);
        var lease = client.Keep(grant, static () => true);
        await IsKeptAfterAsync(lease, grant.SentAt);
        return lease;
    }

    /// <summary>
    /// Waits until a keepalive was answered that was sent after a moment. The time since the moment is read first: read last,
    /// it would be the larger for the mere time between the two readings.
    /// </summary>
    private static async Task IsKeptAfterAsync(EtcdLease lease, long moment)
    {
        await Until.HoldsAsync(
            () => Task.FromResult(lease.Ended.IsCompleted || TimeProvider.System.GetElapsedTime(moment) + lease.Remaining > _timeToLive),
            EtcdCluster.Patience);
        Assert.True(lease.IsHeld, lease.LastFailure?.Message);
    }

    private static async Task IsThereAsync(EtcdClient client, EtcdLease lease)
    {
        await Until.HoldsAsync(
            async () =>
            {
                try
                {
                    var found = await client.RangeAsync(EtcdKeys.One(Key), isSerializable: false, default);
                    Assert.Equal(lease.Id, Assert.Single(found.KeyValues).LeaseId);
                    return true;
                }
                catch (KvsUnavailableException)
                {
                    return false;
                }
            },
            EtcdCluster.Patience);
        Assert.True(lease.IsHeld);
    }

    private static async Task WriteAsync(EtcdClient client, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var write = await client.PutAsync(Key, default, 0, default);
            Assert.NotEqual(EtcdWriteState.Refused, write.State);
        }
    }

    private static async Task SeeAsync(EtcdWatch watch, List<EtcdEvent> seen, long version)
    {
        while (seen.Count == 0 || seen[^1].KeyValue.Version < version)
        {
            seen.AddRange((await watch.NextAsync(default).WaitAsync(EtcdCluster.Patience)).Events);
        }
    }
}

using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd;
using Kvs.Server.Cluster.Etcd.Grpc;
using Kvs.Server.Cluster.Etcd.Keys;
using Kvs.Server.Cluster.Etcd.Leases;
using Kvs.Server.Cluster.Etcd.Watches;
using Kvs.Server.Tests.Doors;
using Kvs.TestKit;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Etcd.Real;

/// <summary>One member of a real etcd: what it says to what we ask.</summary>
[Collection(RealEtcd.Name)]
public sealed class RealEtcdTests
{
    private const string Key = "/kvs/test/state";

    [EtcdFact]
    public async Task A_compare_and_set_is_won_once_and_the_loser_sees_what_there_is()
    {
        using var cluster = await EtcdCluster.StartAsync(1);
        using var client = new EtcdClient(cluster.Options);
        EtcdTxn Swap(long revision, string value) => new EtcdTxn()
            .IfModRevision(Key, revision)
            .Put(Key, System.Text.Encoding.UTF8.GetBytes(value))
            .ElseRange(EtcdKeys.One(Key));

        var created = await client.TxnAsync(Swap(0, "one"), default);
        var first = created.Answer!.Revision;
        var won = await client.TxnAsync(Swap(first, "two"), default);
        var lost = await client.TxnAsync(Swap(first, "three"), default);

        Assert.Equal(
            [EtcdWriteState.Done, EtcdWriteState.Done, EtcdWriteState.Refused],
            new[] { created.State, won.State, lost.State });
        Assert.Null(lost.Failure);
        var seen = Assert.Single(Assert.Single(lost.Answer!.Ranges).KeyValues);
        Assert.Equal("two", Text(seen));
        Assert.Equal((first, won.Answer!.Revision, 2L), (seen.CreateRevision, seen.ModRevision, seen.Version));
        Assert.Equivalent(seen with { Value = default }, Only(await client.RangeAsync(EtcdKeys.One(Key), false, default)) with { Value = default });
    }

    [EtcdFact]
    public async Task Each_kind_of_comparison_holds_or_not()
    {
        using var cluster = await EtcdCluster.StartAsync(1);
        using var client = new EtcdClient(cluster.Options);
        var created = (await client.PutAsync(Key, "v"u8.ToArray(), 0, default)).Answer!.Revision;
        async Task<EtcdWriteState> TryAsync(EtcdTxn txn) => (await client.TxnAsync(txn.Put(Key + "/x", "y"u8), default)).State;

        Assert.Equal(EtcdWriteState.Done, await TryAsync(new EtcdTxn().IfCreateRevision(Key, created).IfVersion(Key, 1)));
        Assert.Equal(EtcdWriteState.Refused, await TryAsync(new EtcdTxn().IfCreateRevision(Key, created).IfVersion(Key, 2)));
        Assert.Equal(EtcdWriteState.Refused, await TryAsync(new EtcdTxn().IfCreateRevision(Key, 0)));
        Assert.Equal(EtcdWriteState.Done, await TryAsync(new EtcdTxn().IfCreateRevision("/kvs/test/absent", 0)));
        Assert.Equal(EtcdWriteState.Refused, await TryAsync(new EtcdTxn().IfModRevision(Key, created + 100)));
    }

    [EtcdFact]
    public async Task Keys_are_written_read_by_prefix_and_removed()
    {
        using var cluster = await EtcdCluster.StartAsync(1);
        using var client = new EtcdClient(cluster.Options);
        foreach (var key in new[] { "/kvs/a/2", "/kvs/a/1", "/kvs/b/1" })
        {
            Assert.Equal(EtcdWriteState.Done, (await client.PutAsync(key, default, 0, default)).State);
        }

        var found = await client.RangeAsync(EtcdKeys.Prefix("/kvs/a/"), isSerializable: true, default);
        var removed = await client.DeleteAsync(EtcdKeys.Prefix("/kvs/a/"), default);

        Assert.Equal(["/kvs/a/1", "/kvs/a/2"], found.KeyValues.Select(one => one.Key));
        Assert.Equal(2, removed.Answer!.Count);
        Assert.Equal(found.Revision + 1, removed.Answer.Revision);
        Assert.Empty((await client.RangeAsync(EtcdKeys.Prefix("/kvs/a/"), isSerializable: false, default)).KeyValues);
    }

    [EtcdFact]
    public async Task A_watcher_sees_the_end_of_a_lease_that_nobody_keeps()
    {
        using var cluster = await EtcdCluster.StartAsync(1);
        using var client = new EtcdClient(cluster.Options);
        var grant = (await client.GrantAsync(TimeSpan.FromSeconds(2), default)).Answer!;
        var put = (await client.PutAsync(Key, "me"u8.ToArray(), grant.Id, default)).Answer!;
        await using var watch = client.Watch(EtcdKeys.Prefix("/kvs/test/"), put.Revision);

        var born = Assert.Single((await NextAsync(watch)).Events);
        var died = Assert.Single((await NextAsync(watch)).Events);

        Assert.Equal((false, "me", grant.Id), (born.IsDelete, Text(born.KeyValue), born.KeyValue.LeaseId));
        Assert.Equal((true, Key), (died.IsDelete, died.KeyValue.Key));
        Assert.True(died.KeyValue.ModRevision > put.Revision);
    }

    [EtcdFact]
    public async Task A_lease_that_is_kept_outlives_its_time_and_ends_when_revoked()
    {
        using var cluster = await EtcdCluster.StartAsync(1);
        using var client = new EtcdClient(cluster.Options);
        var grant = (await client.GrantAsync(TimeSpan.FromSeconds(10), default)).Answer!;
        await using var lease = client.Keep(grant, static () => true);
        await Until.HoldsAsync(
            () => Task.FromResult(TimeProvider.System.GetElapsedTime(grant.SentAt) + lease.Remaining > grant.TimeToLive + TimeSpan.FromSeconds(2)),
            EtcdCluster.Patience);
        Assert.True(lease.IsHeld);

        Assert.Equal(EtcdWriteState.Done, (await client.RevokeAsync(lease.Id, default)).State);

        Assert.Equal(EtcdLeaseState.Lost, await lease.Ended.WaitAsync(EtcdCluster.Patience));
        var again = await client.RevokeAsync(lease.Id, default);
        Assert.Equal((EtcdWriteState.Refused, GrpcStatus.NotFound), (again.State, again.Failure?.Status));
    }

    [EtcdFact]
    public async Task A_watch_from_a_compacted_revision_says_so()
    {
        using var cluster = await EtcdCluster.StartAsync(1);
        using var client = new EtcdClient(cluster.Options);
        var first = (await client.PutAsync(Key, default, 0, default)).Answer!.Revision;
        var last = (await client.PutAsync(Key, default, 0, default)).Answer!.Revision;
        await cluster.ControlAsync("compact", $"{last}");
        await using var watch = client.Watch(EtcdKeys.One(Key), first);

        var step = await NextAsync(watch);

        Assert.True(step.IsCompacted);
        Assert.Equal(last, step.CompactedAt);
        await using var anew = client.Watch(EtcdKeys.One(Key), last);
        Assert.Equal(last, Assert.Single((await NextAsync(anew)).Events).KeyValue.ModRevision);
    }

    [EtcdFact]
    public async Task A_write_that_etcd_finds_too_large_is_refused()
    {
        using var cluster = await EtcdCluster.StartAsync(1);
        using var client = new EtcdClient(cluster.Options);

        var write = await client.PutAsync(Key, new byte[1_800_000], 0, default);

        Assert.Equal(EtcdWriteState.Refused, write.State);
        Assert.Contains("request is too large", write.Failure!.Message, StringComparison.Ordinal);
    }

    private static Task<EtcdWatchStep> NextAsync(EtcdWatch watch) =>
        watch.NextAsync(CancellationToken.None).WaitAsync(EtcdCluster.Patience);

    private static EtcdKeyValue Only(EtcdRange range) => Assert.Single(range.KeyValues);

    private static string Text(EtcdKeyValue one) => System.Text.Encoding.UTF8.GetString(one.Value.Span);
}

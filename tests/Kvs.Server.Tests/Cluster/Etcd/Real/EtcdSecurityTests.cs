using Kvs.Core.Primitives;
using Kvs.Server.Cluster.Etcd;
using Kvs.Server.Cluster.Etcd.Grpc;
using Kvs.Server.Cluster.Etcd.Keys;
using Xunit;

namespace Kvs.Server.Tests.Cluster.Etcd.Real;

/// <summary>A real etcd that asks for certificates and for a login.</summary>
[Collection(RealEtcd.Name)]
public sealed class EtcdSecurityTests
{
    private const string Key = "/kvs/test/state";

    [EtcdFact]
    public async Task Certificates_of_both_sides_are_checked()
    {
        using var security = new EtcdSecurity();
        using var strangers = new EtcdSecurity();
        using var cluster = await EtcdCluster.StartAsync(1, security);
        using var client = new EtcdClient(cluster.Options);
        Assert.Equal(EtcdWriteState.Done, (await client.PutAsync(Key, default, 0, default)).State);

        // No certificate of ours; an authority that did not sign etcd's.
        EtcdTls[] wrong = [new(security.CaFile, null, null), security.Tls with { CaFile = strangers.CaFile }];
        foreach (var tls in wrong)
        {
            using var stranger = new EtcdClient(cluster.Options with { Tls = tls });
            var write = await stranger.PutAsync(Key, default, 0, default);
            Assert.NotEqual(EtcdWriteState.Done, write.State);
            Assert.Equal(GrpcStatus.Unavailable, write.Failure?.Status);
        }
    }

    [EtcdFact]
    public async Task A_login_is_needed_right_and_limited_to_its_role()
    {
        using var cluster = await EtcdCluster.StartAsync(1);
        foreach (var command in new[]
        {
            "user add root:secret", "user grant-role root root",
            "role add kvs", "role grant-permission kvs --prefix=true readwrite /kvs/",
            "user add ada:pw", "user grant-role ada kvs", "auth enable",
        })
        {
            await cluster.ControlAsync(command.Split(' '));
        }

        using var ada = new EtcdClient(cluster.Options with { Credentials = new EtcdCredentials("ada", "pw") });
        using var wrong = new EtcdClient(cluster.Options with { Credentials = new EtcdCredentials("ada", "guess") });
        using var nobody = new EtcdClient(cluster.Options);

        Assert.Equal(EtcdWriteState.Done, (await ada.PutAsync(Key, default, 0, default)).State);
        await using var watch = ada.Watch(EtcdKeys.Prefix("/kvs/"), 1);
        Assert.Equal(Key, Assert.Single((await watch.NextAsync(default).WaitAsync(EtcdCluster.Patience)).Events).KeyValue.Key);
        await RefusedAsync(ada, "/other", "permission denied");
        await RefusedAsync(wrong, Key, "invalid user ID or password");
        await RefusedAsync(nobody, Key, "user name is empty");

        await using var blind = ada.Watch(EtcdKeys.Prefix("/other/"), 1);
        var failure = await Assert.ThrowsAnyAsync<KvsException>(() => blind.NextAsync(default).WaitAsync(EtcdCluster.Patience));
        Assert.Contains("permission denied", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_missing_or_no_certificate_is_named()
    {
        using var security = new EtcdSecurity();
        EtcdTls[] wrong =
        [
            new("/nowhere/ca.pem", null, null),
            new(security.Tls.KeyFile, null, null),
            new(null, security.CaFile, security.Tls.KeyFile),
        ];
        string[] named = ["/nowhere/ca.pem", "client.key", "ca.pem"];
        foreach (var (tls, name) in wrong.Zip(named))
        {
            var failure = Assert.Throws<KvsConfigurationException>(() => tls.Load());
            Assert.Contains(name, failure.Message, StringComparison.Ordinal);
        }
    }

    private static async Task RefusedAsync(EtcdClient client, string key, string reason)
    {
        var write = await client.PutAsync(key, default, 0, default);
        Assert.Equal(EtcdWriteState.Refused, write.State);
        Assert.Contains(reason, write.Failure!.Message, StringComparison.Ordinal);
    }
}

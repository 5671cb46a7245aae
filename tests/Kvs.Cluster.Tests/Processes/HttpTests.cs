using System.Net;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>HTTP at any node of a cluster is HTTP at the cluster.</summary>
public sealed class HttpTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_write_at_a_replica_is_passed_on_and_every_node_reads_it()
    {
        using var directory = new TemporaryDirectory();
        using var replica = await ServerProcess.StartAsync(
            directory.FullPath, "--data-dir", "d1", "--replica", "--http", "127.0.0.1:0");
        using var primary = await ServerProcess.StartAsync(
            directory.FullPath, "--data-dir", "d0", "--replicas", replica.Address, "--http", "127.0.0.1:0");
        using var client = new HttpClient();
        Uri At(ServerProcess node, string path) => new($"http://{node.AddressOf("http")}{path}");
        await Until.HoldsAsync(
            async () =>
            {
                using var ready = await client.GetAsync(At(replica, "/readyz"));
                return ready.StatusCode == HttpStatusCode.OK;
            },
            s_patience,
            () => $"{primary.Errors}\n{replica.Errors}");

        using var set = await client.PutAsync(At(replica, "/v1/kv/key"), new StringContent("by the replica"));
        Assert.Equal(HttpStatusCode.Created, set.StatusCode);
        Assert.Equal("by the replica", await client.GetStringAsync(At(replica, "/v1/kv/key")));
        Assert.Equal("by the replica", await client.GetStringAsync(At(primary, "/v1/kv/key?consistency=linearizable")));
        var position = Assert.Single(set.Headers.GetValues("Kvs-Position"));
        Assert.Equal(
            "by the replica", await client.GetStringAsync(At(replica, $"/v1/kv/key?consistency=stale&at_least={position}")));

        using var stale = new HttpRequestMessage(HttpMethod.Put, At(replica, "/v1/kv/key")) { Content = new StringContent("x") };
        stale.Headers.Add("If-None-Match", "*");
        using var refused = await client.SendAsync(stale);
        Assert.Equal(HttpStatusCode.PreconditionFailed, refused.StatusCode);
        Assert.Equal(set.Headers.ETag, refused.Headers.ETag);
    }
}

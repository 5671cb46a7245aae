using System.Net;
using Kvs.TestKit;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>HTTP at any node of a cluster is HTTP at the cluster.</summary>
/// <param name="output">Gets the nodes' logs on failure.</param>
public sealed class HttpTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public Task A_write_at_a_replica_is_passed_on_and_every_node_reads_it() =>
        ProcessCluster.RunStoppedAsync(output, 2, ["--http", "127.0.0.1:0"], async cluster =>
        {
            await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
            var primary = await cluster.PrimaryAsync();
            var replica = Assert.Single(cluster.Others(primary));
            using var client = new HttpClient();
            await ReadyAsync(client, replica);

            using var set = await client.PutAsync(At(replica, "key"), new StringContent("by the replica"));
            Assert.Equal(HttpStatusCode.Created, set.StatusCode);
            Assert.Equal("by the replica", await client.GetStringAsync(At(replica, "key")));
            Assert.Equal("by the replica", await client.GetStringAsync(At(primary, "key?consistency=linearizable")));
            var position = Assert.Single(set.Headers.GetValues("Kvs-Position"));
            Assert.Equal("by the replica", await client.GetStringAsync(At(replica, $"key?consistency=stale&at_least={position}")));

            using var once = new HttpRequestMessage(HttpMethod.Put, At(replica, "key")) { Content = new StringContent("x") };
            once.Headers.Add("If-None-Match", "*");
            using var refused = await client.SendAsync(once);
            Assert.Equal(HttpStatusCode.PreconditionFailed, refused.StatusCode);
            Assert.Equal(set.Headers.ETag, refused.Headers.ETag);
        });

    private static Task ReadyAsync(HttpClient client, NodeProcess node) => Until.HoldsAsync(
        async () =>
        {
            using var ready = await client.GetAsync(new Uri($"http://{node.AddressOf("http")}/readyz"));
            return ready.StatusCode == HttpStatusCode.OK;
        },
        s_patience,
        () => node.NewestLog);

    private static Uri At(NodeProcess node, string key) => new($"http://{node.AddressOf("http")}/v1/kv/{key}");
}

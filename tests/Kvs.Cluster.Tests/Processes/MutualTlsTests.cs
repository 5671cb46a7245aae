using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.TestKit.Certificates;
using Kvs.TestKit.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>
/// Three real nodes that know each other by their certificates. A list is founded by all of its nodes; then one comes back with
/// a certificate of another authority, as somebody would who has taken over its address, or its disk: it gets nothing.
/// </summary>
public sealed class MutualTlsTests : IDisposable
{
    private const string Untrusted = "its certificate is not of an authority that is trusted here";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly ITestOutputHelper _output;
    private readonly TemporaryDirectory _directory = new();
    private readonly TestAuthority _authority;
    private readonly TestAuthority _other;
    private readonly string _right;
    private readonly string _wrong;

    /// <summary>Makes the certificates.</summary>
    /// <param name="output">Gets the nodes' logs on failure.</param>
    public MutualTlsTests(ITestOutputHelper output)
    {
        _output = output;
        _authority = new TestAuthority(_directory);
        _other = new TestAuthority(_directory, "other");
        (_right, _wrong) = (_authority.Sign("node"), _other.Sign("stranger"));
    }

    private KvsTls Tls => new() { CaFile = _authority.CaFile, CertificateFile = _right };

    /// <summary>How the stranger is asked what it has: it lets in who has a right certificate, as it was told to.</summary>
    private KvsTls TlsOfStranger => Tls with { CaFile = _other.CaFile };

    /// <inheritdoc/>
    public void Dispose()
    {
        _authority.Dispose();
        _other.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public Task A_replica_with_a_certificate_of_another_authority_gets_no_data_and_has_no_vote() => RunAsync(async cluster =>
    {
        var (primary, other, stranger) = (cluster.Nodes[0], cluster.Nodes[1], cluster.Nodes[2]);
        foreach (var by in cluster.Nodes)
        {
            await SetAsync(by, by.Name);
            Assert.All(await Task.WhenAll(cluster.Nodes.Select(GetAsync)), value => Assert.Equal(by.Name, value));
        }

        await ComeBackAsync(stranger, _right, _wrong);
        var had = await GetStaleAsync(stranger); // what it knew to be committed when it was killed
        await SetAsync(primary, "without it");
        await Clients.SaysAsync(primary, $"{stranger.Name} cannot be reached: {Untrusted}");
        Assert.Equal("without it", await GetAsync(other));
        Assert.Equal(had, await GetStaleAsync(stranger));

        // One is left that counts, and the stranger would make two.
        await primary.KillAsync();
        await Clients.RefusedAsync(() => ClusterCalls.PromoteAsync(other.Name, Tls));
        await Clients.SaysAsync(other, $"{stranger.Name} cannot be reached: {Untrusted}");
        await Clients.RefusedAsync(() => ClusterCalls.PromoteAsync(stranger.Name, TlsOfStranger));
        await Clients.SaysAsync(other, $"refused: {Untrusted}");
        Assert.NotEqual(stranger.Name, (await ClusterCalls.StatusAsync(other.Name, Tls)).Primary);
        Assert.Equal(had, await GetStaleAsync(stranger));

        await ComeBackAsync(stranger, _wrong, _right);
        await ProcessCluster.PromoteAsync([other], Tls);
        await SetAsync(stranger, "with it");
        await primary.StartAsync();
        Assert.All(await Task.WhenAll(cluster.Nodes.Select(GetAsync)), static value => Assert.Equal("with it", value));
    });

    [Fact]
    public Task A_primary_with_a_certificate_of_another_authority_is_followed_by_nobody() => RunAsync(async cluster =>
    {
        var (stranger, others) = (cluster.Nodes[0], cluster.Nodes.Skip(1).ToList());
        await SetAsync(stranger, "before");
        Assert.All(await Task.WhenAll(cluster.Nodes.Select(GetAsync)), static value => Assert.Equal("before", value));

        await ComeBackAsync(stranger, _right, _wrong);
        foreach (var other in others)
        {
            await Clients.SaysAsync(other, $"refused: {Untrusted}");
            await Clients.RefusedAsync(() => SetAsync(other, "by the stranger", isOnce: true));
        }

        await Clients.RefusedAsync(() => SetAsync(stranger, "by itself", TlsOfStranger, isOnce: true));

        await ProcessCluster.PromoteAsync(others, Tls);
        await SetAsync(others[0], "after");
        Assert.Equal("after", await GetAsync(others[1]));
        Assert.NotEqual("after", await GetStaleAsync(stranger));

        await ComeBackAsync(stranger, _wrong, _right);
        Assert.Equal("after", await GetAsync(stranger));
    });

    private Task RunAsync(Func<ProcessCluster, Task> test)
    {
        string[] more = ["--tls-cert", _right, "--tls-ca", _authority.CaFile, "--tls-clients", "required"];
        return ProcessCluster.RunStoppedAsync(_output, 3, more, async cluster =>
        {
            await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
            await test(cluster);
        });
    }

    private static async Task ComeBackAsync(NodeProcess node, string before, string now)
    {
        await node.KillAsync();
        node.Arguments = [.. node.Arguments.Select(argument => argument == before ? now : argument)];
        await node.StartAsync();
    }

    private async Task SetAsync(NodeProcess node, string value, KvsTls? tls = null, bool isOnce = false)
    {
        await using var client = await ConnectAsync(node, tls ?? Tls, isOnce);
        await client.SetAsync("key", value);
    }

    private async Task<string?> GetAsync(NodeProcess node)
    {
        await using var client = await ConnectAsync(node, Tls);
        return (await client.GetAsync("key"))?.Value.ToString();
    }

    private async Task<string?> GetStaleAsync(NodeProcess stranger)
    {
        await using var client = await ConnectAsync(stranger, TlsOfStranger, consistency: Consistency.Stale);
        return (await client.GetAsync("key"))?.Value.ToString();
    }

    private static Task<KvsClient> ConnectAsync(
        NodeProcess node, KvsTls tls, bool isOnce = false, Consistency consistency = Consistency.Linearizable) =>
        KvsClient.ConnectAsync(node.Name, new KvsClientOptions
        {
            Tls = tls,
            ConnectTimeout = TimeSpan.FromSeconds(20),
            RequestTimeout = isOnce ? TimeSpan.FromSeconds(5) : _patience,
            Retry = !isOnce,
            Reads = new ReadOptions { Consistency = consistency },
        });
}

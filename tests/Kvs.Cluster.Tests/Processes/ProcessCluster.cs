using System.Text;
using Kvs.Cluster.Tests.Processes.Network;
using Kvs.Core.Client;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;
using Kvs.TestKit;
using Kvs.TestKit.Processes;
using Xunit;
using Xunit.Abstractions;

namespace Kvs.Cluster.Tests.Processes;

/// <summary>
/// A cluster of real processes on this machine: each node is known to the others and to clients by the address of its
/// proxy, and listens on a port that the system chooses. The first node of a static one is the configured primary; over
/// etcd, each node has a road of its own to it.
/// Ownership: of the processes, which end with it, and of their directory. Threading: one test.
/// </summary>
internal sealed class ProcessCluster : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    // KVS_NODE_LOGS=1: also when the test holds.
    private static readonly bool s_showsLogs = Environment.GetEnvironmentVariable("KVS_NODE_LOGS") == "1";

    private readonly TemporaryDirectory _directory = new();

    private readonly NamespaceNet? _namespaces;

    private ProcessCluster(int count, string[] more, NamespaceNet? namespaces)
    {
        _namespaces = namespaces;
        Nodes =
        [
            .. Enumerable.Range(0, count).Select(index =>
                new NodeProcess(Net, _directory.FullPath, index, namespaces?.Nodes[index])),
        ];
        foreach (var node in Nodes.Skip(1))
        {
            node.Arguments = ["--replica", .. more];
        }

        Nodes[0].Arguments = ["--replicas", string.Join(',', Nodes.Skip(1).Select(static node => node.Name)), .. more];
    }

    /// <summary>The roads between the nodes where they go through proxies.</summary>
    internal FaultNet Net { get; } = new();

    /// <summary>The roads between the nodes, whatever they are made of.</summary>
    internal IRoads Roads => (IRoads?)_namespaces ?? Net;

    /// <summary>Whether connections go through proxies, which can break them in mid-frame.</summary>
    internal bool HasProxies => _namespaces is null;

    /// <summary>The nodes, in the order of the list.</summary>
    internal IReadOnlyList<NodeProcess> Nodes { get; }

    /// <summary>The control plane; null for a static cluster.</summary>
    internal EtcdProcess? Etcd { get; private set; }

    /// <summary>Runs a test with a cluster of which no node runs yet; when it fails, the nodes' logs are shown.</summary>
    /// <param name="output">Gets the logs.</param>
    /// <param name="count">How many nodes.</param>
    /// <param name="more">Arguments for all nodes.</param>
    /// <param name="test">The test.</param>
    /// <param name="namespaces">The nodes' networks; null for proxies.</param>
    internal static async Task RunStoppedAsync(
        ITestOutputHelper output, int count, string[] more, Func<ProcessCluster, Task> test, NamespaceNet? namespaces = null)
    {
        await using var cluster = new ProcessCluster(count, more, namespaces);
        try
        {
            await test(cluster);
            foreach (var node in cluster.Nodes)
            {
                Assert.DoesNotContain("bug of the server", node.Log, StringComparison.Ordinal);
            }

            if (s_showsLogs)
            {
                cluster.ShowLogs(output);
            }
        }
        catch
        {
            cluster.ShowLogs(output);
            throw;
        }
    }

    /// <summary>Runs a test with a cluster of three that has a primary.</summary>
    /// <param name="output">Gets the logs when it fails.</param>
    /// <param name="test">The test.</param>
    /// <param name="more">Arguments for all nodes.</param>
    internal static Task RunAsync(ITestOutputHelper output, Func<ProcessCluster, Task> test, params string[] more) =>
        RunStoppedAsync(output, 3, more, async cluster =>
        {
            await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
            await cluster.PrimaryAsync();
            await test(cluster);
        });

    /// <summary>Runs a test with a cluster of three of some kind that has a primary.</summary>
    /// <param name="output">Gets the logs when it fails.</param>
    /// <param name="kind">Which kind.</param>
    /// <param name="test">The test.</param>
    /// <param name="more">Arguments for all nodes.</param>
    internal static async Task RunAsync(
        ITestOutputHelper output, ClusterKind kind, Func<ProcessCluster, Task> test, params string[] more)
    {
        using var namespaces = kind == ClusterKind.ElectedInNamespaces ? new NamespaceNet(3) : null;
        await (kind == ClusterKind.Static
            ? RunAsync(output, test, more)
            : RunElectedAsync(output, 3, test, more, namespaces));
    }

    /// <summary>Runs a test with a cluster over etcd of which three nodes run, in sync.</summary>
    /// <param name="output">Gets the logs when it fails.</param>
    /// <param name="count">How many nodes there are.</param>
    /// <param name="test">The test.</param>
    /// <param name="more">Arguments for all nodes.</param>
    /// <param name="namespaces">The nodes' networks; null for proxies.</param>
    internal static Task RunElectedAsync(
        ITestOutputHelper output, int count, Func<ProcessCluster, Task> test, string[] more, NamespaceNet? namespaces) =>
        RunStoppedAsync(
            output,
            count,
            [],
            async cluster =>
            {
                using var etcd = await EtcdProcess.StartAsync(namespaces?.Etcd);
                cluster.Etcd = etcd;
                foreach (var node in cluster.Nodes)
                {
                    node.JoinBy(etcd, more);
                }

                await Task.WhenAll(cluster.Nodes.Take(3).Select(static node => node.StartAsync()));
                await Clients.ReportsAsync(
                    await cluster.PrimaryAsync(), static status => status.Nodes.Count(static node => node.InSync) == 3);
                await test(cluster);
            },
            namespaces);

    /// <summary>The node of a name.</summary>
    /// <param name="name">The name.</param>
    internal NodeProcess Node(string name) => Nodes.Single(node => node.Name == name);

    /// <summary>All nodes but one.</summary>
    /// <param name="one">The one.</param>
    internal IReadOnlyList<NodeProcess> Others(NodeProcess one) => [.. Nodes.Where(node => node != one)];

    /// <summary>Cuts the road between two, in both directions.</summary>
    /// <param name="one">The one.</param>
    /// <param name="other">The other.</param>
    internal void Cut(string one, string other)
    {
        Roads.CutOneWay(one, other);
        Roads.CutOneWay(other, one);
    }

    /// <summary>Cuts a node off from all others; clients still reach it.</summary>
    /// <param name="node">The node.</param>
    internal void Isolate(NodeProcess node)
    {
        foreach (var other in Others(node))
        {
            Cut(node.Name, other.Name);
        }
    }

    /// <summary>Waits until a node leads and can commit.</summary>
    /// <returns>The node.</returns>
    internal async Task<NodeProcess> PrimaryAsync()
    {
        NodeProcess? found = null;
        await Until.HoldsAsync(async () => (found = await TryFindPrimaryAsync(Nodes)) is not null, s_patience, () => "No node leads.");
        return found!;
    }

    /// <summary>Another node leads: over etcd by itself, else because an operator promotes one.</summary>
    /// <param name="old">Who led so far.</param>
    /// <returns>The new primary.</returns>
    internal async Task<NodeProcess> SucceedAsync(NodeProcess old)
    {
        if (Etcd is null)
        {
            return await PromoteAsync(Others(old));
        }

        NodeProcess? found = null;
        await Until.HoldsAsync(
            async () => (found = await TryFindPrimaryAsync(Others(old))) is not null, s_patience, static () => "No other node leads.");
        return found!;
    }

    /// <summary>Waits until all nodes follow the primary in step.</summary>
    /// <param name="patience">How long; a minute if not given.</param>
    internal async Task AllFollowAsync(TimeSpan? patience = null)
    {
        var primary = await PrimaryAsync();
        ClusterStatus? status = null;
        await Until.HoldsAsync(
            async () =>
            {
                status = await ClusterCalls.StatusAsync(primary.Name);
                return status.Nodes.Count == Nodes.Count && status.Nodes.All(static node => node.InSync);
            },
            patience ?? s_patience,
            () => $"Not all follow: {string.Join("; ", status?.Nodes.Select(static node => $"{node.NodeId} {node.State}") ?? [])}");
    }

    /// <summary>An operator promotes one of some nodes: the first that says yes.</summary>
    /// <param name="candidates">The nodes.</param>
    /// <param name="tls">How they are reached; null without TLS.</param>
    /// <returns>The new primary.</returns>
    internal static async Task<NodeProcess> PromoteAsync(IReadOnlyList<NodeProcess> candidates, KvsTls? tls = null)
    {
        var refusals = new List<string>();
        NodeProcess? promoted = null;
        await Until.HoldsAsync(
            async () =>
            {
                foreach (var node in candidates)
                {
                    try
                    {
                        await ClusterCalls.PromoteAsync(node.Name, tls);
                        promoted = node;
                        return true;
                    }
                    catch (KvsException refusal)
                    {
                        refusals.Add($"{node.Name}: {refusal.Message}");
                    }
                }

                return false;
            },
            s_patience,
            () => $"Nobody could be promoted:\n{string.Join('\n', refusals)}");
        return promoted!;
    }

    /// <summary>Waits until all nodes show the same state, nobody writes meanwhile.</summary>
    /// <returns>The version.</returns>
    internal async Task<KvsVersion> ConvergeAsync()
    {
        var seen = "";
        var version = KvsVersion.None;
        await Until.HoldsAsync(
            async () =>
            {
                try
                {
                    var digests = await Task.WhenAll(
                        Nodes.Where(static node => !node.HasLeft).Select(static node => ClusterCalls.DigestAsync(node.Name)));
                    seen = string.Join("; ", digests.Select(static digest => $"{digest.Version}, {digest.Keys} keys, {digest.Hash:x16}"));
                    version = digests[0].Version;
                    return digests.Distinct().Count() == 1;
                }
                catch (KvsException failure)
                {
                    seen = failure.Message;
                    return false;
                }
            },
            s_patience,
            () => $"The nodes differ: {seen}");
        return version;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Roads.Mend();
        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }

        _directory.Dispose();
    }

    private static bool Leads(ClusterStatus status, NodeProcess node) => status.Primary == node.Name && status.Lease == "held";

    private static async Task<NodeProcess?> TryFindPrimaryAsync(IReadOnlyList<NodeProcess> nodes)
    {
        foreach (var node in nodes.Where(static node => node is { IsRunning: true, IsPaused: false }))
        {
            try
            {
                if (Leads(await ClusterCalls.StatusAsync(node.Name), node))
                {
                    return node;
                }
            }
            catch (KvsException)
            {
                // It is asked again.
            }
        }

        return null;
    }

    private void ShowLogs(ITestOutputHelper output)
    {
        var text = new StringBuilder();
        foreach (var node in Nodes)
        {
            text.AppendLine($"---- {node.Name}").AppendLine(node.Log);
        }

        output.WriteLine(text.ToString());
    }
}

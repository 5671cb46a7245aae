using Kvs.Cluster.Tests.Processes.Network;
using Kvs.Core.Primitives;
using Kvs.TestKit;

namespace Kvs.Cluster.Tests.Processes.Load;

/// <summary>
/// The faults of a chaos run: each goes wrong, stays wrong while clients go on, and is mended, with an operator who
/// promotes another node where the primary stays away. Threading: one test.
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="acknowledged">The clients' writes.</param>
/// <param name="random">The dice.</param>
internal sealed class ChaosFaults(ProcessCluster cluster, Acknowledgements acknowledged, Random random)
{
    private const int SomeWrites = 30;

    /// <summary>All faults, by name; those of the primary first.</summary>
    internal static IReadOnlyList<string> Names { get; } =
    [
        "primary killed, another one promoted",
        "primary paused, another one promoted",
        "primary cut off, another one promoted",
        "primary handed over",
        "primary killed, and started again",
        "primary paused, and it goes on",
        "primary cut off one way",
        "primary and all others killed, and started again",
        "replica killed",
        "replica paused",
        "replica cut off",
        "replica cut off one way",
        "links reset and cut in mid-frame",
    ];

    /// <summary>Does one.</summary>
    /// <param name="name">Its name.</param>
    internal async Task DoAsync(string name)
    {
        var primary = await cluster.PrimaryAsync();
        var others = cluster.Others(primary);
        var replica = others[random.Next(others.Count)];
        await (name switch
        {
            "primary killed, another one promoted" => KillAndPromoteAsync(primary),
            "primary paused, another one promoted" => PauseAndPromoteAsync(primary),
            "primary cut off, another one promoted" => CutAndPromoteAsync(primary),
            "primary handed over" => HandOverAsync(primary, replica),
            "primary killed, and started again" => KillAsync(primary),
            "primary paused, and it goes on" => PauseAsync(primary),
            "primary cut off one way" => CutOneWayAsync(primary),
            "primary and all others killed, and started again" => KillAllAsync(),
            "replica killed" => KillAsync(replica),
            "replica paused" => PauseAsync(replica),
            "replica cut off" => CutAsync(replica),
            "replica cut off one way" => CutOneWayAsync(replica),
            "links reset and cut in mid-frame" => BreakLinksAsync(),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such fault."),
        });
        await cluster.PrimaryAsync();
        await acknowledged.MoreAsync(SomeWrites);
    }

    private TimeSpan SomeSeconds() => TimeSpan.FromSeconds(3 + (3 * random.NextDouble()));

    private async Task KillAndPromoteAsync(NodeProcess primary)
    {
        await primary.KillAsync();
        await ProcessCluster.PromoteAsync(cluster.Others(primary));
        await acknowledged.MoreAsync(SomeWrites);
        await primary.StartAsync();
    }

    private async Task PauseAndPromoteAsync(NodeProcess primary)
    {
        await primary.PauseAsync();
        await ProcessCluster.PromoteAsync(cluster.Others(primary));
        await acknowledged.MoreAsync(SomeWrites);
        await primary.ContinueAsync();
    }

    private async Task CutAndPromoteAsync(NodeProcess primary)
    {
        cluster.Isolate(primary);
        await ProcessCluster.PromoteAsync(cluster.Others(primary));
        await acknowledged.MoreAsync(SomeWrites);
        cluster.Net.Mend();
    }

    private async Task HandOverAsync(NodeProcess primary, NodeProcess replica)
    {
        await acknowledged.MoreAsync(SomeWrites);
        await Until.HoldsAsync(
            async () =>
            {
                try
                {
                    await ClusterCalls.TransferAsync(primary.Name, replica.Name);
                    return true;
                }
                catch (KvsException refusal) when (refusal.Message.Contains("does not follow in step", StringComparison.Ordinal))
                {
                    return false; // it has just come back from the fault before
                }
            },
            TimeSpan.FromSeconds(30));
    }

    private static async Task KillAsync(NodeProcess node)
    {
        await node.KillAsync();
        await node.StartAsync();
    }

    private async Task KillAllAsync()
    {
        await Task.WhenAll(cluster.Nodes.Select(static node => node.KillAsync()));
        await Task.WhenAll(cluster.Nodes.Select(static node => node.StartAsync()));
    }

    private async Task PauseAsync(NodeProcess node)
    {
        await node.PauseAsync();
        await Until.PassedAsync(SomeSeconds());
        await node.ContinueAsync();
    }

    private async Task CutAsync(NodeProcess node)
    {
        cluster.Isolate(node);
        await Until.PassedAsync(SomeSeconds());
        cluster.Net.Mend();
    }

    private async Task CutOneWayAsync(NodeProcess node)
    {
        var isOutgoing = random.Next(2) == 0;
        foreach (var other in cluster.Others(node))
        {
            cluster.Net.CutOneWay(isOutgoing ? node.Name : other.Name, isOutgoing ? other.Name : node.Name);
        }

        await Until.PassedAsync(SomeSeconds());
        cluster.Net.Mend();
    }

    private async Task BreakLinksAsync()
    {
        for (var i = 0; i < 10; i++)
        {
            var one = cluster.Nodes[random.Next(cluster.Nodes.Count)];
            var others = cluster.Others(one);
            var other = others[random.Next(others.Count)];
            if (random.Next(2) == 0)
            {
                cluster.Net.Reset(one.Name, other.Name);
            }
            else
            {
                cluster.Net.Truncate(one.Name, other.Name, random.Next(2000));
            }

            await acknowledged.MoreAsync(random.Next(SomeWrites));
        }

        cluster.Net.Mend();
    }
}

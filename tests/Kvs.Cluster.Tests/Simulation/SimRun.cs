using System.Globalization;
using Kvs.Core.Replication;
using Kvs.Core.Replication.ControlPlane;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>
/// One run by a seed: faults for so many steps, then everything heals and the cluster must come back by itself (and by
/// its operator, where it has one): all nodes hold the same, and a client can write.
/// </summary>
internal static class SimRun
{
    private static readonly TimeSpan RecoveryMax = TimeSpan.FromSeconds(60);

    /// <summary>Runs.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="options">What the run is like.</param>
    /// <returns>The cluster at the end.</returns>
    /// <exception cref="SimulationException">Something did not hold.</exception>
    internal static SimCluster Run(int seed, SimOptions options)
    {
        var cluster = new SimCluster(seed, options);
        cluster.World.Trace.Everything = options.Trace;
        try
        {
            Begin(cluster);
            while (cluster.Steps < options.Steps && !cluster.IsUndecidable)
            {
                cluster.World.Step();
            }

            ComeBack(cluster);
            return cluster;
        }
        catch (Exception failure) when (failure is not SimulationException)
        {
            throw new SimulationException(seed, cluster, failure);
        }
    }

    /// <summary>Switches everything on.</summary>
    /// <param name="cluster">The cluster.</param>
    internal static void Begin(SimCluster cluster)
    {
        cluster.Faults.Begin();
        cluster.Ghost.Waived.UnionWith(cluster.Options.Waived.Split(' '));
        foreach (var node in cluster.Nodes)
        {
            cluster.World.Soon(0, 200_000, () =>
            {
                if (!node.IsUp)
                {
                    node.Start();
                }
            });
        }

        foreach (var client in cluster.Clients)
        {
            cluster.World.Soon(0, 100_000, client.Begin);
        }

        cluster.World.Soon(3_000_000, 5_000_000, cluster.Operator.Watch);
    }

    private static void ComeBack(SimCluster cluster)
    {
        cluster.World.Note("world", "heals");
        cluster.Faults.End();
        var end = cluster.World.Now + RecoveryMax;
        var writes = cluster.Histories.Writes;
        var isQuiet = false;
        while (!(isQuiet && AreEqual(cluster)) && !cluster.IsUndecidable)
        {
            cluster.World.Step();
            if (!isQuiet && cluster.Histories.Writes > writes + 3)
            {
                isQuiet = true;
                foreach (var client in cluster.Clients)
                {
                    client.IsActive = false;
                }
            }

            cluster.Ghost.Require(
                cluster.World.Now < end,
                "progress",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{RecoveryMax.TotalSeconds} s after all faults ended: {string.Join(", ", cluster.Nodes.Select(State))}"));
        }
    }

    private static bool AreEqual(SimCluster cluster)
    {
        var committed = (ulong)cluster.Ghost.Committed.Count;
        return cluster.Nodes.All(node => node.Engine.Published == committed && node.Disk.Last.Sequence == committed)
            && (!cluster.Options.HasControlPlane || cluster.Nodes.All(node => IsInSync(cluster, node)));
    }

    private static bool IsInSync(SimCluster cluster, SimNode node) =>
        cluster.ControlPlane.View.State is { } state
        && state.InSync.Contains(new GroupMember(node.Name, node.Disk.Record.Incarnation));

    private static string State(SimNode node) =>
        $"{node.Name} is {(node.IsUp ? node.Node.Role : NodeRole.Failed)} with {Describe.Any(node.Disk.Last)}, "
        + $"published {node.Engine.Published}, promised {Describe.Epoch(node.Disk.Record.PromisedEpoch)} to "
        + $"{node.Disk.Record.Candidate}, {(node.Disk.Record.HasList ? "counts" : "does not count")}";
}

/// <summary>A run that failed: names what replays it.</summary>
/// <param name="seed">The seed.</param>
/// <param name="cluster">The cluster.</param>
/// <param name="failure">What failed.</param>
internal sealed class SimulationException(int seed, SimCluster cluster, Exception failure) : Exception(
    $"Seed {seed} fails at step {cluster.Steps}: {failure.Message}\n"
    + $"Replay: KVS_SIM_SEED={seed} dotnet test tests/Kvs.Cluster.Tests -c Release --filter One_seed\n"
    + cluster.World.Trace.Text(EventsShown)
    + $"{failure.GetType().Name}: {failure.StackTrace}",
    failure)
{
    private const int EventsShown = 60;

    /// <summary>What failed.</summary>
    internal Exception Failure { get; } = failure;
}

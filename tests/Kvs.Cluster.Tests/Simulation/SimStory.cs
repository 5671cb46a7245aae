using System.Globalization;
using Kvs.Core.Replication;
using Kvs.Core.Replication.ControlPlane;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>A run in which a test says what goes wrong, and measures in the run's own time what comes of it.</summary>
internal sealed class SimStory
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private int _writes;

    /// <summary>A group of three in which nothing goes wrong by itself.</summary>
    /// <param name="options">What the run is like.</param>
    internal SimStory(SimOptions options)
    {
        Cluster = new SimCluster(1, options with
        {
            Faults = new FaultPlan(),
            Nodes = 3,
            MinInSync = options.MinInSync ?? 2,
            Patience = TimeSpan.FromMilliseconds(400),
        });
        Cluster.World.Trace.Everything = options.Trace;
        SimRun.Begin(Cluster);
        Cluster.Operator.IsAway = true;
        Cluster.Network.DelayMicrosMax = 1000;
        Cluster.ControlPlane.WatchMicrosMax = 20_000;
    }

    /// <summary>The cluster.</summary>
    internal SimCluster Cluster { get; }

    /// <summary>The record.</summary>
    internal GroupState? State => Cluster.ControlPlane.View.State;

    /// <summary>The node that leads the newest epoch; fails when there is none.</summary>
    internal SimNode Primary => Cluster.Nodes.Single(node => IsPrimary(node) && node.Node.Epoch == State?.Epoch);

    /// <summary>A node that does not lead.</summary>
    internal SimNode Other => Cluster.Nodes.First(node => node != Primary);

    /// <summary>Whether the newest epoch has a primary at work.</summary>
    internal bool HasPrimary => Cluster.Nodes.Any(node => IsPrimary(node) && node.Node.Epoch == State?.Epoch);

    /// <summary>Goes on until something is so.</summary>
    /// <param name="what">It, for the failure.</param>
    /// <param name="isSo">Whether it is.</param>
    /// <returns>How long it took.</returns>
    internal TimeSpan Until(string what, Func<bool> isSo)
    {
        var begun = Cluster.World.Now;
        while (!isSo())
        {
            Cluster.World.Step();
            Cluster.Ghost.Require(
                Cluster.World.Now - begun < Patience,
                "story",
                string.Create(CultureInfo.InvariantCulture, $"not in {Patience.TotalSeconds} s: {what}\n{Cluster.World.Trace.Text(60)}"));
        }

        return Cluster.World.Now - begun;
    }

    /// <summary>Goes on until all three nodes are in sync, and a write is done.</summary>
    internal SimStory UntilInSync()
    {
        Until("all are in sync", () => State is { } state && Cluster.Nodes.All(
            node => state.InSync.Contains(new GroupMember(node.Name, node.Disk.Record.Incarnation))));
        UntilWritten();
        return this;
    }

    /// <summary>Goes on until another write is done.</summary>
    /// <returns>How long it took.</returns>
    internal TimeSpan UntilWritten()
    {
        var writes = Cluster.Histories.Writes;
        return Until("a write is done", () => Cluster.Histories.Writes > writes);
    }

    /// <summary>Goes on for a time.</summary>
    /// <param name="length">How long.</param>
    /// <returns>The longest time in it in which no write was done.</returns>
    internal TimeSpan StallWithin(TimeSpan length)
    {
        var (end, last, writes, longest) = (Cluster.World.Now + length, Cluster.World.Now, Cluster.Histories.Writes, TimeSpan.Zero);
        while (Cluster.World.Now < end)
        {
            Cluster.World.Step();
            var stall = Cluster.World.Now - last;
            longest = stall > longest ? stall : longest;
            if (Cluster.Histories.Writes != writes)
            {
                (writes, last) = (Cluster.Histories.Writes, Cluster.World.Now);
            }
        }

        return longest;
    }

    /// <summary>Asks one node for a write of the story's own, on a key that no client uses.</summary>
    /// <param name="node">The node.</param>
    /// <param name="expected">Sequence that the key must have; null for any.</param>
    /// <returns>The answer.</returns>
    internal SimAnswer Write(SimNode node, ulong? expected = null)
    {
        SimAnswer? answer = null;
        var number = ++_writes;
        node.Run(node.Life, () => node.Engine.Service.Handle(new SimRequest(
            Cluster.Clients.Length + 1, number, "story", $"story:{number}", expected, IsForwarded: false, given => answer = given)));
        Until("the story's write is answered", () => answer is not null);
        return answer!;
    }

    /// <summary>Goes on until a node has answered an operator.</summary>
    /// <param name="request">Number of the request.</param>
    internal NodeOutput.Answer Answer(long request)
    {
        Until("the operator is answered", () => Cluster.Operator.Answers.ContainsKey(request));
        return Cluster.Operator.Answers[request];
    }

    /// <summary>Cuts a node off from all other nodes.</summary>
    /// <param name="node">The node.</param>
    internal void CutFromNodes(SimNode node)
    {
        foreach (var other in Cluster.Nodes.Where(other => other != node))
        {
            Cluster.Network.Cut(node.Name, other.Name);
            Cluster.Network.Cut(other.Name, node.Name);
        }
    }

    /// <summary>Cuts a node off from the control plane.</summary>
    /// <param name="node">The node.</param>
    internal void CutFromControl(SimNode node)
    {
        Cluster.ControlPlane.Cut(node.Name, inwards: true);
        Cluster.ControlPlane.Cut(node.Name, inwards: false);
    }

    /// <summary>Something happens to a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="input">What.</param>
    internal static void Tell(SimNode node, NodeInput input) => node.Run(node.Life, () => node.Step(input));

    private static bool IsPrimary(SimNode node) => node is { IsUp: true, IsPaused: false } && node.Node.Role == NodeRole.Primary;
}

using Kvs.Core.Replication;

namespace Kvs.Cluster.Tests.Simulation;

/// <summary>
/// The person of a static cluster: sees after a while that nothing is written any more, promotes somebody, and if the
/// answer names a better node, that one.
/// </summary>
/// <param name="cluster">The cluster.</param>
internal sealed class SimOperator(SimCluster cluster)
{
    private long _request;
    private string _better = "";
    private int _writesSeen;

    /// <summary>Promotions and transfers that were done.</summary>
    internal int Done { get; private set; }

    /// <summary>The newest answer to each request.</summary>
    internal Dictionary<long, NodeOutput.Answer> Answers { get; } = [];

    /// <summary>The newest answer.</summary>
    internal NodeOutput.Answer? Last { get; private set; }

    /// <summary>Whether the person looks after the cluster at all.</summary>
    internal bool IsAway { get; set; }

    /// <summary>An answer.</summary>
    /// <param name="answer">It.</param>
    internal void Answered(NodeOutput.Answer answer)
    {
        Answers[answer.Request] = answer;
        Last = answer;
        Done += answer.Done ? 1 : 0;
        _better = answer.Done ? "" : answer.Better;
    }

    /// <summary>Looks now and then for ever.</summary>
    internal void Watch()
    {
        cluster.World.Soon(1_000_000, 4_000_000, Watch);
        if (IsAway)
        {
            return;
        }

        if (cluster.Options.HasControlPlane)
        {
            TakeBack();
            return;
        }

        var isStuck = cluster.Histories.Writes == _writesSeen && cluster.Clients[0].IsActive;
        isStuck |= !cluster.Nodes.Any(node => node is { IsUp: true, IsPaused: false } && node.Node.Role == NodeRole.Primary);
        _writesSeen = cluster.Histories.Writes;
        if (isStuck)
        {
            Promote(cluster.Nodes.FirstOrDefault(node => node.Name == _better) ?? Anybody());
        }
    }

    /// <summary>Does something that nobody needs.</summary>
    internal void Meddle()
    {
        var node = cluster.World.Pick(cluster.Nodes);
        var draw = cluster.World.Random.NextDouble();
        if (draw < 0.3 && !cluster.Options.HasControlPlane)
        {
            Promote(node);
            return;
        }

        var primary = cluster.Nodes.FirstOrDefault(each => each.IsUp && each.Node.Role == NodeRole.Primary);
        if (primary is not null && node != primary)
        {
            NodeInput request = draw < 0.3 && cluster.Options.HasControlPlane
                ? new NodeInput.Leave(++_request, node.Name)
                : new NodeInput.HandOver(++_request, node.Name);
            primary.Run(primary.Life, () => primary.Step(request));
        }
    }

    // Starts again who was let go.
    private void TakeBack()
    {
        foreach (var node in cluster.Nodes.Where(node => node is { IsUp: true, IsPaused: false } && node.Node.Role == NodeRole.Left))
        {
            node.Crash();
            cluster.World.Soon(1000, 1_000_000, () =>
            {
                if (!node.IsUp)
                {
                    node.Start();
                }
            });
        }
    }

    // Who believes to lead is asked last: it may be cut off.
    private SimNode Anybody()
    {
        var others = cluster.Nodes.Where(node => !node.IsUp || node.Node.Role != NodeRole.Primary).ToArray();
        return others.Length > 0 ? cluster.World.Pick(others) : cluster.World.Pick(cluster.Nodes);
    }

    /// <summary>Asks a node to lead.</summary>
    /// <param name="node">The node.</param>
    internal void Promote(SimNode node) => Ask(node, new NodeInput.Promote(++_request));

    /// <summary>Asks a node to lead although acknowledged batches may be missing there.</summary>
    /// <param name="node">The node.</param>
    internal void Force(SimNode node) => Ask(node, new NodeInput.ForcePromote(++_request));

    private static void Ask(SimNode node, NodeInput request)
    {
        if (node.IsUp)
        {
            node.Run(node.Life, () => node.Step(request));
        }
    }
}

using Kvs.Client.Output.Admin;
using Kvs.Client.Output.Cluster;
using Kvs.Core.Operations;
using Kvs.Core.Primitives;

namespace Kvs.Client.Commands.Cluster;

/// <summary>Makes of what a cluster says of itself what people are shown.</summary>
internal static class ClusterView
{
    /// <summary>The result of a status.</summary>
    /// <param name="status">What the node said.</param>
    /// <returns>The result.</returns>
    internal static ClusterStatusResult Of(ClusterStatus status) => new(
        [
            new Figure("cluster", null, status.Cluster),
            new Figure("mode", null, status.Mode),
            new Figure("acks", null, status.Acks),
            new Figure("epoch", null, status.Epoch.ToString("x", System.Globalization.CultureInfo.InvariantCulture)),
            new Figure("primary", null, status.Primary),
            new Figure("committed", null, Token(status.Committed)),
            new Figure("lease", null, status.Lease),
            new Figure("control_plane", null, status.ControlPlane),
            new Figure("read_only", null, status.ReadOnlyReason),
            new Figure("advice", null, status.Advice),
        ],
        [.. status.Nodes.Select(Of)]);

    private static NodeView Of(ClusterNode node) => new(
        node.NodeId,
        node.Address,
        node.Role.ToString().ToLowerInvariant(),
        node.State,
        node.InSync,
        Token(node.Applied),
        Token(node.Durable),
        node.LagBytes,
        node.Lag);

    private static string? Token(KvsVersion position) => position == KvsVersion.None ? null : position.ToString();
}

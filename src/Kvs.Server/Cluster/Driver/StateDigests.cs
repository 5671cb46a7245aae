using Kvs.Core.Engines.Members;
using Kvs.Core.Primitives;
using Kvs.Core.Replication;

namespace Kvs.Server.Cluster.Driver;

/// <summary>
/// Digests of this node's state, by which nodes are compared: each walks over the whole index once, on the thread pool,
/// while the store works on.
/// Threading: asked by the driver's loop; the walk on the pool.
/// </summary>
/// <param name="side">The node's log.</param>
/// <param name="log">What people read.</param>
/// <param name="tell">Tells the node.</param>
internal sealed class StateDigests(LogSide side, ClusterLog log, Action<NodeInput> tell)
{
    /// <summary>Makes one, as soon as the state is there.</summary>
    /// <param name="order">Which.</param>
    internal void Begin(NodeOutput.DigestState order) =>
        side.MarkState(order.Sequence, state => _ = Task.Run(() => Walk(state, order.Parts)));

    private void Walk(MarkedState state, ushort parts)
    {
        using (state)
        {
            try
            {
                tell(new NodeInput.Digested(state.Sequence, state.Digest(parts)));
            }
            catch (KvsException damage)
            {
                log.ReadFailed("Walking over the index", damage.Message);
            }
        }
    }
}

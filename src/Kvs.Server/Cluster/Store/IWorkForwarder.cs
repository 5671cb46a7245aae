using Kvs.Core.Operations;

namespace Kvs.Server.Cluster.Store;

/// <summary>
/// Takes work to the primary: what is given to a node that does not lead, and, as a detour, what the engine has refused
/// because the node has stopped to lead.
/// </summary>
internal interface IWorkForwarder : IWorkItemDetour
{
    /// <summary>Takes an item to the primary, and completes it with what it answered.</summary>
    /// <param name="item">The item. Ownership: the forwarder's until it completes, when this says yes.</param>
    /// <returns>False when no primary is known, or the item may not travel: the engine here answers it.</returns>
    bool TryForward(WorkItem item);
}

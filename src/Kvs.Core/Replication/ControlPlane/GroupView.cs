namespace Kvs.Core.Replication.ControlPlane;

/// <summary>
/// The two keys of a group at one revision of the control plane. A watch gives one for each event, with the other key as
/// it was by then; so views of one source are ordered, and of two the later one holds.
/// </summary>
/// <param name="AsOf">The revision of the control plane at which this was so.</param>
/// <param name="StateRevision">The revision that wrote the record; 0 while there is none.</param>
/// <param name="State">The record.</param>
/// <param name="LeaderRevision">The revision that wrote the leader key; 0 while there is none.</param>
/// <param name="Leader">The leader key.</param>
internal sealed record GroupView(
    long AsOf, long StateRevision, GroupState? State, long LeaderRevision, LeaderKey? Leader);

/// <summary>
/// Tells that the primary lives: it ends with the primary's lease in the control plane, which may end early or late.
/// So it only says when it is worth to stand for election; no safety rests on it.
/// </summary>
/// <param name="Node">The primary.</param>
/// <param name="Incarnation">Its incarnation.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Lease">The lease that the key ends with.</param>
internal sealed record LeaderKey(string Node, UInt128 Incarnation, ulong Epoch, long Lease);

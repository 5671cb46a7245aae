namespace Kvs.Core.Protocol.Cluster.Messages;

/// <summary>
/// One message between two nodes of a group, decoded. A closed union: the types of this folder and no others. Group
/// frames never appear in it, except as the opaque bytes of an <see cref="Append"/>.
/// </summary>
/// <param name="Epoch">
/// The epoch of the frame's header: the newest that the sender has promised or leads. A receiver that knows a newer
/// one answers <see cref="Fenced"/> and closes.
/// </param>
internal abstract record ClusterMessage(ulong Epoch);

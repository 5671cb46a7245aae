using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.ControlPlane;

namespace Kvs.Core.Replication;

/// <summary>
/// What a node wants done: the closed union of all outputs of <see cref="Node.Step"/>, to be done in their order. What
/// concerns the log is done in order too, and its events come in the same order.
/// </summary>
internal abstract record NodeOutput
{
    /// <summary>Open a connection; answered by Connected or DialFailed.</summary>
    /// <param name="Peer">To whom.</param>
    internal sealed record Dial(string Peer) : NodeOutput;

    /// <summary>Send a message.</summary>
    /// <param name="Connection">On which connection.</param>
    /// <param name="Message">The message.</param>
    internal sealed record Send(long Connection, ClusterMessage Message) : NodeOutput;

    /// <summary>Close a connection behind what was sent.</summary>
    /// <param name="Connection">Its number.</param>
    internal sealed record Close(long Connection) : NodeOutput;

    /// <summary>
    /// Read frames from the log and send them as <see cref="Append"/>, each of one epoch. Answered by one Shipped, also
    /// when less was sent than allowed; at least one frame is.
    /// </summary>
    /// <param name="Connection">On which connection.</param>
    /// <param name="Epoch">The epoch for the messages.</param>
    /// <param name="After">The batch behind which to begin.</param>
    /// <param name="Through">Sequence at which to end: the log may hold more already, of which the node has not heard.</param>
    /// <param name="BytesMax">Bytes allowed; one larger frame may be sent all the same.</param>
    /// <param name="CommittedThrough">The commit sequence for the messages.</param>
    internal sealed record Ship(
        long Connection, ulong Epoch, KvsVersion After, ulong Through, long BytesMax, ulong CommittedThrough) : NodeOutput;

    /// <summary>Hand the frames of the <see cref="Append"/> in hand to the log.</summary>
    internal sealed record AppendReceived(Append Message) : NodeOutput;

    /// <summary>All batches up to here are committed: publish them, as far as they are durable.</summary>
    /// <param name="Sequence">The newest of them.</param>
    internal sealed record Commit(ulong Sequence) : NodeOutput;

    /// <summary>
    /// Make the digest of the state that readers see at exactly this sequence, which is not behind what they see now;
    /// answered by Digested, unless another such output comes first, or the state cannot be had.
    /// </summary>
    /// <param name="Sequence">The sequence.</param>
    /// <param name="Parts">How many parts the digest shall have.</param>
    internal sealed record DigestState(ulong Sequence, ushort Parts) : NodeOutput;

    /// <summary>Start the commit pipeline with a new epoch; answered by Led.</summary>
    /// <param name="Epoch">The epoch.</param>
    internal sealed record Lead(ulong Epoch) : NodeOutput;

    /// <summary>End the commit pipeline; answered by Followed.</summary>
    /// <param name="Reason">For people, and for the answers of waiting writes.</param>
    internal sealed record Follow(string Reason) : NodeOutput;

    /// <summary>Cut the log; answered by Truncated.</summary>
    /// <param name="Last">The last batch that stays.</param>
    internal sealed record Truncate(KvsVersion Last) : NodeOutput;

    /// <summary>Store the node's own record durably; answered by RecordStored.</summary>
    /// <param name="Record">The record.</param>
    internal sealed record StoreRecord(MemberRecord Record) : NodeOutput;

    /// <summary>Pin a base copy and offer it; answered by BaseCopyReady.</summary>
    /// <param name="Connection">To whom.</param>
    internal sealed record ServeBaseCopy(long Connection) : NodeOutput;

    /// <summary>Fetch a base copy; answered by BaseCopyInstalled or BaseCopyFailed.</summary>
    /// <param name="Connection">From whom.</param>
    /// <param name="Offer">What was offered.</param>
    internal sealed record FetchBaseCopy(long Connection, BaseCopyOffer Offer) : NodeOutput;

    /// <summary>
    /// Linearizable reads may be served by the lease that begins at this reading; null for not at all.
    /// </summary>
    /// <remarks>
    /// A read takes its snapshot while a lease is there, and is answered when <see cref="Node.LeaseHolds"/> says yes
    /// afterwards, for a lease of the same epoch: a snapshot from before may miss what another primary did meanwhile.
    /// </remarks>
    /// <param name="Epoch">The epoch in which it was earned.</param>
    /// <param name="From">When the oldest beacon that it rests on was sent.</param>
    internal sealed record Lease(ulong Epoch, ClockReading? From) : NodeOutput;

    /// <summary>Answers reads that waited for a confirmation.</summary>
    /// <param name="Ticket">Names them.</param>
    /// <param name="IsConfirmed">Whether their snapshots may be served; else the reads are refused for want of a lease.</param>
    internal sealed record ReadsConfirmed(long Ticket, bool IsConfirmed) : NodeOutput;

    /// <summary>
    /// Read both keys of the group, linearizably and at one revision; answered by one GroupRead.
    /// </summary>
    /// <param name="Call">Number of the call.</param>
    internal sealed record ReadGroup(long Call) : NodeOutput;

    /// <summary>Try one transaction, once; answered by one GroupWritten.</summary>
    /// <param name="Call">Number of the call.</param>
    /// <param name="Write">The transaction.</param>
    internal sealed record WriteGroup(long Call, GroupWrite Write) : NodeOutput;

    /// <summary>Whether writes are taken.</summary>
    /// <param name="Admission">The rule until the next such output.</param>
    internal sealed record Admit(WriteAdmission Admission) : NodeOutput;

    /// <summary>Answers a request of an operator.</summary>
    /// <param name="Request">Number of the request.</param>
    /// <param name="Done">Whether what was asked is so.</param>
    /// <param name="Text">For people.</param>
    /// <param name="Better">The node to ask instead; empty for none.</param>
    internal sealed record Answer(long Request, bool Done, string Text, string Better) : NodeOutput
    {
        /// <summary>Whether what was asked, not done as far as this node knows, may be so all the same.</summary>
        internal bool IsUnknown { get; init; }
    }

    /// <summary>Something that an operator should hear of.</summary>
    /// <param name="Text">For people.</param>
    internal sealed record Tell(string Text) : NodeOutput;
}

/// <summary>Whether writes are taken, and why not.</summary>
/// <param name="Kind">The rule.</param>
/// <param name="Have">Live nodes that count.</param>
/// <param name="Need">How many are needed.</param>
internal readonly record struct WriteAdmission(AdmissionKind Kind, int Have, int Need);

/// <summary>Whether writes are taken.</summary>
internal enum AdmissionKind
{
    /// <summary>Not the primary.</summary>
    NotPrimary,

    /// <summary>Taken.</summary>
    Open,

    /// <summary>Held in the queue: a transfer is under way.</summary>
    Held,

    /// <summary>Refused: too few nodes are there to commit them.</summary>
    NotEnoughReplicas,

    /// <summary>Refused: too much is not committed yet.</summary>
    Overloaded,
}

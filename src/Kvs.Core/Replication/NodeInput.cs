using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.ControlPlane;
using Kvs.Core.Storage.Manifests;

namespace Kvs.Core.Replication;

/// <summary>
/// What happens to a node: the closed union of all inputs of <see cref="Node.Step"/>. Connections are named by numbers
/// that the driver never uses twice.
/// </summary>
internal abstract record NodeInput
{
    /// <summary>Time has passed. At least every 50 ms; all timers are judged by the clock of the step.</summary>
    internal sealed record Tick : NodeInput
    {
        /// <summary>The one tick: it holds nothing.</summary>
        internal static Tick Now { get; } = new();
    }

    /// <summary>A connection is open.</summary>
    /// <param name="Connection">Its number.</param>
    /// <param name="Peer">Who was dialled; null for a connection that was accepted.</param>
    internal sealed record Connected(long Connection, string? Peer) : NodeInput;

    /// <summary>Dialling failed.</summary>
    /// <param name="Peer">Who was dialled.</param>
    internal sealed record DialFailed(string Peer) : NodeInput;

    /// <summary>A connection is closed, by the other side or by a fault; not told of those that the node closed.</summary>
    /// <param name="Connection">Its number.</param>
    internal sealed record Disconnected(long Connection) : NodeInput;

    /// <summary>A message came in, in the order of its connection.</summary>
    /// <param name="Connection">Its number.</param>
    /// <param name="Message">The message.</param>
    internal sealed record Received(long Connection, ClusterMessage Message) : NodeInput;

    /// <summary>Answers <see cref="NodeOutput.Ship"/>.</summary>
    /// <param name="Connection">Its number.</param>
    /// <param name="Through">The last batch that was sent.</param>
    /// <param name="Bytes">Bytes that were sent.</param>
    internal sealed record Shipped(long Connection, KvsVersion Through, int Bytes) : NodeInput;

    /// <summary>
    /// The log holds batches up to here. While following: of frames that were handed over; while leading: of groups of
    /// the commit pipeline.
    /// </summary>
    /// <param name="Last">End of the log.</param>
    /// <param name="Bytes">Bytes since the last such event.</param>
    internal sealed record Appended(KvsVersion Last, int Bytes) : NodeInput;

    /// <summary>All batches up to here are synced.</summary>
    /// <param name="Last">The newest of them.</param>
    internal sealed record Durable(KvsVersion Last) : NodeInput;

    /// <summary>All batches up to here are visible to readers.</summary>
    /// <param name="Sequence">The newest of them.</param>
    internal sealed record Applied(ulong Sequence) : NodeInput;

    /// <summary>Frames that were handed over could not be appended, because the disk has no room.</summary>
    /// <param name="Last">End of the log as it is.</param>
    internal sealed record AppendRefused(KvsVersion Last) : NodeInput;

    /// <summary>The node's own record is durable.</summary>
    /// <param name="Record">The record.</param>
    internal sealed record RecordStored(MemberRecord Record) : NodeInput;

    /// <summary>The log was cut, durably. Events that come later speak of the cut log.</summary>
    /// <param name="Last">End of the log.</param>
    /// <param name="SyncedThrough">Newest sequence that is synced.</param>
    internal sealed record Truncated(KvsVersion Last, ulong SyncedThrough) : NodeInput;

    /// <summary>The commit pipeline runs, and its epoch's first batch is in the log.</summary>
    /// <param name="EpochStart">That batch.</param>
    internal sealed record Led(KvsVersion EpochStart) : NodeInput;

    /// <summary>The commit pipeline has ended; nothing more is appended but what is handed over.</summary>
    /// <param name="Last">End of the log.</param>
    internal sealed record Followed(KvsVersion Last) : NodeInput;

    /// <summary>Answers an admission of <see cref="AdmissionKind.Held"/>: nothing more is appended while it lasts.</summary>
    internal sealed record WritesHeld : NodeInput;

    /// <summary>
    /// The process ends in an orderly way: the node says so to all that it is connected to, and does nothing more. A primary
    /// that should hand over first was asked to before.
    /// </summary>
    internal sealed record Stop : NodeInput;

    /// <summary>An append or a sync failed. The process ends.</summary>
    /// <param name="Reason">For people.</param>
    internal sealed record LogFailed(string Reason) : NodeInput;

    /// <summary>Old history was dropped.</summary>
    /// <param name="FirstStreamable">Oldest sequence that can still be streamed.</param>
    internal sealed record HistoryDropped(ulong FirstStreamable) : NodeInput;

    /// <summary>Answers <see cref="NodeOutput.DigestState"/>; it may come late, or not at all.</summary>
    /// <param name="Sequence">The sequence.</param>
    /// <param name="State">The digest of the state there.</param>
    internal sealed record Digested(ulong Sequence, StateDigest State) : NodeInput;

    /// <summary>Answers <see cref="NodeOutput.ServeBaseCopy"/>: the copy is pinned and can be fetched.</summary>
    /// <param name="Connection">To whom it is offered.</param>
    /// <param name="Offer">The offer.</param>
    internal sealed record BaseCopyReady(long Connection, BaseCopyOffer Offer) : NodeInput;

    /// <summary>Answers <see cref="NodeOutput.FetchBaseCopy"/>: the copy has replaced the log.</summary>
    /// <param name="Epochs">Its epochs.</param>
    /// <param name="Last">End of the log; durable, committed and applied.</param>
    internal sealed record BaseCopyInstalled(ImmutableArray<EpochEntry> Epochs, KvsVersion Last) : NodeInput;

    /// <summary>Answers <see cref="NodeOutput.FetchBaseCopy"/>: it came to nothing, and the log is as it was.</summary>
    internal sealed record BaseCopyFailed : NodeInput;

    /// <summary>A person asks this node to become the primary.</summary>
    /// <param name="Request">Number of the request, for the answer.</param>
    internal sealed record Promote(long Request) : NodeInput;

    /// <summary>
    /// A person asks this node to become the primary although it may lack acknowledged batches, because nobody is left that
    /// has them.
    /// </summary>
    /// <param name="Request">Number of the request, for the answer.</param>
    internal sealed record ForcePromote(long Request) : NodeInput;

    /// <summary>A person asks this node, the primary, to hand over.</summary>
    /// <param name="Request">Number of the request, for the answer.</param>
    /// <param name="Target">The next primary; empty, with a control plane, for any that is in sync.</param>
    internal sealed record HandOver(long Request, string Target) : NodeInput;

    /// <summary>A person asks the primary to let a node go for good: it no longer counts, and nobody waits for it.</summary>
    /// <param name="Request">Number of the request, for the answer.</param>
    /// <param name="Node">The node.</param>
    internal sealed record Leave(long Request, string Node) : NodeInput;

    /// <summary>A person asks the primary to take a learner into the in-sync set as soon as it has caught up.</summary>
    /// <param name="Request">Number of the request, for the answer.</param>
    /// <param name="Node">The node.</param>
    internal sealed record Add(long Request, string Node) : NodeInput;

    /// <summary>
    /// Reads wait that have no lease to rest on; their snapshots were taken before this. Answered by ReadsConfirmed.
    /// </summary>
    /// <param name="Ticket">Names them in the answer.</param>
    internal sealed record ConfirmReads(long Ticket) : NodeInput;

    /// <summary>Answers <see cref="NodeOutput.ReadGroup"/>.</summary>
    /// <param name="Call">Number of the call.</param>
    /// <param name="View">What was read; null when no answer came.</param>
    internal sealed record GroupRead(long Call, GroupView? View) : NodeInput;

    /// <summary>Answers <see cref="NodeOutput.WriteGroup"/>.</summary>
    /// <param name="Call">Number of the call.</param>
    /// <param name="Outcome">What is known.</param>
    /// <param name="Revision">The revision that it made, when it is done.</param>
    internal sealed record GroupWritten(long Call, CallOutcome Outcome, long Revision) : NodeInput;

    /// <summary>The watch shows a change. It may come late, or not at all: the node reads now and then too.</summary>
    /// <param name="View">Both keys, as they were behind the change.</param>
    internal sealed record GroupSeen(GroupView View) : NodeInput;

    /// <summary>This node's lease in the control plane was granted, or has ended.</summary>
    /// <param name="Lease">Its id; 0 for none.</param>
    internal sealed record NodeLease(long Lease) : NodeInput;
}

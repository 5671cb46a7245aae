using System.Collections.Immutable;
using Kvs.Core.Primitives;
using Kvs.Core.Storage.Copies;
using Kvs.Core.Storage.Feed;
using Kvs.Core.Storage.Manifests;
using Kvs.Core.Storage.Records;

namespace Kvs.Core.Engines.Members;

/// <summary>
/// The log of a store that is a member of a cluster, as replication drives it. The member follows when it is opened: it
/// takes frames of a primary, word by word, and shows what it is told to be committed. <see cref="Lead"/> makes it the
/// primary: it takes writes, and frames come from itself; <see cref="Follow"/> makes it follow again. Replication decides
/// all of that; the log only refuses what would break a promise of the store.
/// <para>Threading: all members, any thread. Every order is a request: it never blocks, orders are carried out one behind
/// the other on a thread of the engine, and each ends in the event that its comment names, or in
/// <see cref="MemberEventKind.Refused"/>, which changes nothing. <see cref="Commit"/> alone is no order but news: it
/// takes effect at once. Once the engine closes or has failed, orders come to nothing and have no event.</para>
/// </summary>
internal interface IMemberLog
{
    /// <summary>The store; the same in all members.</summary>
    UInt128 StoreId { get; }

    /// <summary>Drawn when this directory became a member. A node whose disk was lost has another one.</summary>
    UInt128 Incarnation { get; }

    /// <summary>The cluster, as the directory knows it.</summary>
    ClusterMembership Membership { get; }

    /// <summary>The newest promise, durable.</summary>
    EpochPromise Promise { get; }

    /// <summary>Whether the opening cut off bytes whose sync had never returned.</summary>
    bool WasTailCut { get; }

    /// <summary>Whether writes are taken, or will be as soon as the beginning of the epoch is committed.</summary>
    bool IsLeading { get; }

    /// <summary>The epochs of the log in order, each with its first sequence, those included that are not committed.</summary>
    ImmutableArray<EpochEntry> Epochs { get; }

    /// <summary>The newest version in the log; (0, 0) when it is empty.</summary>
    KvsVersion Last { get; }

    /// <summary>
    /// The newest version that may be acknowledged to a primary, or counted by one: on stable storage, or appended where
    /// the store answers before it syncs.
    /// </summary>
    KvsVersion Durable { get; }

    /// <summary>
    /// Whether an unclean end of a store that answers before it syncs may have lost what was acknowledged under
    /// <see cref="Incarnation"/>. It goes with the next one that is stored.
    /// </summary>
    bool MayHaveLost { get; }

    /// <summary>Newest sequence known to be committed; it may lie behind <see cref="Last"/>.</summary>
    ulong Committed { get; }

    /// <summary>Newest sequence that readers see: never more than what is both committed and durable here.</summary>
    ulong Applied { get; }

    /// <summary>
    /// Sequence from which on the state is one that the group has had. Behind a base copy <see cref="Applied"/> may be lower
    /// for a moment: records that are dead by what follows are not in its files, so nobody may read until that is applied.
    /// </summary>
    ulong CompleteFrom { get; }

    /// <summary>Log time of the newest frame in the log, unix milliseconds.</summary>
    long LogTimeMillis { get; }

    /// <summary>Lowest sequence that a cursor can still read.</summary>
    ulong FirstStreamable { get; }

    /// <summary>
    /// Following: appends group frames of the primary as they are, one behind the other. They must continue the log:
    /// the first sequence is the next one, and the epoch is the log's or one that begins with the frame.
    /// Ends in <see cref="MemberEventKind.Appended"/> with the new end, and later in
    /// <see cref="MemberEventKind.Durable"/>. Refused at the first frame that is damaged or does not continue the log;
    /// those before it stay. On a full disk it waits until there is room.
    /// </summary>
    /// <param name="frames">Whole frames. Ownership: the log's until the order has ended.</param>
    void AppendFrames(ReadOnlyMemory<byte> frames);

    /// <summary>
    /// Tells that everything up to a sequence is committed, in the log that this one is or continues: call it only when
    /// the log is known to be that of the primary up to there or up to its end. Lower values than before change nothing.
    /// What is durable too is applied, published and, on a primary, answered: <see cref="MemberEventKind.Applied"/>.
    /// </summary>
    /// <param name="sequence">The sequence.</param>
    void Commit(ulong sequence);

    /// <summary>
    /// Following: begins an epoch. It is durable in the manifest before its first frame is appended. Ends in
    /// <see cref="MemberEventKind.Led"/> with the version of that frame, when it is appended. Writes that come from then on
    /// wait until that version is committed; then all before it is applied, and they are judged. Refused when the epoch
    /// is not later than all that were begun here or lie in the log, is lower than the promised one, or when sequences
    /// are known to be committed that the log does not hold.
    /// </summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="reason">Why it begins; it is logged.</param>
    void Lead(ulong epoch, EpochReason reason);

    /// <summary>
    /// Follows, from now on. Writes that are not committed are dropped from what readers will see, and answered
    /// <see cref="ErrorCode.NotPrimary"/>: as unknown when their frame is in the log (it may have been shipped, and may be
    /// committed yet), else as not applied, like those that wait and those that come. Nothing is removed from the log.
    /// Ends in <see cref="MemberEventKind.Followed"/> with the log's end. A member that follows only takes the new hint.
    /// </summary>
    /// <param name="reason">Why, in words for whoever is refused.</param>
    /// <param name="primaryAddress">Where writes go instead, or null.</param>
    void Follow(string reason, string? primaryAddress);

    /// <summary>
    /// Following: removes all frames behind a version, which must be the end of a frame of this log, or (0, 0). Durable
    /// when it ends, in <see cref="MemberEventKind.Truncated"/> with the new end; what was removed never comes back. Refused
    /// as diverged when something that is published, or known to be committed, would go.
    /// </summary>
    /// <param name="to">The version.</param>
    void Truncate(KvsVersion to);

    /// <summary>
    /// Keeps what this node promises and what it is in its cluster: durable when it ends, in
    /// <see cref="MemberEventKind.RecordStored"/>. Refused when a higher epoch is promised, or the same one to another
    /// candidate.
    /// </summary>
    /// <param name="promise">The promise.</param>
    /// <param name="membership">The cluster, the node's name in it, the list.</param>
    /// <param name="incarnation">Of this node with this disk.</param>
    void StoreRecord(EpochPromise promise, ClusterMembership membership, UInt128 incarnation);

    /// <summary>
    /// Leading: writes wait in the queue, and nothing is appended, until they are let go or the node follows. Ends in
    /// <see cref="MemberEventKind.Held"/> when nothing more is on its way into the log; letting go has no event.
    /// </summary>
    /// <param name="isHeld">Whether they wait.</param>
    void Hold(bool isHeld);

    /// <summary>
    /// Says whether a primary takes writes. No order: it takes effect at once, for what is judged from now on; what was
    /// judged before goes on.
    /// </summary>
    /// <param name="refusal">What writes are answered; null when they are taken.</param>
    void Admit(Refusal? refusal);

    /// <summary>
    /// Takes hold of the state as readers see it at exactly a sequence, at the end of a frame, as soon as they do. Call it
    /// before more is told to be committed than that. It comes to nothing, without a word, when the state has gone past it,
    /// is not whole there (<see cref="CompleteFrom"/>), or another call comes first.
    /// </summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="reached">Called on a thread of the engine: it must only note it. Ownership: of the state, its own.</param>
    void MarkState(ulong sequence, Action<MarkedState> reached);

    /// <summary>
    /// Opens a cursor over the log, appended or durable or not; what is sent to others is read by one. Ownership: the
    /// caller's, who disposes it before the engine.
    /// </summary>
    /// <param name="afterSequence">It stands behind this one.</param>
    /// <param name="grown">Called when there is more behind the end that the cursor has met; it must only note it.</param>
    LogCursor OpenCursor(ulong afterSequence, Action grown);

    /// <summary>
    /// Opens a copy of all that is sealed, for a member whose log ends before <see cref="FirstStreamable"/>; it goes on with
    /// frames behind the copy. Ownership: the caller's, who disposes it before the engine.
    /// </summary>
    BaseCopy OpenBaseCopy();

    /// <summary>
    /// Begins to take a base copy, while the store works on. When it is complete: close the engine, swap, open it again
    /// (<see cref="StagedCopy.Swap"/>). Writes files on the caller's thread.
    /// </summary>
    /// <param name="manifest">The manifest of the copy, as its sender gives it.</param>
    /// <exception cref="KvsException">It is damaged, or no file could be made.</exception>
    BaseCopyReceiver ReceiveBaseCopy(ReadOnlySpan<byte> manifest);
}

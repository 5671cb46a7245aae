using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.ControlPlane;
using Kvs.Core.Replication.Log;

namespace Kvs.Core.Replication.Rules;

/// <summary>The rules as they are (replication.md sections 4, 6, 7; checked there in a model).</summary>
internal sealed class ReplicationRules : IReplicationRules
{
    /// <summary>The rules; they hold no state.</summary>
    internal static ReplicationRules Instance { get; } = new();

    /// <summary>
    /// By epochs, never by a watermark: a watermark is only a lower bound of what is committed, so a cut at the
    /// follower's would remove batches that were acknowledged (KIP-101, KIP-279).
    /// </summary>
    /// <inheritdoc/>
    public CatchUpPoint Match(LogView log, ReplicaHello hello)
    {
        foreach (var theirs in hello.EpochTail)
        {
            if (!log.History.TryFind(theirs.Epoch, out var ours))
            {
                continue;
            }

            return ours.First == theirs.First
                ? Judge(log, hello, new KvsVersion(ours.Epoch, Math.Min(ours.Last, theirs.Last)))
                : new CatchUpPoint(
                    CatchUpVerdict.Refuse,
                    KvsVersion.None,
                    $"epoch {theirs.Epoch:x} begins at {theirs.First} there and at {ours.First} here");
        }

        // No epoch in common: nothing in common, or it lies further back than the follower tells.
        return hello.EpochTail.Length < ReplicaHello.EpochTailMax
            ? Judge(log, hello, KvsVersion.None)
            : new CatchUpPoint(CatchUpVerdict.BaseCopy, KvsVersion.None, "");
    }

    /// <summary>
    /// Nothing before the start of the own epoch is committed: a batch of an older epoch on a majority may still be
    /// overwritten by a primary that does not hold it (Raft section 5.4.2).
    /// </summary>
    /// <inheritdoc/>
    public ulong Committed(ulong acknowledged, KvsVersion epochStart) =>
        acknowledged >= epochStart.Sequence ? acknowledged : 0;

    /// <inheritdoc/>
    public bool LeaseHolds(in ClockReading from, in ClockReading now, TimeSpan length) => now.LongestSince(from) < length;

    /// <summary>
    /// Only a higher epoch, or the same for the same candidate, which is the same question again. So an epoch is
    /// promised to one node, and has one primary (I2).
    /// </summary>
    /// <inheritdoc/>
    public bool MaySeal(MemberRecord record, ulong epoch, string candidate) =>
        epoch > record.PromisedEpoch || (epoch == record.PromisedEpoch && candidate == record.Candidate);

    /// <summary>
    /// Epoch first: a longer log of an older epoch may lack what was committed later. Among the answers of a majority
    /// the largest log holds every committed batch, since each is on a majority too (Raft section 5.4.1).
    /// </summary>
    /// <inheritdoc/>
    public bool IsAtLeast(KvsVersion own, KvsVersion other) => own >= other;

    /// <summary>
    /// Who lost its disk has lost its promises too. A candidate that works on a higher epoch with such a promise in hand
    /// cannot have acknowledged a beacon of this epoch since, and neither can those that have sealed for it.
    /// </summary>
    /// <inheritdoc/>
    public bool MayCountAgain(TimeSpan attachedAt, ClockReading? confirmedAt) =>
        confirmedAt is { } sentAt && sentAt.Monotonic >= attachedAt;

    /// <summary>
    /// A batch is committed when a majority has acknowledged it, and found by a later primary because a majority that seals
    /// shares a node with those. That node must still hold it.
    /// </summary>
    /// <inheritdoc/>
    public bool Counts(bool mayHaveLost) => !mayHaveLost;

    /// <summary>
    /// What it had acknowledged to this primary is in that one's log by the hello, for the acknowledgement is older. What it
    /// had acknowledged in earlier epochs is there too if it was ever committed: a primary begins with all of that.
    /// </summary>
    /// <inheritdoc/>
    public bool HasCaughtUp(ulong durable, ulong endAtHello, KvsVersion epochStart) =>
        durable >= Math.Max(endAtHello, epochStart.Sequence);

    /// <summary>
    /// Published, not only committed: a snapshot that is taken between the two does not hold what an earlier primary
    /// has acknowledged.
    /// </summary>
    /// <inheritdoc/>
    public bool IsEstablished(LogView log, KvsVersion epochStart) => log.Applied >= epochStart.Sequence;

    /// <summary>Only what is synced: an acknowledgement is a promise that a power cut must not break (I7).</summary>
    /// <inheritdoc/>
    public ulong Acknowledgeable(LogView log) => log.Durable;

    /// <summary>
    /// A node that has led its newest promised epoch had outlived its promises by then, and has given none since. One that
    /// has promised nothing ever is bound to nobody.
    /// </summary>
    /// <inheritdoc/>
    public bool IsBoundAfterRestart(MemberRecord record, KvsVersion last) =>
        record.PromisedEpoch != 0 && !(record.Candidate == record.Self && last.Epoch == record.PromisedEpoch);

    /// <summary>
    /// Only who is named, with the disk that it had then: each acknowledged batch is on all of these, and maybe nowhere
    /// else (I1, I12).
    /// </summary>
    /// <inheritdoc/>
    public bool MayStand(GroupState state, GroupMember self) => state.InSync.Contains(self);

    /// <summary>
    /// Everybody who may be named in the record at this moment, for each of them may lead next. So a change that takes
    /// a node out narrows this when it is known to be done, never when it is sent; and one that takes a node in widens it
    /// before it is sent (KIP-497).
    /// </summary>
    /// <inheritdoc/>
    public IReadOnlyList<GroupMember> MustAcknowledge(GroupState state, IReadOnlyList<GroupState> asked) =>
        asked.Count == 0 ? state.InSync : [.. asked.Aggregate(state.InSync.AsEnumerable(), (all, each) => all.Union(each.InSync))];

    /// <summary>
    /// It holds all that is committed here, and all that was in this log when its epoch began: until that is committed too,
    /// the commit sequence is only a lower bound of what earlier primaries have acknowledged.
    /// </summary>
    /// <inheritdoc/>
    public bool MayJoin(ulong durable, LogView log, KvsVersion epochStart) =>
        durable >= log.Commit && durable >= epochStart.Sequence;

    private static CatchUpPoint Judge(LogView log, ReplicaHello hello, KvsVersion match)
    {
        if (match.Sequence + 1 < log.FirstStreamable)
        {
            return new CatchUpPoint(CatchUpVerdict.BaseCopy, match, "");
        }

        return new CatchUpPoint(match == hello.Last ? CatchUpVerdict.Stream : CatchUpVerdict.Truncate, match, "");
    }
}

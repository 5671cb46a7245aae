using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
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

    private static CatchUpPoint Judge(LogView log, ReplicaHello hello, KvsVersion match)
    {
        if (match.Sequence + 1 < log.FirstStreamable)
        {
            return new CatchUpPoint(CatchUpVerdict.BaseCopy, match, "");
        }

        return new CatchUpPoint(match == hello.Last ? CatchUpVerdict.Stream : CatchUpVerdict.Truncate, match, "");
    }
}

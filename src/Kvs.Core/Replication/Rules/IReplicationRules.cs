using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.ControlPlane;
using Kvs.Core.Replication.Log;

namespace Kvs.Core.Replication.Rules;

/// <summary>
/// The rules that safety rests on, each a pure function with its reason. The product has one implementation; the
/// simulator's tests have others, each with one rule broken, and must find what then goes wrong.
/// </summary>
internal interface IReplicationRules
{
    /// <summary>How a follower comes to the primary's log.</summary>
    /// <param name="log">The primary's log.</param>
    /// <param name="hello">What the follower's log holds.</param>
    CatchUpPoint Match(LogView log, ReplicaHello hello);

    /// <summary>What a new primary may regard as committed.</summary>
    /// <param name="acknowledged">Newest sequence that is durable on as many nodes as the policy asks for.</param>
    /// <param name="epochStart">First batch of the primary's epoch.</param>
    /// <returns>The sequence; 0 for nothing new.</returns>
    ulong Committed(ulong acknowledged, KvsVersion epochStart);

    /// <summary>Whether a read may be served by a lease.</summary>
    /// <param name="from">When the oldest beacon that it rests on was sent.</param>
    /// <param name="now">Now; read after the snapshot was taken.</param>
    /// <param name="length">Length of the lease.</param>
    bool LeaseHolds(in ClockReading from, in ClockReading now, TimeSpan length);

    /// <summary>Whether a primary's readers see everything that was acknowledged before its epoch.</summary>
    /// <param name="log">Its log.</param>
    /// <param name="epochStart">First batch of its epoch.</param>
    bool IsEstablished(LogView log, KvsVersion epochStart);

    /// <summary>Newest sequence that a follower may acknowledge.</summary>
    /// <param name="log">Its log.</param>
    ulong Acknowledgeable(LogView log);

    /// <summary>Whether a node that starts may have a promise in force that it has forgotten.</summary>
    /// <param name="record">What it has remembered.</param>
    /// <param name="last">End of its log.</param>
    bool IsBoundAfterRestart(MemberRecord record, KvsVersion last);

    /// <summary>Whether a seal may be accepted.</summary>
    /// <param name="record">What this node has promised.</param>
    /// <param name="epoch">The epoch that is asked for.</param>
    /// <param name="candidate">Who asks.</param>
    bool MaySeal(MemberRecord record, ulong epoch, string candidate);

    /// <summary>Whether a candidate may lead over another node's log.</summary>
    /// <param name="own">End of the candidate's log.</param>
    /// <param name="other">End of a log among the answers.</param>
    bool IsAtLeast(KvsVersion own, KvsVersion other);

    /// <summary>Whether another member confirms that one without its disk may count again.</summary>
    /// <param name="attachedAt">When the forgetful member came, by the primary's monotonic clock.</param>
    /// <param name="confirmedAt">When the newest beacon was sent that the other has acknowledged; null for none.</param>
    bool MayCountAgain(TimeSpan attachedAt, ClockReading? confirmedAt);

    /// <summary>Whether what a member of a list seals and acknowledges counts.</summary>
    /// <param name="mayHaveLost">Whether batches that it has acknowledged may be missing.</param>
    bool Counts(bool mayHaveLost);

    /// <summary>Whether a follower holds again whatever it may have held before and lost.</summary>
    /// <param name="durable">Newest sequence that it acknowledges.</param>
    /// <param name="endAtHello">End of the primary's log when the follower came.</param>
    /// <param name="epochStart">First batch of the primary's epoch.</param>
    bool HasCaughtUp(ulong durable, ulong endAtHello, KvsVersion epochStart);

    /// <summary>Whether a node may lead next, with a control plane.</summary>
    /// <param name="state">The group's record.</param>
    /// <param name="self">The node.</param>
    bool MayStand(GroupState state, GroupMember self);

    /// <summary>Which nodes must hold a batch, durably, before it is committed, with a control plane.</summary>
    /// <param name="state">The group's record, as the primary knows it.</param>
    /// <param name="asked">Records that the primary has asked for in its place, and that may have come true.</param>
    IReadOnlyList<GroupMember> MustAcknowledge(GroupState state, IReadOnlyList<GroupState> asked);

    /// <summary>Whether a learner may be taken into the in-sync set.</summary>
    /// <param name="durable">Newest sequence that it has synced.</param>
    /// <param name="log">The primary's log.</param>
    /// <param name="epochStart">First batch of the primary's epoch.</param>
    bool MayJoin(ulong durable, LogView log, KvsVersion epochStart);
}

/// <summary>Where a follower's log and the primary's meet.</summary>
/// <param name="Verdict">How the follower goes on.</param>
/// <param name="Match">The last batch that both hold.</param>
/// <param name="Reason">For people, when it is refused.</param>
internal readonly record struct CatchUpPoint(CatchUpVerdict Verdict, KvsVersion Match, string Reason);

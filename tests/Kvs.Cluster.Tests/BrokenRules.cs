using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication;
using Kvs.Core.Replication.ControlPlane;
using Kvs.Core.Replication.Log;
using Kvs.Core.Replication.Rules;

namespace Kvs.Cluster.Tests;

/// <summary>The rules with some replaced by a test, to show that the simulator finds what then goes wrong.</summary>
internal sealed class BrokenRules : IReplicationRules
{
    private static readonly ReplicationRules Sound = ReplicationRules.Instance;

    /// <summary>Replaces how logs are matched.</summary>
    internal Func<LogView, ReplicaHello, CatchUpPoint>? MatchBy { get; init; }

    /// <summary>Replaces what is committed.</summary>
    internal Func<ulong, KvsVersion, ulong>? CommittedBy { get; init; }

    /// <summary>Replaces how long a lease holds.</summary>
    internal Func<TimeSpan, TimeSpan>? LeaseLength { get; init; }

    /// <summary>Replaces who may seal.</summary>
    internal Func<MemberRecord, ulong, string, bool>? MaySealBy { get; init; }

    /// <summary>Replaces which logs are good enough to lead.</summary>
    internal Func<KvsVersion, KvsVersion, bool>? IsAtLeastBy { get; init; }

    /// <summary>Replaces who must confirm that a forgetful member may count again.</summary>
    internal bool TakesBackInAtOnce { get; init; }

    /// <summary>Whether a member counts that may have lost what it has acknowledged.</summary>
    internal bool CountsWhateverIsLost { get; init; }

    /// <summary>Whether such a member counts again before it has caught up.</summary>
    internal bool CountsBeforeItHasCaughtUp { get; init; }

    /// <summary>Replaces when a new primary's readers may be answered.</summary>
    internal Func<LogView, KvsVersion, bool>? IsEstablishedBy { get; init; }

    /// <summary>Replaces what a follower acknowledges.</summary>
    internal Func<LogView, ulong>? AcknowledgeableBy { get; init; }

    /// <summary>Whether a restarted node forgets that it may be bound.</summary>
    internal bool ForgetsPromises { get; init; }

    /// <summary>Replaces who may be elected.</summary>
    internal Func<GroupState, GroupMember, bool>? MayStandBy { get; init; }

    /// <summary>Replaces who must acknowledge.</summary>
    internal Func<GroupState, IReadOnlyList<GroupState>, IReadOnlyList<GroupMember>>? MustAcknowledgeBy { get; init; }

    /// <summary>Replaces which learners are taken into the in-sync set.</summary>
    internal Func<ulong, LogView, KvsVersion, bool>? MayJoinBy { get; init; }

    /// <inheritdoc/>
    public CatchUpPoint Match(LogView log, ReplicaHello hello) => MatchBy?.Invoke(log, hello) ?? Sound.Match(log, hello);

    /// <inheritdoc/>
    public ulong Committed(ulong acknowledged, KvsVersion epochStart) =>
        CommittedBy?.Invoke(acknowledged, epochStart) ?? Sound.Committed(acknowledged, epochStart);

    /// <inheritdoc/>
    public bool LeaseHolds(in ClockReading from, in ClockReading now, TimeSpan length) =>
        Sound.LeaseHolds(from, now, LeaseLength?.Invoke(length) ?? length);

    /// <inheritdoc/>
    public bool MaySeal(MemberRecord record, ulong epoch, string candidate) =>
        MaySealBy?.Invoke(record, epoch, candidate) ?? Sound.MaySeal(record, epoch, candidate);

    /// <inheritdoc/>
    public bool IsAtLeast(KvsVersion own, KvsVersion other) => IsAtLeastBy?.Invoke(own, other) ?? Sound.IsAtLeast(own, other);

    /// <inheritdoc/>
    public bool MayCountAgain(TimeSpan attachedAt, ClockReading? confirmedAt) =>
        TakesBackInAtOnce || Sound.MayCountAgain(attachedAt, confirmedAt);

    /// <inheritdoc/>
    public bool Counts(bool mayHaveLost) => CountsWhateverIsLost || Sound.Counts(mayHaveLost);

    /// <inheritdoc/>
    public bool HasCaughtUp(ulong durable, ulong endAtHello, KvsVersion epochStart) =>
        CountsBeforeItHasCaughtUp || Sound.HasCaughtUp(durable, endAtHello, epochStart);

    /// <inheritdoc/>
    public bool IsEstablished(LogView log, KvsVersion epochStart) =>
        IsEstablishedBy?.Invoke(log, epochStart) ?? Sound.IsEstablished(log, epochStart);

    /// <inheritdoc/>
    public ulong Acknowledgeable(LogView log) => AcknowledgeableBy?.Invoke(log) ?? Sound.Acknowledgeable(log);

    /// <inheritdoc/>
    public bool IsBoundAfterRestart(MemberRecord record, KvsVersion last) =>
        !ForgetsPromises && Sound.IsBoundAfterRestart(record, last);

    /// <inheritdoc/>
    public bool MayStand(GroupState state, GroupMember self) => MayStandBy?.Invoke(state, self) ?? Sound.MayStand(state, self);

    /// <inheritdoc/>
    public IReadOnlyList<GroupMember> MustAcknowledge(GroupState state, IReadOnlyList<GroupState> asked) =>
        MustAcknowledgeBy?.Invoke(state, asked) ?? Sound.MustAcknowledge(state, asked);

    /// <inheritdoc/>
    public bool MayJoin(ulong durable, LogView log, KvsVersion epochStart) =>
        MayJoinBy?.Invoke(durable, log, epochStart) ?? Sound.MayJoin(durable, log, epochStart);
}

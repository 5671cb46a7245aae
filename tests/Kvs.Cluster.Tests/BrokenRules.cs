using Kvs.Core.Primitives;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication;
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
}

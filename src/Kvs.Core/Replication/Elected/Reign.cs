using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.ControlPlane;
using Kvs.Core.Replication.Leading;
using Kvs.Core.Replication.Links;

namespace Kvs.Core.Replication.Elected;

/// <summary>
/// The primary's dealings with the in-sync set: who must acknowledge, who has fallen behind, who has caught up, who
/// leaves. One compare-and-set changes all of it at once. Threading: the node's.
/// </summary>
/// <param name="context">The node.</param>
/// <param name="register">The group's record.</param>
/// <param name="membership">This node's place in it.</param>
/// <param name="leader">The node as the primary.</param>
/// <param name="changes">What operators ask for.</param>
internal sealed class Reign(
    NodeContext context, GroupRegister register, Membership membership, Leader leader, MemberChanges changes)
{
    private readonly Dictionary<GroupMember, TimeSpan> _lastGood = [];
    private TimeSpan _steppedAt;
    private TimeSpan _heardAt;
    private int _mustAsOf = -1;

    /// <summary>The nodes that must hold a batch before it is committed, this one included.</summary>
    internal IReadOnlyList<GroupMember> Must { get; private set; } = [];

    /// <summary>Whether nothing was heard of any other in-sync node for long.</summary>
    internal bool IsIsolated =>
        Must.Count > 1 && context.Now.Monotonic - _heardAt >= context.Settings.Timings.Isolation;

    private GroupState State => register.State!;

    private TimeSpan Lag => context.Settings.Timings.Lag;

    private TimeSpan TooLongAgo => context.Now.Monotonic - Lag - TimeSpan.FromTicks(1);

    /// <summary>The epoch begins.</summary>
    /// <param name="predecessor">Who led before; null for nobody.</param>
    internal void Begin(GroupMember? predecessor)
    {
        _lastGood.Clear();
        _steppedAt = _heardAt = context.Now.Monotonic;

        // They must hear of the new primary first. Who led before is gone, unless it follows at once: it is taken out of the
        // set as soon as enough others are in it.
        foreach (var member in State.InSync)
        {
            _lastGood[member] = member == predecessor ? TooLongAgo : context.Now.Monotonic + context.Settings.Timings.Promise - Lag;
        }
    }

    /// <summary>A follower stops: nobody waits until its silence has shown it.</summary>
    /// <param name="replica">It.</param>
    internal void Stops(Replica replica) => _lastGood[MemberOf(replica)] = TooLongAgo;

    /// <summary>Goes on wherever something has become possible.</summary>
    internal void Advance()
    {
        SetMust();
        Watch();
        if (register.CanWrite && leader.HasBegun && IsDue())
        {
            Change();
            SetMust();
        }

        foreach (var replica in leader.Replicas)
        {
            replica.Counts = State.InSync.Contains(MemberOf(replica));
            if (State.RoleOf(replica.Link.Peer) is null)
            {
                context.Close(replica.Link, new Goodbye(leader.Epoch, GoodbyeReason.Stranger, 0));
            }
        }
    }

    /// <summary>Newest sequence that is durable on all that must have it.</summary>
    internal ulong Acknowledged()
    {
        if (State.InSync.Length < State.MinInSync)
        {
            return 0;
        }

        var least = ulong.MaxValue;
        foreach (var member in Must)
        {
            var durable = member == membership.Self ? context.Log.Durable
                : Find(member) is { IsStreaming: true } replica ? replica.Durable
                : 0;
            least = Math.Min(least, durable);
        }

        return least;
    }

    /// <summary>The oldest of the beacons that all of them have acknowledged; null when one has acknowledged none.</summary>
    internal ClockReading? LeaseFrom()
    {
        ClockReading? oldest = null;
        foreach (var member in Must)
        {
            if (member == membership.Self)
            {
                continue;
            }

            if (Find(member)?.BeaconSentAt is not { } sentAt)
            {
                return null;
            }

            oldest = oldest is { } other && other.Monotonic <= sentAt.Monotonic ? oldest : sentAt;
        }

        // Nobody else may be elected.
        return oldest ?? context.Now;
    }

    /// <summary>How many live nodes a write has, and how many it needs.</summary>
    internal (int Have, int Need) Live()
    {
        var have = 0;
        var isStuck = false;
        foreach (var member in Must)
        {
            have += member == membership.Self || Find(member) is { IsStreaming: true } replica && IsHeard(replica) ? 1 : 0;

            // It should have been taken out long ago, and was not: nothing is committed without it.
            isStuck |= context.Now.Monotonic - LastGood(member) > Lag * 3;
        }

        return (have, isStuck ? Must.Count : State.MinInSync);
    }

    /// <summary>An in-sync node that reaches the control plane; null for none.</summary>
    internal string? FindSuccessor() => leader.Replicas.FirstOrDefault(replica =>
        replica is { Counts: true, IsStreaming: true }
        && IsHeard(replica)
        && replica.Health.HasFlag(NodeHealth.ControlPlaneReachable))?.Link.Peer;

    private void SetMust()
    {
        if (_mustAsOf != register.Changes)
        {
            _mustAsOf = register.Changes;
            Must = context.Rules.MustAcknowledge(State, register.Asked);
        }
    }

    private bool IsDue()
    {
        if (changes.IsPending)
        {
            return true;
        }

        foreach (var replica in leader.Replicas)
        {
            if (IsReady(replica))
            {
                return true;
            }
        }

        foreach (var member in State.InSync)
        {
            if (IsLost(member))
            {
                return true;
            }
        }

        return false;
    }

    private void Watch()
    {
        var now = context.Now.Monotonic;

        // Who stood still itself cannot tell who was silent meanwhile.
        var stoodStill = now - _steppedAt > Lag / 2;
        _steppedAt = now;
        foreach (var member in Must)
        {
            var good = Find(member) is { IsStreaming: true } replica
                ? Earlier(replica.Link.HeardAt, replica.CaughtUpAt)
                : TimeSpan.MinValue;
            good = member == membership.Self || stoodStill ? now : good;
            if (!_lastGood.TryGetValue(member, out var known) || known < good)
            {
                _lastGood[member] = good > TimeSpan.MinValue ? good : now;
            }

            if (member != membership.Self && Find(member) is { } heard && heard.Link.HeardAt > _heardAt)
            {
                _heardAt = heard.Link.HeardAt;
            }
        }

        _heardAt = stoodStill ? now : _heardAt;
    }

    private void Change()
    {
        var ready = leader.Replicas.Where(IsReady).Select(MemberOf).ToArray();
        var kept = State.InSync.Where(member => !IsLost(member) && member.Node != changes.Leaving);
        var next = kept.Concat(ready).ToArray();
        if (next.Length < State.MinInSync)
        {
            // Not enough are left to do without the lost ones. Who has lost its disk and is back is one node, not two.
            next = [.. State.InSync.Where(member => !ready.Any(each => each.Node == member.Node)), .. ready];
        }

        var changed = changes.Apply(State with { InSync = [.. next] });
        if (!next.SequenceEqual(State.InSync) || !changed.Replicas.SequenceEqual(State.Replicas))
        {
            register.Write(new GroupWrite { StateRevision = register.Revision, State = changed });
        }
    }

    private bool IsReady(Replica replica) =>
        replica.IsStreaming
        && IsHeard(replica)
        && context.Now.Monotonic - replica.CaughtUpAt < Lag
        && State.RoleOf(replica.Link.Peer) == ReplicaRole.Member
        && !State.InSync.Contains(MemberOf(replica))
        && replica.Link.Peer != changes.Leaving
        && context.Rules.MayJoin(replica.Durable, context.Log, leader.EpochStart);

    // Or it is there as another: its disk is lost.
    private bool IsLost(GroupMember member) =>
        member != membership.Self
        && (leader.Digests.IsDiverged(member)
            || context.Now.Monotonic - LastGood(member) > Lag
            || leader.Find(member.Node) is { Phase: not ReplicaPhase.Attached } replica && replica.Incarnation != member.Incarnation);

    private bool IsHeard(Replica replica) => context.Now.Monotonic - replica.Link.HeardAt < Lag;

    private TimeSpan LastGood(GroupMember member) => _lastGood.GetValueOrDefault(member, context.Now.Monotonic);

    private Replica? Find(GroupMember member) =>
        leader.Find(member.Node) is { } replica && replica.Incarnation == member.Incarnation ? replica : null;

    private static GroupMember MemberOf(Replica replica) => new(replica.Link.Peer, replica.Incarnation);

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;
}

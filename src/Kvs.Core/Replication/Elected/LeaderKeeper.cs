using Kvs.Core.Replication.ControlPlane;
using Kvs.Core.Replication.Leading;

namespace Kvs.Core.Replication.Elected;

/// <summary>
/// The primary's leader key: puts it again when it is gone although the epoch still is this node's, gives it up when no
/// follower is heard any more, and hands over when the control plane is not. Threading: the node's.
/// </summary>
/// <param name="context">The node.</param>
/// <param name="register">The group's record.</param>
/// <param name="membership">This node's place in it.</param>
/// <param name="leader">The node as the primary.</param>
/// <param name="reign">Who counts.</param>
/// <param name="handOver">Transfers.</param>
internal sealed class LeaderKeeper(
    NodeContext context, GroupRegister register, Membership membership, Leader leader, Reign reign, HandOver handOver)
{
    private TimeSpan _nextHandOver;

    /// <summary>The epoch has begun.</summary>
    internal void Begin() => _nextHandOver = context.Now.Monotonic + context.Settings.Timings.ControlPlaneLost;

    /// <summary>Goes on wherever something has become possible.</summary>
    internal void Advance()
    {
        if (register.CanWrite && !handOver.IsActive)
        {
            KeepKey();
        }

        HandOverWhenCutOff();
    }

    private void KeepKey()
    {
        var isMine = register.Leader is { } key && key.Epoch == leader.Epoch;
        if (reign.IsIsolated)
        {
            if (isMine)
            {
                context.Tell("No follower is heard: the leader key is given up, so that another node may lead.");
                Write(null);
            }
        }
        else if (register.Lease != 0 && !(isMine && register.Leader!.Lease == register.Lease))
        {
            Write(new LeaderKey(membership.Self.Node, membership.Self.Incarnation, leader.Epoch, register.Lease));
        }
    }

    // The revision of the record says that the epoch is still this node's.
    private void Write(LeaderKey? key) => register.Write(new GroupWrite
    {
        StateRevision = register.Revision,
        LeaderRevision = register.View!.LeaderRevision,
        Leader = key,
        EndsLeader = key is null,
    });

    // Without the control plane the in-sync set can no longer change: the next follower that fails would stop writes. A
    // node that reaches it can do better.
    private void HandOverWhenCutOff()
    {
        var now = context.Now.Monotonic;
        var limit = context.Settings.Timings.ControlPlaneLost;
        if (now < _nextHandOver || (register.AnsweredAt is { } at && now - at < limit) || reign.FindSuccessor() is not { } next)
        {
            return;
        }

        _nextHandOver = now + limit;
        context.Tell($"The control plane was not reached for {limit.TotalSeconds} s: {next} shall lead.");
        handOver.Begin(new NodeInput.HandOver(0, next));
    }
}

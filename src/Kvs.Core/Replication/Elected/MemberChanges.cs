using Kvs.Core.Replication.ControlPlane;
using Kvs.Core.Replication.Leading;

namespace Kvs.Core.Replication.Elected;

/// <summary>
/// What operators ask of the list of nodes, one at a time: judged here, carried out by the primary's next change of the
/// record. Threading: the node's.
/// </summary>
/// <param name="context">The node.</param>
/// <param name="register">The group's record.</param>
/// <param name="leader">The node as the primary.</param>
internal sealed class MemberChanges(NodeContext context, GroupRegister register, Leader leader)
{
    private long _request;
    private TimeSpan _until;

    /// <summary>Whether something is asked for.</summary>
    internal bool IsPending => Leaving.Length > 0 || Joining.Length > 0;

    /// <summary>The node that shall go; empty for none.</summary>
    internal string Leaving { get; private set; } = "";

    /// <summary>The node that shall be taken in; empty for none.</summary>
    internal string Joining { get; private set; } = "";

    /// <summary>A node shall go.</summary>
    /// <param name="request">Number of the request.</param>
    /// <param name="node">The node.</param>
    internal void Leave(long request, string node)
    {
        if (IsRefused(request, node))
        {
            return;
        }

        if (node == register.State!.Primary.Node)
        {
            Answer(request, done: false, $"{node} leads: transfer first, then let it go.");
        }
        else if (register.State.RoleOf(node) is null)
        {
            Answer(request, done: true, $"{node} is no part of the group.");
        }
        else
        {
            (Leaving, _request, _until) = (node, request, context.Now.Monotonic + context.Settings.Timings.Promotion);
        }
    }

    /// <summary>A learner shall be taken in when it has caught up.</summary>
    /// <param name="request">Number of the request.</param>
    /// <param name="node">The node.</param>
    internal void Add(long request, string node)
    {
        if (IsRefused(request, node))
        {
            return;
        }

        if (register.State!.RoleOf(node) is null)
        {
            Answer(request, done: false, $"{node} has not been started yet with this cluster's name.");
        }
        else
        {
            (Joining, _request, _until) = (node, request, context.Now.Monotonic + context.Settings.Timings.Promotion);
        }
    }

    /// <summary>The record with what was asked for in it.</summary>
    /// <param name="state">The record, with the next in-sync set.</param>
    internal GroupState Apply(GroupState state)
    {
        if (Joining.Length > 0 && state.RoleOf(Joining) == ReplicaRole.Learner)
        {
            return state.With(Joining, ReplicaRole.Member);
        }

        // Not while the in-sync set needs it.
        return Leaving.Length > 0 && !state.InSync.Any(member => member.Node == Leaving)
            ? state with { Replicas = state.Replicas.RemoveAll(replica => replica.Node == Leaving) }
            : state;
    }

    /// <summary>Answers what has come about, or did not in time.</summary>
    internal void Advance()
    {
        if (!IsPending)
        {
            return;
        }

        if (!leader.IsActive)
        {
            End(done: false, "Not known to be done: this node no longer leads.");
        }
        else if (Leaving.Length > 0 && register.State!.RoleOf(Leaving) is null)
        {
            End(done: true, $"{Leaving} is no part of the group any more.");
        }
        else if (Joining.Length > 0 && register.State!.RoleOf(Joining) == ReplicaRole.Member)
        {
            End(done: true, $"{Joining} is taken in as soon as it has caught up.");
        }
        else if (context.Now.Monotonic >= _until)
        {
            var least = register.State!.MinInSync;
            End(done: false, Leaving.Length > 0
                ? $"Not known to be done in time. {Leaving} stays while fewer than {least} others are in sync; ask for the status."
                : "Not known to be done in time; ask for the status.");
        }
    }

    private bool IsRefused(long request, string node)
    {
        var why = !leader.IsEstablished ? "this node does not lead"
            : IsPending ? "another change is under way"
            : node.Length == 0 ? "no node was named"
            : "";
        if (why.Length > 0)
        {
            Answer(request, done: false, $"Not done: {why}.");
        }

        return why.Length > 0;
    }

    private void End(bool done, string text)
    {
        Leaving = Joining = "";
        Answer(_request, done, text);
    }

    private void Answer(long request, bool done, string text) =>
        context.Emit(new NodeOutput.Answer(request, done, text, context.Record.Candidate));
}

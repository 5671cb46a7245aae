using Kvs.Core.Replication.ControlPlane;

namespace Kvs.Core.Replication.Elected;

/// <summary>
/// This node's own place in the group: whether its store belongs to it, whether it is listed, and that it lists itself
/// when it is new. Threading: the node's.
/// </summary>
/// <param name="context">The node.</param>
/// <param name="register">The group's record.</param>
internal sealed class Membership(NodeContext context, GroupRegister register)
{
    private readonly HashSet<string> _told = [];
    private bool _wasListed;

    /// <summary>This node, with the disk that it has.</summary>
    internal GroupMember Self => new(context.Settings.NodeId, context.Record.Incarnation);

    /// <summary>Whether an operator let this node go. Until it is started again it takes no part.</summary>
    internal bool HasLeft { get; private set; }

    /// <summary>Whether its store is another cluster's, or the record of its group is gone; a person must look.</summary>
    internal bool IsStranger { get; private set; }

    /// <summary>Whether the record lists it.</summary>
    internal bool IsListed => register.State?.RoleOf(Self.Node) is not null;

    /// <summary>Whether it takes part at all.</summary>
    internal bool TakesPart => !HasLeft && !IsStranger;

    /// <summary>Judges what is known of the group.</summary>
    internal void Judge()
    {
        if (register.View is not { } view)
        {
            return;
        }

        var record = context.Record;
        var isForeign = view.State is { } state
            && state.ClusterId != record.StoreId
            && !(context.Log.IsEmpty && record.PromisedEpoch == 0);
        var isGone = view.State is null && record.PromisedEpoch != 0;
        IsStranger = isForeign || isGone || register.IsSetBack || (record.Self.Length > 0 && record.Self != Self.Node);
        if (IsStranger)
        {
            TellOnce(isForeign ? "The control plane's group is another store's. This node takes no part in it."
                : isGone ? "The control plane has lost the record of this node's group. Nobody leads until it is restored."
                : register.IsSetBack ? "The control plane shows an older record of the group than before. A person must look."
                : $"This store belongs to the node '{record.Self}'. It takes no part as '{Self.Node}'.");
        }

        HasLeft |= _wasListed && !IsListed;
        _wasListed |= IsListed;
        if (HasLeft)
        {
            TellOnce("This node was let go. It takes no part until it is started again.");
        }
    }

    /// <summary>Lists this node when it is new.</summary>
    internal void Advance()
    {
        if (TakesPart && register.State is { } state && !IsListed && register.CanWrite && context.IsRecordStored)
        {
            var role = context.Settings.JoinsByItself ? ReplicaRole.Member : ReplicaRole.Learner;
            register.Write(new GroupWrite { StateRevision = register.Revision, State = state.With(Self.Node, role) });
        }
    }

    private void TellOnce(string text)
    {
        if (_told.Add(text))
        {
            context.Tell(text);
        }
    }
}

using System.Collections.Immutable;
using Kvs.Core.Protocol.Cluster.Messages;
using Kvs.Core.Replication.Links;

namespace Kvs.Core.Replication.Static;

/// <summary>
/// The list of a static group: who is in it, how many make a majority, and whether another node's list and store are
/// the same. The list never changes. Threading: the node's.
/// </summary>
/// <param name="context">The node.</param>
internal sealed class StaticList(NodeContext context)
{
    /// <summary>
    /// The members in order: as recorded, else as configured; empty for a replica that belongs to no list yet.
    /// </summary>
    internal ImmutableArray<string> Members => context.Record.HasList ? context.Record.Members : context.Settings.Members;

    /// <summary>This node's name in it.</summary>
    internal string Self => context.Self.Length > 0 ? context.Self : context.Settings.NodeId;

    /// <summary>All but this node.</summary>
    internal IEnumerable<string> Others => Members.Where(member => member != Self);

    /// <summary>How many make a majority.</summary>
    internal int Majority => (Members.Length / 2) + 1;

    /// <summary>The first message to a dialled node.</summary>
    /// <param name="link">Its link.</param>
    internal LogStateRequest Question(Link link) =>
        new(context.Record.PromisedEpoch, context.Record.StoreId, Self, link.Peer, Members);

    /// <summary>How this node's store and list stand to another node's.</summary>
    /// <param name="storeId">The other's store.</param>
    /// <param name="members">The other's list.</param>
    /// <param name="self">Who the other believes this node to be.</param>
    internal ListState Compare(UInt128 storeId, ImmutableArray<string> members, string self)
    {
        var record = context.Record;
        var sameStore = record.StoreId == storeId;
        if (record.HasList)
        {
            var same = sameStore && self == record.Self && record.Members.AsSpan().SequenceEqual(members.AsSpan());
            return !same ? ListState.Other : context.Counts ? ListState.Same : ListState.Behind;
        }

        // Stores that are not empty never join. An empty one joins whoever asks first, unless it is configured otherwise.
        var configured = context.Settings.Members;
        var isFree = context.Log.Last.Sequence == 0
            && (configured.IsEmpty || configured.AsSpan().SequenceEqual(members.AsSpan()));
        return sameStore || isFree ? ListState.None : ListState.Other;
    }
}
